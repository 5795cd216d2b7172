/** Reports of restores and drills: files of the home, one each, so that they are there when the database is not. */
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createFileDurably, isErrno } from "../base/files.ts";
import { compactTime } from "./layout.ts";

type Kind = "restores" | "drills" | "verifications";

interface Report {
  at: string;
  [field: string]: unknown;
}

/** recovery/drills/20261122T060000Z.json */
export async function keepReport(recovery: string, kind: Kind, report: { at: string }): Promise<void> {
  const folder = join(recovery, kind);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const name = compactTime(new Date(report.at));
  const content = `${JSON.stringify(report, null, 2)}\n`;
  for (let number = 1; ; number++) {
    const path = join(folder, `${name}${number === 1 ? "" : `-${number}`}.json`);
    if (await createFileDurably(path, content)) return;
  }
}

/** Oldest first; a file that cannot be understood (torn by a crash of the machine) is passed over. */
export async function readReports(recovery: string, kind: Kind): Promise<Report[]> {
  return (await readNewestReports(recovery, kind, Number.POSITIVE_INFINITY)).reports;
}

/** The newest `limit` of them, the oldest of these first, and how many there are. */
export async function readNewestReports(
  recovery: string,
  kind: Kind,
  limit: number,
): Promise<{ reports: Report[]; total: number }> {
  const folder = join(recovery, kind);
  // Of two in one second the second has a number behind its name: 20261122T060000Z-2.json
  const names = (await namesIn(folder)).sort(byAge);
  const reports: Report[] = [];
  for (const name of limit < names.length ? names.slice(-limit) : names) {
    const report = parsed(await readFile(join(folder, name), "utf8"));
    if (report) reports.push(report);
  }
  return { reports, total: names.length };
}

const inOrder = new Intl.Collator("en", { numeric: true });

function byAge(one: string, other: string): number {
  return inOrder.compare(one.slice(0, -".json".length), other.slice(0, -".json".length));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(".json"));
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

function parsed(text: string): Report | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("at" in value) || typeof value.at !== "string") return null;
    return { ...value, at: value.at };
  } catch {
    return null;
  }
}
