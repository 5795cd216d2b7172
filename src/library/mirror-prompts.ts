/** From the database into the files of the mirror. */
import { sql } from "kysely";
import type { Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import {
  type MirroredPrompt,
  mirroredVersion,
  mirrorFile,
  readMirrorFile,
  removeMirrorFile,
  writeMirrorFile,
} from "./mirror-file.ts";
import type { LabelMap } from "./stored.ts";

const AT_ONCE = 8;

/** Brings the files of these prompts to the present state of the database. */
export async function writePrompts(db: Queries, folder: string, ids: readonly Id[]): Promise<void> {
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    await Promise.all(ids.slice(start, start + AT_ONCE).map((id) => writePrompt(db, folder, id)));
  }
}

async function writePrompt(db: Queries, folder: string, id: Id): Promise<void> {
  const row = await db
    .selectFrom("prompts")
    .innerJoin("projects", "projects.id", "prompts.project_id")
    .selectAll("prompts")
    .select([
      "projects.name as project",
      sql<LabelMap>`(select coalesce(json_object_agg(label, version order by label), '{}')
        from labels where prompt_id = prompts.id)`.as("labels"),
    ])
    .where("prompts.id", "=", id)
    .executeTakeFirst();
  if (!row) return;
  const path = mirrorFile(folder, row.project, row.name);
  const before = await readOurs(path);
  if (row.trashed_at !== null) {
    // Another prompt may have taken the name since: then the file is that one's.
    if (before?.id === id) await removeMirrorFile(path);
    return;
  }
  const same = before?.id === id ? before : null;
  if (same?.revision === row.revision) return;
  const archives = same?.archives ?? [];
  const prompt: MirroredPrompt = {
    format: 1,
    project: row.project,
    name: row.name,
    id,
    type: row.type,
    description: row.description,
    tags: row.tags,
    newest: row.newest,
    revision: row.revision,
    labels: row.labels,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    archives,
    versions: await readVersions(db, id, archives.at(-1)?.to ?? 0, row.newest),
  };
  if (before && !same) await removeMirrorFile(path);
  await writeMirrorFile(path, prompt);
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

async function readVersions(db: Queries, id: Id, after: number, upTo: number) {
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
