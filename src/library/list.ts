/** The list of prompts, their versions and the trash. */
import { sql } from "kysely";
import type { ListQuery } from "../contract/routes.ts";
import type { List, PatchPrompt, PromptSummary, TrashedPrompt, VersionSummary } from "../contract/shapes.ts";
import type { Database, Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { transact } from "../database/transaction.ts";
import type { Actor } from "./actor.ts";
import { changePrompt, recordPromptDeed } from "./change.ts";
import { findPrompt, labelsOfPrompt, lockPrompt, type ProjectRef, promptNotFound } from "./find.ts";
import {
  filteredPrompts,
  isNarrowed,
  type PromptFilter,
  type PromptQuery,
  readFew,
  sortedPrompts,
  sortPosition,
} from "./list-filter.ts";
import { cutPage, type Page, type PageQuery, pageOf, positionAfter, readPage } from "./page.ts";
import { labelsOn, presentSummary, versionSummary } from "./stored.ts";

export async function listPrompts(
  db: Queries,
  project: ProjectRef,
  { sort: asked = "name", ...filter }: PromptFilter & PageQuery & { sort?: ListQuery["sort"] },
): Promise<List<PromptSummary>> {
  const sort = asked === "relevance" ? "name" : asked;
  const page = readPage(filter);
  const position = (row: ListedRow) => sortPosition(sort, row);
  const present = (row: ListedRow) => presentSummary(project.name, row, row.labels);
  const all = filteredPrompts(db, project, filter);
  if (!isNarrowed(filter)) {
    const rows = await listedRows(sortedPrompts(all, sort, page).limit(page.limit + 1));
    return pageOf(rows, page, { list: sort, count: () => all, position, present });
  }
  const { count, ids } = await readFew(db, project, filter, sort, page);
  const rows =
    ids === null
      ? await listedRows(sortedPrompts(all, sort, page).limit(page.limit + 1))
      : inOrderOf(ids, await listedRows(all.where(sql<boolean>`prompts.id = any(${ids}::bigint[])`)));
  return cutPage(rows, page, { list: sort, total: count, position, present });
}

function listedRows(query: PromptQuery) {
  return query.selectAll("prompts").select(labelsOfPrompt.as("labels")).execute();
}

type ListedRow = Awaited<ReturnType<typeof listedRows>>[number];

function inOrderOf<Row extends { id: Id }>(ids: readonly Id[], rows: readonly Row[]): Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** Errors: `prompt_not_found`. */
export async function listVersions(
  db: Queries,
  project: ProjectRef,
  name: string,
  page: Page,
): Promise<List<VersionSummary>> {
  const found = await findPrompt(db, project, name);
  if (!found) throw promptNotFound(name);
  const { prompt, labels } = found;
  const versions = () => db.selectFrom("versions").where("prompt_id", "=", prompt.id);
  let query = versions()
    .select(["version", "author", "message", "created_at", "content_hash", "redacted_at", "redacted_by"])
    .orderBy("version", "desc")
    .limit(page.limit + 1);
  const [before] = positionAfter(page, "versions") ?? [];
  if (before !== undefined) query = query.where("version", "<", Number(before));
  return pageOf(await query.execute(), page, {
    list: "versions",
    count: versions,
    position: (row) => [String(row.version)],
    present: (row) => ({
      ...versionSummary(row),
      labels: labelsOn(row.version, labels, prompt.newest),
      redactedAt: row.redacted_at?.toISOString() ?? null,
      redactedBy: row.redacted_by,
    }),
  });
}

/** Changes description or tags; errors: `prompt_not_found`. */
export async function patchPrompt(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  name: string,
  patch: PatchPrompt,
): Promise<PromptSummary> {
  return transact(database, async (transaction) => {
    const prompt = await lockPrompt(transaction, project, name);
    const values = {
      ...(patch.description === undefined ? {} : { description: patch.description }),
      ...(patch.tags === undefined ? {} : { tags: [...new Set(patch.tags.map((tag) => tag.normalize("NFC")))].sort() }),
    };
    await changePrompt(transaction, prompt.id, values);
    recordPromptDeed(transaction, project, actor, { action: "prompt.change", subject: name, details: values });
    return summaryOf(transaction, project, name);
  });
}

export async function summaryOf(db: Queries, project: ProjectRef, name: string): Promise<PromptSummary> {
  const found = await findPrompt(db, project, name);
  if (!found) throw promptNotFound(name);
  return presentSummary(project.name, found.prompt, found.labels);
}

/** To the microsecond, as it is compared. */
const trashedAtExactly = sql<string>`to_char(trashed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

export async function listTrash(db: Queries, project: ProjectRef, page: Page): Promise<List<TrashedPrompt>> {
  const trashed = () =>
    db.selectFrom("prompts").where("project_id", "=", project.id).where("trashed_at", "is not", null);
  let query = trashed()
    .selectAll()
    .select(trashedAtExactly.as("trashed_at_exactly"))
    .orderBy("trashed_at", "desc")
    .orderBy("id", "desc")
    .limit(page.limit + 1);
  // The time, not only who was last: that one may be out of the trash by now.
  const [at, id] = positionAfter(page, "trash") ?? [];
  if (at !== undefined) query = query.where(sql<boolean>`(trashed_at, id) < (${at}::timestamptz, ${id}::bigint)`);
  return pageOf(await query.execute(), page, {
    list: "trash",
    count: trashed,
    position: (row) => [row.trashed_at_exactly, row.id],
    present: (row) => presentTrashed(project, row),
  });
}

export function presentTrashed(
  project: ProjectRef,
  row: {
    id: string;
    name: string;
    type: "text" | "chat";
    description: string;
    tags: string[];
    newest: number;
    trashed_at: Date | null;
    trashed_by: string | null;
  },
): TrashedPrompt {
  if (!row.trashed_at || !row.trashed_by) throw new Error(`prompt ${row.id} is not in the trash`);
  const { id, name, type, description, tags, newest } = row;
  return {
    id,
    project: project.name,
    name,
    type,
    description,
    tags,
    newest,
    trashedAt: row.trashed_at.toISOString(),
    trashedBy: row.trashed_by,
  };
}
