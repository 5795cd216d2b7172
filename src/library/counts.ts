/** Folders and tags of a project, with how many prompts each has. */
import { sql } from "kysely";
import type { FolderCount, TagCount } from "../contract/search.ts";
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

export async function countTags(db: Queries, project: ProjectRef, query: PageQuery): Promise<List<TagCount>> {
  const page = readPage(query);
  const [after] = positionAfter(page, "tags") ?? [];
  const tags = filteredPrompts(db, project, {}).select(sql<string>`unnest(tags) collate "C"`.as("tag"));
  const { rows } = await sql<{ tag: string; prompts: number; total: number }>`
    with counted as (select tag, count(*)::int as prompts from (${tags}) each group by 1)
    select tag, prompts, (select count(*)::int from counted) as total
    from counted where tag > ${after ?? ""} order by tag limit ${page.limit + 1}`.execute(db);
  return cutPage(rows, page, {
    list: "tags",
    total: rows[0]?.total ?? 0,
    position: ({ tag }) => [tag],
    present: ({ tag, prompts }) => ({ tag, prompts }),
  });
}
