/**
 * Putting a restored data directory in the place of the old one. Two renames and a file: a journal that is written
 * first says what is meant, so that whoever starts after a crash in between finishes it. The old one is kept.
 */
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { readIfExists, syncDirectory, writeFileDurably } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import { forgetIncarnation, incarnationShape, writeIncarnation } from "./incarnation.ts";

/** Where PostgreSQL's data directory lies, and where the engine keeps its files. */
export interface Ground {
  /** Of the cluster: `data` lies directly below. */
  root: string;
  /** <home>/recovery */
  recovery: string;
}

const journalShape = z.object({
  format: z.literal(1),
  /** in: the restored one takes the place of the old one. back: the old one takes its place again. */
  direction: z.enum(["in", "back"]),
  /** Directories below root, each for one `data`: where the restored one was made, and where the old one goes. */
  fresh: z.string().regex(/^[\w~.-]+$/),
  old: z.string().regex(/^[\w~.-]+$/),
  /** Whether there was a data directory to be replaced. */
  replaces: z.boolean(),
  /** Which life of the database goes on with this direction; null: none was known. */
  incarnation: incarnationShape.nullable(),
});

type Journal = Omit<z.infer<typeof journalShape>, "format">;
export type Swap = Omit<Journal, "replaces">;

/** PostgreSQL must not run. Errors are those of the file system; whatever was begun is finished at the next start. */
export async function carryOutSwap(ground: Ground, swap: Swap): Promise<void> {
  const journal = { format: 1, ...swap, replaces: existsSync(dataOf(ground)) };
  await writeFileDurably(journalOf(ground), `${JSON.stringify(journal, null, 2)}\n`);
  await finishSwap(ground);
}

/** What a crash left half done; nothing when there is nothing. Called before each start of PostgreSQL. */
export async function finishSwap(ground: Ground): Promise<void> {
  const swap = await readJournal(ground);
  if (!swap) return;
  const isIn = await moveInto(dataOf(ground), placesOf(ground, swap), swap.replaces);
  await syncDirectory(ground.root);
  // Last: who has the old data directory must not take it for the new life.
  if (isIn && swap.incarnation) await writeIncarnation(ground.recovery, swap.incarnation);
  else if (isIn) await forgetIncarnation(ground.recovery);
  // Gone already where a job that lost its guardian, and the next guardian, both finish it.
  await rm(journalOf(ground), { force: true });
  await syncDirectory(ground.root);
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
