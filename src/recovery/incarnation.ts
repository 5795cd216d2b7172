/** Which life of the database this home continues: recovery/incarnation.json. A restore begins the next one. */
import { randomBytes, randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { createFileDurably, readIfExists, writeFileDurably } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import { FORMAT, type Origin } from "./layout.ts";

/** Also the shape of `from` in claims. */
export const originShape = z.object({
  incarnation: z.string(),
  timeline: z.number().int().positive(),
  lsn: z.string(),
});

export const incarnationShape = z.object({
  library: z.string().min(1),
  incarnation: z.string().regex(/^[0-9a-f]{8}$/),
  systemId: z.string().regex(/^\d+$/),
  from: originShape.nullable(),
  replaces: z.array(z.string()).default([]),
});
const fileShape = incarnationShape.extend({ format: z.literal(FORMAT) });

export interface Incarnation {
  library: string;
  /** Eight hexadecimal digits. */
  incarnation: string;
  systemId: string;
  from: Origin | null;
  /** The incarnations that the restore knew of and took over from; each may still hold a newest claim somewhere. */
  replaces: string[];
}

/** null: this home has received nothing yet. Throws `replication_failed` for a file that is not ours. */
export async function readIncarnation(directory: string): Promise<Incarnation | null> {
  const path = fileIn(directory);
  const text = await readIfExists(path);
  if (text === null) return null;
  const parsed = fileShape.safeParse(jsonOf(text));
  if (parsed.success) {
    const { format: _, ...incarnation } = parsed.data;
    return incarnation;
  }
  throw new PromptlibError("replication_failed", {
    message: `${path} cannot be understood, so nobody knows whose WAL this is.`,
    hint: "Put the file back as it was, or begin a new life with: promptlib restore latest.",
  });
}

/**
 * The incarnation of the database with this system identifier, the first one where there is none yet. Throws
 * `replication_failed` where another database is recorded: its WAL must not be mixed with what is stored.
 */
export async function ensureIncarnation(directory: string, systemId: string): Promise<Incarnation> {
  const known = await readIncarnation(directory);
  if (known) {
    refuseOther(known, systemId);
    return known;
  }
  const first = { library: randomUUID(), incarnation: newName(), systemId, from: null, replaces: [] };
  // Receiver and backup may both be the first.
  if (await createFileDurably(fileIn(directory), content(first))) return first;
  return await ensureIncarnation(directory, systemId);
}

function refuseOther(known: Incarnation, systemId: string): void {
  if (known.systemId === systemId) return;
  throw new PromptlibError("replication_failed", {
    message: `This PostgreSQL is another database (system identifier ${systemId}) than the one whose WAL was received so far (${known.systemId}).`,
    hint: "Was a data directory put in its place by hand? Put the old one back, or restore with: promptlib restore latest.",
  });
}

/**
 * For a restore: the WAL of the restored cluster belongs to a new incarnation of the same library, which is to be
 * written when the cluster is put in its place. `known`: this home's so far; one of another library is refused with
 * `replication_failed`. `library` and `systemId` are those of the backup. `replaces`: every incarnation of which the
 * restore saw a claim; from these it takes over.
 */
export function nextIncarnation(
  known: Incarnation | null,
  from: Origin,
  { library, systemId, replaces }: { library: string; systemId: string; replaces: readonly string[] },
): Incarnation {
  if (known && known.library !== library) {
    throw new PromptlibError("replication_failed", {
      message: "This home belongs to another library than the backup.",
      hint: "Restore into an empty home (PROMPTLIB_HOME).",
    });
  }
  const replaced = new Set([...replaces, from.incarnation, ...(known ? [known.incarnation] : [])]);
  return { library, incarnation: newName(), systemId, from, replaces: [...replaced].sort() };
}

/** The same, but null also for a file that is not ours: a restore is what puts an end to it. */
export async function readableIncarnation(directory: string): Promise<Incarnation | null> {
  try {
    return await readIncarnation(directory);
  } catch (error) {
    if (error instanceof PromptlibError) return null;
    throw error;
  }
}

/** Nothing is known any more of the life that this home continues. */
export async function forgetIncarnation(directory: string): Promise<void> {
  await rm(fileIn(directory), { force: true });
}

/** In place of the one before. The receiver must not run meanwhile. */
export async function writeIncarnation(directory: string, incarnation: Incarnation): Promise<void> {
  await writeFileDurably(fileIn(directory), content(incarnation));
}

function content(incarnation: Incarnation): string {
  return `${JSON.stringify({ format: FORMAT, ...incarnation }, null, 2)}\n`;
}

function fileIn(directory: string): string {
  return join(directory, "incarnation.json");
}

function newName(): string {
  return randomBytes(4).toString("hex");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
