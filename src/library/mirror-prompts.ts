/** From the database into the files of the mirror. */
import { dirname } from "node:path";
import { type RawBuilder, sql } from "kysely";
import { syncDirectory } from "../base/files.ts";
import type { Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { labelsOfPrompt } from "./find.ts";
import { type MirroredAlias, removeAliasFile, writeAliasFile } from "./mirror-alias.ts";
import {
  type MirroredPrompt,
  type MirroredVersion,
  mirroredVersion,
  mirrorFile,
  readMirrorFile,
  removeArchives,
  removeMirrorFile,
  writeMirrorFile,
} from "./mirror-file.ts";

const AT_ONCE = 8;

/** Brings the files of these prompts to the present state of the database. */
export async function writePrompts(db: Queries, folder: string, ids: readonly Id[]): Promise<void> {
  if (ids.length === 0) return;
  // As of one moment, so that no two of the living have one name; and whoever left a name goes before who took it.
  const rows = await readRows(db, ids);
  for (const row of rows) if (row.trashed_at !== null) await removePrompt(folder, row);
  for (const purged of await readPurgedRows(db, ids)) await removePrompt(folder, purged);
  const living = rows.filter((row) => row.trashed_at === null);
  const [renamed, others] = [living.filter(wasRenamed), living.filter((row) => !wasRenamed(row))];
  for (const row of renamed) {
    await writePrompt(db, folder, row);
    await settleNames(folder, row);
  }
  for (let start = 0; start < others.length; start += AT_ONCE) {
    await Promise.all(others.slice(start, start + AT_ONCE).map((row) => writePrompt(db, folder, row)));
  }
  const names = living.flatMap((row) => [row, ...row.aliases.map((name) => ({ project: row.project, name }))]);
  const folders = new Set(names.map(({ project, name }) => dirname(mirrorFile(folder, project, name))));
  for (const path of folders) await syncDirectory(path);
}

function wasRenamed(row: Row): boolean {
  return row.names.length > 0;
}

type Row = Awaited<ReturnType<typeof readRows>>[number];

async function readRows(db: Queries, ids: readonly Id[]) {
  return db
    .selectFrom("prompts")
    .innerJoin("projects", "projects.id", "prompts.project_id")
    .selectAll("prompts")
    .select([
      "projects.name as project",
      labelsOfPrompt.as("labels"),
      namesOf(sql`ended_at is null`).as("aliases"),
      namesOf(sql`true`).as("names"),
      sql<number[]>`(select coalesce(json_agg(version order by version), '[]') from versions
        where prompt_id = prompts.id and redacted_at is not null)`.as("redacted"),
    ])
    .where(sql<boolean>`prompts.id = any(${ids}::bigint[])`)
    .execute();
}

/** Names that the prompt had before: those under which it answers, or all. */
function namesOf(which: RawBuilder<unknown>) {
  return sql<string[]>`(
    select coalesce(json_agg(distinct aliases.name), '[]') from aliases where prompt_id = prompts.id and ${which})`;
}

/** It may not have been heard before that they were in the trash. */
async function readPurgedRows(db: Queries, ids: readonly Id[]): Promise<Gone[]> {
  return db
    .selectFrom("purged_prompts")
    .innerJoin("projects", "projects.id", "purged_prompts.project_id")
    .select(["prompt_id as id", "projects.name as project", "purged_prompts.name", "former_names as names"])
    .where(sql<boolean>`prompt_id = any(${ids}::bigint[])`)
    .execute();
}

type Gone = Pick<Row, "id" | "project" | "name" | "names">;

async function removePrompt(folder: string, row: Gone): Promise<void> {
  await removeFile(folder, row, row.name);
  for (const name of row.names) {
    await removeFile(folder, row, name);
    await removeAliasFile(mirrorFile(folder, row.project, name), row.id);
  }
}

/** Once the prompt lies under its present name: nothing of it is left under a former one but what leads there. */
async function settleNames(folder: string, row: Row): Promise<void> {
  for (const name of row.names) {
    const path = mirrorFile(folder, row.project, name);
    const answers = row.aliases.includes(name);
    if (answers) await writeAliasFile(path, aliasOf(row, name));
    else await removeAliasFile(path, row.id);
    if (name !== row.name) await removeFile(folder, row, name);
  }
}

function aliasOf({ project, name: prompt, id }: Row, alias: string): MirroredAlias {
  return { format: 1, project, alias, prompt, id };
}

async function removeFile(folder: string, row: Gone, name: string): Promise<void> {
  const path = mirrorFile(folder, row.project, name);
  // Another prompt may have taken the name since: then the file is that one's.
  if ((await readOurs(path))?.id === row.id) await removeMirrorFile(path);
}

async function writePrompt(db: Queries, folder: string, row: Row): Promise<void> {
  const path = mirrorFile(folder, row.project, row.name);
  const before = await readOurs(path);
  const same = before?.id === row.id ? before : null;
  if (same?.revision === row.revision) return;
  const archives = same ? await keptArchives(path, same, row) : [];
  const prompt: MirroredPrompt = {
    format: 1,
    project: row.project,
    name: row.name,
    id: row.id,
    type: row.type,
    description: row.description,
    tags: row.tags,
    newest: row.newest,
    revision: row.revision,
    labels: row.labels,
    aliases: row.aliases,
    redacted: row.redacted,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    archives,
    versions: [],
  };
  if (before && !same) await removeMirrorFile(path);
  await writeMirrorFile(path, prompt, readVersions(db, row.id, archives.at(-1)?.to ?? 0, row.newest));
}

/** An archive is written once, but for a redaction: then all are made anew, and the old ones go before. */
async function keptArchives(path: string, before: MirroredPrompt, row: Row): Promise<MirroredPrompt["archives"]> {
  if (row.redacted.every((version) => before.redacted?.includes(version))) return before.archives;
  await removeArchives(path);
  return [];
}

/** A file that is damaged is written anew. */
async function readOurs(path: string): Promise<MirroredPrompt | null> {
  try {
    return await readMirrorFile(path);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Versions that are read without asking first how large they are: each has 1 MiB at most. */
const FEW = 8;
const PORTION_BYTES = 8 * 1024 * 1024;
const SIZES_AT_ONCE = 500;

/** In portions that memory holds. */
async function* readVersions(db: Queries, id: Id, after: number, upTo: number): AsyncGenerator<MirroredVersion[]> {
  if (upTo - after <= FEW) {
    yield await readPortion(db, id, after, upTo);
    return;
  }
  for (let start = after; start < upTo; ) {
    const end = Math.min(upTo, start + SIZES_AT_ONCE);
    let bytes = 0;
    let read = start;
    for (const { version, size } of await readSizes(db, id, start, end)) {
      if (bytes + size > PORTION_BYTES && version - 1 > read) {
        yield await readPortion(db, id, read, version - 1);
        read = version - 1;
        bytes = 0;
      }
      bytes += size;
    }
    yield await readPortion(db, id, read, end);
    start = end;
  }
}

async function readSizes(db: Queries, id: Id, after: number, upTo: number) {
  return db
    .selectFrom("versions")
    .select([
      "version",
      sql<number>`coalesce(octet_length(text), octet_length(messages::text))
        + octet_length(variables::text) + octet_length(config::text)`.as("size"),
    ])
    .where("prompt_id", "=", id)
    .where("version", ">", after)
    .where("version", "<=", upTo)
    .orderBy("version")
    .execute();
}

async function readPortion(db: Queries, id: Id, after: number, upTo: number) {
  const rows = await db
    .selectFrom("versions")
    .selectAll()
    .where("prompt_id", "=", id)
    .where("version", ">", after)
    .where("version", "<=", upTo)
    .orderBy("version")
    .execute();
  return rows.map(mirroredVersion);
}
