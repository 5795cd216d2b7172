/**
 * The folder of nightly exports: one folder for each night, named for when it began, which has that name only once it is
 * whole and was read back; and last-try.json, what became of the last try.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { now } from "./clock.ts";
import type { Config } from "./config.ts";
import { isErrno, readIfExists, writeFileDurably } from "./files.ts";

export interface ExportTry {
  /** ISO 8601, UTC. */
  at: string;
  /** Why it was not made; null: it was. */
  problem: string | null;
}

export interface KnownExports {
  /** Names of the folders, oldest first. */
  whole: string[];
  last: ExportTry | null;
}

const NAME = /^(\d{4}-\d{2}-\d{2})T(\d{2})(\d{2})(\d{2})Z$/;
/** Two nights that were missed. */
const OLD_MS = 50 * 3_600_000;

/** 2027-01-31T023000Z: sorts as it passes, and no file system minds it. */
export function exportName(at: Date): string {
  return `${at.toISOString().slice(0, 19).replaceAll(":", "")}Z`;
}

/** When the export of this name began; null: the name is none. */
export function exportedAt(name: string): Date | null {
  const [, day, hours, minutes, seconds] = NAME.exec(name) ?? [];
  return day === undefined ? null : new Date(`${day}T${hours}:${minutes}:${seconds}Z`);
}

export async function readExports(folder: string): Promise<KnownExports> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  });
  const whole = names.filter((name) => exportedAt(name) !== null).sort();
  return { whole, last: parseTry(await readIfExists(join(folder, "last-try.json"))) };
}

function parseTry(text: string | null): ExportTry | null {
  try {
    const { at, problem } = JSON.parse(text ?? "{}") as Partial<ExportTry>;
    return typeof at === "string" && !Number.isNaN(Date.parse(at)) ? { at, problem: problem ?? null } : null;
  } catch {
    return null;
  }
}

export async function noteTry(folder: string, { at, problem }: ExportTry): Promise<void> {
  await writeFileDurably(join(folder, "last-try.json"), `${JSON.stringify({ at, problem })}\n`);
}

export interface ExportProblem {
  /** In a sentence, for everybody. */
  told: string;
  /** With what was thrown, which may name paths, prompts or tables: for operators. */
  whole: string;
}

/** What is wrong; null: nothing, or nothing was to be made yet, or ever. */
export async function exportProblemOf({ exports }: Pick<Config, "exports">): Promise<ExportProblem | null> {
  if (!exports.at) return null;
  try {
    return exportProblem(await readExports(exports.dir), now());
  } catch (error) {
    const what = "The folder of nightly exports cannot be read";
    const why = error instanceof Error ? error.message : error;
    return { told: `${what}; the log says why.`, whole: `${what}: ${why}.` };
  }
}

/** By their names. */
export function madeBefore(whole: readonly string[], now: Date): string[] {
  return whole.filter((name) => (exportedAt(name)?.getTime() ?? 0) <= now.getTime());
}

function exportProblem({ whole, last }: KnownExports, now: Date): ExportProblem | null {
  const newest = madeBefore(whole, now).at(-1);
  const at = newest === undefined ? null : exportedAt(newest);
  const lastGood = newest === undefined ? "There is none yet." : `The last good one is ${newest}.`;
  if (last?.problem) {
    const what = "The nightly export was not made";
    return {
      told: `${what}; last-try.json beside the exports says why. ${lastGood}`,
      whole: `${what}: ${last.problem} ${lastGood}`,
    };
  }
  if (!at || now.getTime() - at.getTime() <= OLD_MS) return null;
  const told = `No nightly export was made for two days. ${lastGood}`;
  return { told, whole: told };
}
