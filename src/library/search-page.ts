/** The second step of a search: the best of what comes into question, and of those one page. */
import { type RawBuilder, sql } from "kysely";
import { KEPT_PLAN, type Queries } from "../database/database.ts";
import { labelsOfPrompt } from "./find.ts";
import { type ListSort, sorting } from "./list-filter.ts";
import { COUNT_LIMIT, type Page, positionAfter } from "./page.ts";
import type { FoundRow } from "./search-present.ts";

export type SearchSort = ListSort | "relevance";
export type RankedRow = FoundRow & { score: string };

export interface RankedPage {
  /** Those of the page, and one more if there is one. */
  rows: RankedRow[];
  /** How many prompts there are, at most COUNT_LIMIT. */
  total: number;
  /** Whether there may be more. */
  cut: boolean;
}

interface Ranking {
  sort: SearchSort;
  label: string | undefined;
  page: Page;
  /** Whether the matches are asked for in few wordings. */
  isUsual: boolean;
}

/**
 * For each prompt the name's advantage and the best words together, and the version whose words fit best; the best
 * COUNT_LIMIT of them, and of equals the youngest. One statement, so that all of it is of one moment.
 */
export async function readRanked(
  db: Queries,
  matches: RawBuilder<unknown>,
  { sort, label, page, isUsual }: Ranking,
): Promise<RankedPage> {
  const kept = sql.raw(isUsual ? KEPT_PLAN : "");
  const version = sql`coalesce(c.version, ${describedVersion(label)}) as version`;
  const { rows } = await sql<{ total: number; cut: boolean; row: RankedRow | null } & RankedRow>`${kept}
    with matches as materialized (${matches}),
    prompts_found as materialized (
      select id, max(score) filter (where source <> 'words') as head,
        max(score::bigint << 32 | version) filter (where source = 'words') as words
      from matches group by id),
    candidates as materialized (
      select id, coalesce(head, 0) + coalesce(words >> 32, 0) as score,
        (words & 4294967295)::int as version
      from prompts_found order by score desc, id desc limit ${COUNT_LIMIT}),
    counted as (
      select count(*) filter (where source = 'words') > ${COUNT_LIMIT} or count(*) filter (where source = 'head') > ${COUNT_LIMIT}
        or (select count(*) from prompts_found) > ${COUNT_LIMIT} as cut from matches),
    page as (${sort === "relevance" ? byScore(page, version) : bySort(sort, page, version)})
    select (select count(*)::int from candidates) as total, counted.cut, page.*
    from counted left join page on true
    order by page.place`.execute(db);
  const [first] = rows;
  return {
    rows: rows.filter(({ id }) => id !== null),
    total: first?.total ?? 0,
    cut: first?.cut ?? false,
  };
}

/** Of a prompt that was found by name, tags or description alone. */
function describedVersion(label: string | undefined): RawBuilder<unknown> {
  return label && label !== "latest"
    ? sql`(select l.version from labels l where l.prompt_id = prompts.id and l.label = ${label})`
    : sql`prompts.newest`;
}

function byScore(page: Page, version: RawBuilder<unknown>): RawBuilder<unknown> {
  const [score, id] = positionAfter(page, "relevance") ?? [];
  const after = score === undefined ? sql`true` : sql`(score, id) < (${score}::bigint, ${id}::bigint)`;
  return sql`
    select prompts.*, c.score, ${version}, ${labelsOfPrompt} as labels,
      row_number() over (order by c.score desc, c.id desc) as place
    from (select * from candidates where ${after} order by score desc, id desc limit ${page.limit + 1}) c
    cross join lateral (select * from prompts where prompts.id = c.id offset 0) prompts`;
}

function bySort(sort: ListSort, page: Page, version: RawBuilder<unknown>): RawBuilder<unknown> {
  const { after, order } = sorting(sort, page);
  return sql`
    select prompts.*, ${labelsOfPrompt} as labels, row_number() over (order by ${order}) as place from (
      select prompts.*, c.score, ${version} from candidates c
      cross join lateral (select * from prompts where prompts.id = c.id offset 0) prompts
      where ${after} order by ${order} limit ${page.limit + 1}) prompts`;
}
