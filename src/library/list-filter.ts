/** What lists of prompts have in common: by what they are narrowed and sorted. */
import { type RawBuilder, type SelectQueryBuilder, sql } from "kysely";
import type { ListQuery } from "../contract/routes.ts";
import type { Queries } from "../database/database.ts";
import type { Id, Tables } from "../database/tables.ts";
import type { ProjectRef } from "./find.ts";
import { folderName } from "./folder-name.ts";
import { COUNT_LIMIT, type Page, positionAfter } from "./page.ts";

export type PromptFilter = Pick<ListQuery, "tag" | "label" | "folder" | "type">;
export type ListSort = Exclude<NonNullable<ListQuery["sort"]>, "relevance">;

export const nameBytes = sql<string>`prompts.name collate "C"`;

/** The living prompts of the project that the filter lets through. */
export function filteredPrompts(db: Queries, project: ProjectRef, filter: PromptFilter) {
  let query = db.selectFrom("prompts").where("project_id", "=", project.id).where("trashed_at", "is", null);
  if (filter.type) query = query.where("type", "=", filter.type);
  if (filter.tag) query = query.where(sql<boolean>`tags @> array[${filter.tag.normalize("NFC")}]`);
  if (filter.folder) query = query.where(isBelow(filter.folder));
  if (filter.label && filter.label !== "latest") {
    query = query.where(sql<boolean>`exists (
      select from labels where prompt_id = prompts.id and label = ${filter.label})`);
  }
  return query;
}

/** As a range of bytes, which the index of the names answers: 0 is what comes behind / there. */
export function isBelow(folder: string) {
  const name = folderName(folder);
  return sql<boolean>`(${nameBytes} > ${`${name}/`} and ${nameBytes} < ${`${name}0`})`;
}

export type PromptQuery = SelectQueryBuilder<Tables, "prompts", object>;

/** What comes behind the page before, and in which order; of `prompts`. */
export function sorting(sort: ListSort, page: Page) {
  const [first, second] = positionAfter(page, sort) ?? [];
  const down = sort.startsWith("-");
  const [order, beyond] = down ? [sql`desc`, sql`<`] : [sql`asc`, sql`>`];
  const behind = (place: RawBuilder<unknown>) => (first === undefined ? sql<boolean>`true` : sql<boolean>`${place}`);
  if (sort === "name" || sort === "-name") {
    return { after: behind(sql`${nameBytes} ${beyond} ${first}`), order: sql`${nameBytes} ${order}` };
  }
  return {
    after: behind(sql`(prompts.updated_at, prompts.id) ${beyond} (${first}::timestamptz, ${second}::bigint)`),
    order: sql`prompts.updated_at ${order}, prompts.id ${order}`,
  };
}

/** In the order of an index that has all of the project. */
export function sortedPrompts(query: PromptQuery, sort: ListSort, page: Page): PromptQuery {
  const { after, order } = sorting(sort, page);
  return query.where(after).orderBy(order);
}

export function isNarrowed({ tag, folder, type, label }: PromptFilter): boolean {
  return Boolean(tag || folder || type || (label && label !== "latest"));
}

/** Up to so many are sorted rather than looked for in the order of an index. */
const FEW = 10_000;

interface Few {
  count: number;
  ids: Id[] | null;
}

/**
 * How many the filter lets through, counted up to FEW, and where it is no more the ids of the page, and one more.
 * PostgreSQL takes tags and folders for spread evenly, which they are not: it would go through everything for the last.
 */
export async function readFew(
  db: Queries,
  project: ProjectRef,
  filter: PromptFilter,
  sort: ListSort,
  page: Page,
): Promise<Few> {
  const { label, ...others } = filter;
  if (label && label !== "latest" && (others.tag || others.folder) && (await isSpread(db, label))) {
    const few = await readFewLabelled(db, project, { label, others }, sort, page);
    if (few) return few;
  }
  const { after, order } = sorting(sort, page);
  const found = filteredPrompts(db, project, filter)
    .select(["id", "name", "updated_at"])
    .limit(FEW + 1);
  const { rows } = await sql<{ count: number; ids: Id[] }>`
    with few as materialized (${found})
    select (select count(*)::int from few) as count,
      array(select id from few as prompts where ${after} order by ${order} limit ${page.limit + 1}) as ids`.execute(db);
  const { count, ids } = rows[0] ?? { count: 0, ids: [] };
  return { count, ids: count > FEW ? null : ids };
}

/** Whether looking at whoever has the label would take longer than at whoever fulfils the rest of a filter. */
async function isSpread(db: Queries, label: string): Promise<boolean> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int from (select from labels where label = ${label} limit ${FEW + 1}) labelled`.execute(db);
  return (rows[0]?.count ?? 0) > FEW;
}

/**
 * As `readFew`, with the label asked for last, of as many as are counted or shown: PostgreSQL would read all that have it.
 * Null: too many fulfil the rest.
 */
async function readFewLabelled(
  db: Queries,
  project: ProjectRef,
  { label, others }: { label: string; others: Omit<PromptFilter, "label"> },
  sort: ListSort,
  page: Page,
): Promise<Few | null> {
  const { after, order } = sorting(sort, page);
  const found = filteredPrompts(db, project, others)
    .select(["id", "name", "updated_at"])
    .limit(FEW + 1);
  const isLabelled = sql`exists (select from labels where prompt_id = prompts.id and label = ${label} offset 0)`;
  const { rows } = await sql<{ looked: number; count: number; ids: Id[] }>`
    with few as materialized (${found}),
    counted as (select from few as prompts where ${isLabelled} limit ${COUNT_LIMIT + 1}),
    sorted as (select * from few as prompts where ${after} order by ${order} offset 0)
    select (select count(*)::int from few) as looked, (select count(*)::int from counted) as count,
      array(select id from sorted as prompts where ${isLabelled} order by ${order} limit ${page.limit + 1}) as ids`.execute(
    db,
  );
  const { looked, count, ids } = rows[0] ?? { looked: 0, count: 0, ids: [] };
  return looked > FEW ? null : { count, ids };
}

export function sortPosition(sort: ListSort, row: { id: string; name: string; updated_at: Date }): string[] {
  return sort.endsWith("updated") ? [row.updated_at.toISOString(), row.id] : [row.name];
}
