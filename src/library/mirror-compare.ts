/**
 * Comparing the whole mirror with the database: after a restore, or after long absence. What the mirror knows and the
 * database does not is never overwritten: it is moved aside, to be offered for bringing back.
 */
import { rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { sql } from "kysely";
import type { Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { readPurged } from "./changed-prompts.ts";
import { aliasFile, isAliasFile, readAlias } from "./mirror-alias.ts";
import {
  filesBelow,
  type MirroredPrompt,
  mirroredVersions,
  mirrorFile,
  mirrorFiles,
  moveMirrorFile,
  readMirrorFile,
  removeMirrorFile,
} from "./mirror-file.ts";
import { writePrompts } from "./mirror-prompts.ts";
import { hashText } from "./stored.ts";

const PAGE = 500;

/** Answers how many prompts were moved to `beyond`/<time>/. */
export async function compareAll(db: Queries, folder: string, beyond: string, now: Date): Promise<{ moved: number }> {
  const aside = join(beyond, now.toISOString().replaceAll(":", ""));
  let moved = 0;
  for await (const path of mirrorFiles(folder)) {
    if (await settle(db, folder, aside, path)) moved += 1;
  }
  for await (const path of filesBelow(folder, isAliasFile)) {
    // What an alias knows stands in the file of its prompt, too: so nothing is lost with it.
    if (!(await leadsRight(db, folder, path))) await rm(path, { force: true });
  }
  for (let after: Id = "0"; ; ) {
    const rows = await db
      .selectFrom("prompts")
      .select("id")
      .where("id", ">", after)
      .where("trashed_at", "is", null)
      .orderBy("id")
      .limit(PAGE)
      .execute();
    await writePrompts(
      db,
      folder,
      rows.map(({ id }) => id),
    );
    const last = rows.at(-1);
    if (!last) return { moved };
    after = last.id;
  }
}

async function leadsRight(db: Queries, folder: string, path: string): Promise<boolean> {
  const file = await readAlias(path);
  if (!file || aliasFile(mirrorFile(folder, file.project, file.alias)) !== path) return false;
  const row = await db
    .selectFrom("aliases")
    .innerJoin("prompts", "prompts.id", "aliases.prompt_id")
    .innerJoin("projects", "projects.id", "aliases.project_id")
    .select("prompts.name")
    .where("prompts.id", "=", file.id)
    .where("projects.name", "=", file.project)
    .where(sql<boolean>`aliases.name collate "C" = ${file.alias}`)
    .where("ended_at", "is", null)
    .where("trashed_at", "is", null)
    .executeTakeFirst();
  return row?.name === file.prompt;
}

/** Leaves, removes or moves aside one file; answers whether it was moved. */
async function settle(db: Queries, folder: string, aside: string, path: string): Promise<boolean> {
  const file = await readOrNull(path);
  const known = file ? await readKnown(db, file.id) : undefined;
  if (file && known && !(await isBeyond(db, path, file, known))) {
    const inPlace = !known.trashed && mirrorFile(folder, known.project, known.name) === path;
    // At another place or in the trash the database has all of it; in its place it is brought up to date after this.
    if (!inPlace) await removeMirrorFile(path);
    return false;
  }
  if (file && !known && (await wasPurged(db, file))) {
    await removeMirrorFile(path);
    return false;
  }
  await moveMirrorFile(path, join(aside, relative(folder, path)));
  return true;
}

async function readOrNull(path: string): Promise<MirroredPrompt | null> {
  try {
    return await readMirrorFile(path);
  } catch (error) {
    if (error instanceof SyntaxError) return null; // damaged: kept aside, not thrown away
    throw error;
  }
}

interface Known {
  project: string;
  name: string;
  newest: number;
  revision: string;
  updated_at: Date;
  trashed: boolean;
}

async function readKnown(db: Queries, id: Id): Promise<Known | undefined> {
  return db
    .selectFrom("prompts")
    .innerJoin("projects", "projects.id", "prompts.project_id")
    .select([
      "projects.name as project",
      "prompts.name",
      "prompts.newest",
      "prompts.revision",
      "prompts.updated_at",
      sql<boolean>`prompts.trashed_at is not null`.as("trashed"),
    ])
    .where("prompts.id", "=", id)
    .executeTakeFirst();
}

/** Another prompt may have had this id, before a restore. */
async function wasPurged(db: Queries, file: MirroredPrompt): Promise<boolean> {
  const [purged] = await readPurged(db, [file.id]);
  if (!purged) return false;
  const isIt = [purged.name, ...purged.formerNames].includes(file.name);
  return isIt && purged.createdAt.toISOString() === file.createdAt && BigInt(file.revision) < BigInt(purged.revision);
}

/** Whether the file holds something that the database does not. */
async function isBeyond(db: Queries, path: string, file: MirroredPrompt, known: Known): Promise<boolean> {
  if (BigInt(file.revision) > BigInt(known.revision) || file.newest > known.newest) return true;
  if (file.project !== known.project) return true;
  if (file.name !== known.name && !(await wasCalled(db, file))) return true;
  // As many changes, but others: labels or tags went another way.
  if (file.revision === known.revision && file.updatedAt !== known.updated_at.toISOString()) return true;
  if (!(await hasAllVersions(db, path, file))) return true;
  // Fewer changes: were they these, or did the database come to as many by another way?
  return file.revision !== known.revision && !(await wasOnce(db, file));
}

/** Whether the database knows that the prompt had the name of the file before. */
async function wasCalled(db: Queries, file: MirroredPrompt): Promise<boolean> {
  const row = await db
    .selectFrom("aliases")
    .select("id")
    .where("prompt_id", "=", file.id)
    .where(sql<boolean>`name collate "C" = ${file.name}`)
    .executeTakeFirst();
  return row !== undefined;
}

async function hasAllVersions(db: Queries, path: string, file: MirroredPrompt): Promise<boolean> {
  const rows = await db
    .selectFrom("versions")
    .select(["version", "content_hash"])
    .where("prompt_id", "=", file.id)
    .where("version", "<=", file.newest)
    .execute();
  const hashes = new Map(rows.map((row) => [row.version, hashText(row.content_hash)]));
  try {
    for await (const { version, contentHash } of mirroredVersions(path, file)) {
      if (hashes.get(version) !== contentHash) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false; // a damaged archive: kept aside, not thrown away
    throw error;
  }
}

/** Whether the database passed through the state that the file shows. */
async function wasOnce(db: Queries, file: MirroredPrompt): Promise<boolean> {
  const { rows } = await sql<{ kept: boolean | null; found: boolean }>`
    select (select min(at) from changes) <= ${file.updatedAt}::timestamptz as kept,
           exists (select from changes where kind = 'prompt' and subject = ${file.id}
             and revision = ${file.revision}::bigint and at::timestamptz(3) = ${file.updatedAt}::timestamptz
             -- by the index on time: without it each file of the mirror costs a look over a week's changes
             and at between ${file.updatedAt}::timestamptz - interval '1 ms'
               and ${file.updatedAt}::timestamptz + interval '1 ms') as found`.execute(db);
  const [row] = rows;
  // From a time whose changes are not kept any more, labels are what is still known.
  return row?.kept ? row.found : hasLabelMoves(db, file);
}

/** Whether each label has once been where the file shows it. */
async function hasLabelMoves(db: Queries, file: MirroredPrompt): Promise<boolean> {
  const moves = await db
    .selectFrom("label_moves")
    .select(["label", "to_version"])
    .where("prompt_id", "=", file.id)
    .execute();
  return Object.entries(file.labels).every(([label, version]) =>
    moves.some((move) => move.label === label && move.to_version === version),
  );
}
