/** The first step of a search: which prompts come into question, in PostgreSQL, never more than it can rank in time. */
import { type RawBuilder, sql } from "kysely";
import type { Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import type { SearchQuery, SearchTerm } from "../prompt/search-query.ts";
import type { ProjectRef } from "./find.ts";
import { filteredPrompts, type PromptFilter } from "./list-filter.ts";
import { COUNT_LIMIT } from "./page.ts";

export interface Candidate {
  id: Id;
  version: number;
  /** Larger is better; a whole number, so that pages meet exactly. */
  score: number;
}

export interface Candidates {
  found: Candidate[];
  /** Whether there may be more. */
  cut: boolean;
}

/** Of prompts whose names begin with what is looked for. */
const NAMED_LIMIT = 300;
/** The name counts ten times the text, tags and description three times. PostgreSQL's order: D, C, B, A. */
const WEIGHTS = sql.lit("{0.1,0.1,0.3,1.0}");

interface Where {
  /** What is looked for in words, as PostgreSQL takes it; null: not at all. */
  words: string | null;
  /** Which names count: those that begin so, for their better place, or all that have it somewhere. */
  names: "beginning" | "anywhere";
}

/** Prompts in which all of it is: in their words, or in name, tags and description as they are typed. */
export async function findCandidates(
  db: Queries,
  project: ProjectRef,
  query: SearchQuery,
  filter: PromptFilter,
  { words, names }: Where,
): Promise<Candidates> {
  const limit = words === null ? COUNT_LIMIT : NAMED_LIMIT;
  // What must not be there may be in the text, of which names say nothing.
  const silent = words !== null && query.unwanted.length > 0;
  const which = names === "beginning" ? beginsWith(query.text) : sql`true`;
  const named = silent ? nothing : byHead(db, project, query, filter, which, limit);
  const matched = words === null ? nothing : byWords(db, project, words, filter);
  const { rows } = await sql<{ id: Id; version: number; score: number; source: "name" | "words" }>`
    with named as materialized (${named}), matched as materialized (${matched})
    select id, version, score, 'name' as source from named
    union all select id, version, score, 'words' from matched`.execute(db);
  const count = (source: string) => rows.filter((row) => row.source === source).length;
  return {
    found: best(rows),
    cut: count("words") > COUNT_LIMIT || (words === null && count("name") > COUNT_LIMIT),
  };
}

/** As a range, which the index of the names answers. */
function beginsWith(text: string): RawBuilder<unknown> {
  return sql`h.name >= ${text} and h.name < ${`${text}\u{10ffff}`}`;
}

const nothing = sql`select null::bigint as id, null::int as version, null::int as score where false`;

function byWords(db: Queries, project: ProjectRef, words: string, filter: PromptFilter): RawBuilder<unknown> {
  return sql`
    select prompt_id as id, version, (ts_rank(${WEIGHTS}, words, ${words}::tsquery, 1) * 1000000)::int as score from (
      select d.prompt_id, d.version, d.words from search_documents d
      where d.project_id = ${project.id}::bigint and d.words @@ ${words}::tsquery
        and ${isWanted(db, project, filter, sql`d.prompt_id`, sql`d.version`)}
      limit ${COUNT_LIMIT + 1}
    ) d`;
}

/** Better than any rank of words: what is called so, what begins so, what holds it; among them the shorter. */
function byHead(
  db: Queries,
  project: ProjectRef,
  { wanted, unwanted, text }: SearchQuery,
  filter: PromptFilter,
  which: RawBuilder<unknown>,
  limit: number,
): RawBuilder<unknown> {
  const patterns = (terms: readonly SearchTerm[]) => sql`${terms.map((term) => like(term.text))}::text[]`;
  const version =
    filter.label && filter.label !== "latest"
      ? sql`(select l.version from labels l where l.prompt_id = h.prompt_id and l.label = ${filter.label})`
      : sql`(select newest from prompts where prompts.id = h.prompt_id)`;
  return sql`
    select h.prompt_id as id, ${version} as version,
      case when h.name = ${text} then 400000000 when starts_with(h.name, ${text}) then 300000000
        when position(${text} in h.name) > 0 then 200000000 else 100000000 end - least(length(h.name), 999) as score
    from search_heads h
    where h.project_id = ${project.id}::bigint and ${which} and h.head like all(${patterns(wanted)})
      and not (h.head like any(${patterns(unwanted)}))
      and ${isWanted(db, project, filter, sql`h.prompt_id`, null)}
    limit ${limit + 1}`;
}

function isWanted(
  db: Queries,
  project: ProjectRef,
  filter: PromptFilter,
  promptId: RawBuilder<unknown>,
  version: RawBuilder<unknown> | null,
): RawBuilder<unknown> {
  const { label, ...others } = filter;
  // The version that has the label is asked for below.
  const among: PromptFilter = version === null ? filter : others;
  const narrowed =
    among.tag || among.folder || among.type || (among.label && among.label !== "latest")
      ? sql`${promptId} in (${filteredPrompts(db, project, among).select("prompts.id")})`
      : sql`true`;
  if (!label || version === null) return narrowed;
  const standing =
    label === "latest"
      ? sql`(select newest from prompts where prompts.id = ${promptId})`
      : sql`(select l.version from labels l where l.prompt_id = ${promptId} and l.label = ${label})`;
  return sql`(${narrowed} and ${version} = ${standing})`;
}

/** For a pattern of LIKE that holds the text as it is. */
export function like(text: string): string {
  return `%${text.replace(/[\\%_]/g, "\\$&")}%`;
}

/** One for each prompt, the name's advantage and the best words together; the version whose words fit best. */
function best(rows: readonly (Candidate & { source: "name" | "words" })[]): Candidate[] {
  const prompts = new Map<Id, { name: number; words: number; version: number; byName: number }>();
  for (const { id, version, score, source } of rows) {
    const known = prompts.get(id) ?? { name: 0, words: -1, version: 0, byName: 0 };
    if (source === "name") Object.assign(known, { name: score, byName: version });
    else if (score > known.words || (score === known.words && version > known.version)) {
      Object.assign(known, { words: score, version });
    }
    prompts.set(id, known);
  }
  return [...prompts].map(([id, { name, words, version, byName }]) => ({
    id,
    version: version || byName,
    score: name + Math.max(0, words),
  }));
}
