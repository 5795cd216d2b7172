/**
 * Putting a restored data directory in the place of the old one. Two renames and a file: a journal that is written
 * first says what is meant, so that whoever starts after a crash in between finishes it. It stays until PostgreSQL has
 * answered on the restored one: where it does not come up, the restore or, if it was killed, the guardian takes the swap
 * back. The old one is kept.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { now } from "../base/clock.ts";
import { isErrno, readIfExists, syncDirectory, writeFileDurably } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import { forgetIncarnation, incarnationShape, writeIncarnation } from "./incarnation.ts";
import { compactTime } from "./layout.ts";

/** Where PostgreSQL's data directory lies, and where the engine keeps its files. */
export interface Ground {
  /** Of the cluster: `data` lies directly below. */
  root: string;
  /** <home>/recovery */
  recovery: string;
}

const directory = z.string().regex(/^[\w~.-]+$/);
const journalShape = z.object({
  format: z.literal(1),
  /** in: the restored one takes the place of the old one. back: the old one takes its place again. */
  direction: z.enum(["in", "back"]),
  /** The restored one is in place, and PostgreSQL has not answered on it yet. */
  unconfirmed: z.boolean(),
  /** Directories below root, each for one `data`: where the restored one was made, and where the old one goes. */
  fresh: directory,
  old: directory,
  /** Whether there was a data directory to be replaced. */
  replaces: z.boolean(),
  /** Which life of the database begins with the restored one, and which the old one is of; null: none is known. */
  incarnation: incarnationShape.nullable(),
  before: incarnationShape.nullable(),
  /** Of the restored pg_control as it was put in place: PostgreSQL writes it when it comes up. */
  control: z.string().nullable(),
  /** What the restore would have said afterwards, for when it cannot any more. */
  report: z.unknown(),
});

type Journal = z.infer<typeof journalShape>;
export type Swap = Pick<Journal, "fresh" | "old" | "incarnation" | "before" | "report">;

/** PostgreSQL must not run. Errors are those of the file system; whatever was begun is finished at the next start. */
export async function carryOutSwap(ground: Ground, swap: Swap): Promise<void> {
  const replaces = existsSync(dataOf(ground));
  await writeJournal(ground, { format: 1, direction: "in", unconfirmed: false, ...swap, replaces, control: null });
  await finishSwap(ground);
}

/** The moves that a crash left half done; nothing when there are none. */
export async function finishSwap(ground: Ground): Promise<void> {
  const journal = await readJournal(ground);
  if (journal && !journal.unconfirmed) await moveAll(ground, journal);
}

/** Before each start of PostgreSQL: what a crash left half done, and whether a swap may still be taken back. */
export async function prepareStart(ground: Ground): Promise<void> {
  await finishSwap(ground);
  const journal = await readJournal(ground);
  // It came up before, and nobody was left to say so: what was written since must not be taken back.
  if (journal?.unconfirmed && journal.replaces && (await lived(ground, journal))) {
    await writeJournal(ground, { ...journal, replaces: false });
  }
}

/** PostgreSQL answers on what was put in place. Answers the report that is still to be made; null: no swap waited. */
export async function confirmSwap(ground: Ground): Promise<{ report: unknown } | null> {
  const journal = await readJournal(ground);
  if (!journal?.unconfirmed) return null;
  await removeJournal(ground);
  return { report: journal.report };
}

/** Whether a swap is not over yet: which life of the database goes on is only sure when PostgreSQL has answered. */
export async function isSwapping(ground: Ground): Promise<boolean> {
  return (await readJournal(ground)) !== null;
}

/**
 * The old one takes its place again: a swap met an error, or PostgreSQL does not come up. PostgreSQL must not run.
 * Answers where the restored one lies now: somebody may have written to one that answered, so it is kept. null where
 * there is nothing to take back, or no old one.
 */
export async function revertSwap(ground: Ground): Promise<string | null> {
  const journal = await readJournal(ground);
  if (!journal?.replaces) return null;
  const isKept = journal.unconfirmed && (await lived(ground, journal));
  const fresh = isKept ? `reverted-${compactTime(now())}` : journal.fresh;
  const replaces = existsSync(dataOf(ground));
  await writeJournal(ground, { ...journal, direction: "back", unconfirmed: false, fresh, replaces });
  await finishSwap(ground);
  return join(ground.root, fresh);
}

/** Whether PostgreSQL came up on what was put in place. */
async function lived(ground: Ground, { control }: Journal): Promise<boolean> {
  return (await controlOf(ground)) !== control;
}

async function moveAll(ground: Ground, journal: Journal): Promise<void> {
  const { direction, replaces } = journal;
  const moved = await moveInto(dataOf(ground), placesOf(ground, journal), replaces);
  // On the way back whatever is there without more to come is the old one.
  const isThere = moved || (direction === "back" && existsSync(dataOf(ground)));
  await syncDirectory(ground.root);
  // Last: who has the old data directory must not take it for the new life.
  const incarnation = direction === "in" ? journal.incarnation : journal.before;
  if (isThere && incarnation) await writeIncarnation(ground.recovery, incarnation);
  else if (isThere) await forgetIncarnation(ground.recovery);
  if (isThere && direction === "in") {
    await writeJournal(ground, { ...journal, unconfirmed: true, control: await controlOf(ground) });
  } else await removeJournal(ground);
}

/** Answers whether what was to come is there; else what was there before is there still, or again. */
async function moveInto(data: string, { comes, goes }: Places, replaces: boolean): Promise<boolean> {
  if (existsSync(comes)) {
    if (existsSync(data)) await move(data, goes);
    await move(comes, data);
    return true;
  }
  // Done before; or whoever began it met an error and removed what was to come.
  if (!replaces) return existsSync(data);
  if (!existsSync(data) && existsSync(goes)) {
    await move(goes, data);
    return false;
  }
  return existsSync(goes);
}

interface Places {
  comes: string;
  goes: string;
}

function placesOf({ root }: Ground, { direction, fresh, old }: Journal): Places {
  const [comes, goes] = direction === "in" ? [fresh, old] : [old, fresh];
  return { comes: join(root, comes, "data"), goes: join(root, goes, "data") };
}

function dataOf({ root }: Ground): string {
  return join(root, "data");
}

/** null: it cannot be read, as on a data directory that is no good. */
async function controlOf(ground: Ground): Promise<string | null> {
  try {
    return createHash("sha256")
      .update(await readFile(join(dataOf(ground), "global", "pg_control")))
      .digest("hex");
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "EIO")) return null;
    throw error;
  }
}

async function writeJournal(ground: Ground, journal: Journal): Promise<void> {
  await writeFileDurably(journalOf(ground), `${JSON.stringify(journal, null, 2)}\n`);
}

async function removeJournal(ground: Ground): Promise<void> {
  // Gone already where a job that lost its guardian, and the next guardian, both finish it.
  await rm(journalOf(ground), { force: true });
  await syncDirectory(ground.root);
}

async function readJournal(ground: Ground): Promise<Journal | null> {
  const text = await readIfExists(journalOf(ground));
  if (text === null) return null;
  const parsed = journalShape.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new PromptlibError("restore_failed", {
    message: `${journalOf(ground)} says that a restore was being put in place, and cannot be understood.`,
    hint: "Look at the directories beside it: data must be the one that is to run. Then remove the file.",
  });
}

function journalOf({ root }: Ground): string {
  return join(root, "swap.json");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Passable for PostgreSQL's account, as the directory above is. */
async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o711 });
  await rename(from, to);
  await syncDirectory(dirname(to));
}
