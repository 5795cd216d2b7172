/** Folders, tags and labels of a project, with how many prompts each has. */
import { type RawBuilder, sql } from "kysely";
import type { FolderCount, LabelCount, TagCount } from "../contract/search.ts";
import type { List } from "../contract/shapes.ts";
import type { Queries } from "../database/database.ts";
import type { ProjectRef } from "./find.ts";
import { folderName } from "./folder-name.ts";
import { filteredPrompts } from "./list-filter.ts";
import { cutPage, type PageQuery, positionAfter, readPage } from "./page.ts";

export type FolderQuery = PageQuery & { folder?: string | undefined };

/** The folders directly in a folder, by name; those at the top where none is given. */
export async function countFolders(db: Queries, project: ProjectRef, query: FolderQuery): Promise<List<FolderCount>> {
  const page = readPage(query);
  const [after] = positionAfter(page, "folders") ?? [];
  const prefix = prefixOf(query.folder);
  const names = filteredPrompts(db, project, prefix === "" ? {} : { folder: prefix }).select(
    sql<string>`substr(name, ${prefix.length === 0 ? 1 : [...prefix].length + 1}::int)`.as("rest"),
  );
  const { rows } = await sql<{ child: string; prompts: number; folders: number; total: number }>`
    with children as (
      select split_part(rest, '/', 1) collate "C" as child, count(*)::int as prompts,
        count(distinct split_part(rest, '/', 2)) filter (where split_part(rest, '/', 3) <> '')::int as folders
      from (${names}) below where position('/' in rest) > 0 group by 1)
    select child, prompts, folders, (select count(*)::int from children) as total
    from children where child > ${after ?? ""} order by child limit ${page.limit + 1}`.execute(db);
  return cutPage(rows, page, {
    list: "folders",
    total: rows[0]?.total ?? 0,
    position: ({ child }) => [child],
    present: ({ child, prompts, folders }) => ({ folder: `${prefix}${child}`, prompts, folders }),
  });
}

/** What the names in a folder begin with. */
export function prefixOf(folder: string | undefined): string {
  const name = folderName(folder ?? "");
  return name === "" ? "" : `${name}/`;
}

/** A name, with how many prompts have it. */
type Counted = { name: string; prompts: number };

export async function countTags(db: Queries, project: ProjectRef, query: PageQuery): Promise<List<TagCount>> {
  const tags = filteredPrompts(db, project, {}).select(sql<string>`unnest(tags) collate "C"`.as("name"));
  return await countNames(db, sql`${tags}`, query, "tags", ({ name, prompts }) => ({ tag: name, prompts }));
}

/** All but `latest`. */
export async function countLabels(db: Queries, project: ProjectRef, query: PageQuery): Promise<List<LabelCount>> {
  const labels = filteredPrompts(db, project, {})
    .innerJoin("labels", "labels.prompt_id", "prompts.id")
    .select(sql<string>`label collate "C"`.as("name"));
  return await countNames(db, sql`${labels}`, query, "labels", ({ name, prompts }) => ({ label: name, prompts }));
}

async function countNames<Item>(
  db: Queries,
  each: RawBuilder<unknown>,
  query: PageQuery,
  list: "tags" | "labels",
  present: (counted: Counted) => Item,
): Promise<List<Item>> {
  const page = readPage(query);
  const [after] = positionAfter(page, list) ?? [];
  const { rows } = await sql<Counted & { total: number }>`
    with counted as (select name, count(*)::int as prompts from (${each}) each group by 1)
    select name, prompts, (select count(*)::int from counted) as total
    from counted where name > ${after ?? ""} order by name limit ${page.limit + 1}`.execute(db);
  return cutPage(rows, page, { list, total: rows[0]?.total ?? 0, position: ({ name }) => [name], present });
}
