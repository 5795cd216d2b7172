/** What lists of prompts have in common: by what they are narrowed and sorted. */
import { type SelectQueryBuilder, sql } from "kysely";
import type { ListQuery } from "../contract/routes.ts";
import type { Queries } from "../database/database.ts";
import type { Tables } from "../database/tables.ts";
import type { ProjectRef } from "./find.ts";
import { type Page, positionAfter } from "./page.ts";

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

export function folderName(folder: string): string {
  return folder.normalize("NFC").replace(/\/+$/, "");
}

/** As a range of bytes, which the index of the names answers: 0 is what comes behind / there. */
export function isBelow(folder: string) {
  const name = folderName(folder);
  return sql<boolean>`(${nameBytes} > ${`${name}/`} and ${nameBytes} < ${`${name}0`})`;
}

type PromptQuery = SelectQueryBuilder<Tables, "prompts", object>;

/** Up to so many are sorted rather than looked for in the order of an index that has all of the project. */
const FEW = 10_000;

/** Whether few prompts have the tag: PostgreSQL takes them for spread evenly, which tags are not. */
export async function areFew(db: Queries, project: ProjectRef, { tag }: PromptFilter): Promise<boolean> {
  if (tag === undefined) return false;
  const found = filteredPrompts(db, project, { tag })
    .select("id")
    .limit(FEW + 1);
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from (${found}) found`.execute(db);
  return (rows[0]?.count ?? 0) <= FEW;
}

/** `few`: sorted by what no index is in the order of. */
export function sortedPrompts(query: PromptQuery, sort: ListSort, page: Page, few = false): PromptQuery {
  const [first, second] = positionAfter(page, sort) ?? [];
  switch (sort) {
    case "name":
    case "-name": {
      const down = sort === "-name";
      const after = first === undefined ? query : query.where(nameBytes, down ? "<" : ">", first);
      return after.orderBy(few ? sql`${nameBytes} || ''` : nameBytes, down ? "desc" : "asc");
    }
    case "updated":
    case "-updated": {
      const direction = sort === "-updated" ? "desc" : "asc";
      const after =
        first === undefined
          ? query
          : query.where(
              sql<boolean>`(updated_at, id) ${sql.raw(direction === "desc" ? "<" : ">")} (${first}::timestamptz, ${second}::bigint)`,
            );
      const updated = few ? sql`updated_at + interval '0'` : sql.ref("updated_at");
      return after.orderBy(updated, direction).orderBy("id", direction);
    }
  }
}

export function sortPosition(sort: ListSort, row: { id: string; name: string; updated_at: Date }): string[] {
  return sort.endsWith("updated") ? [row.updated_at.toISOString(), row.id] : [row.name];
}
