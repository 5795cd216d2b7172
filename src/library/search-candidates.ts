/** The first step of a search: which prompts come into question, in PostgreSQL, never more than it can rank in time. */
import { type RawBuilder, sql } from "kysely";
import type { SearchQuery, SearchTerm } from "../prompt/search-query.ts";
import { isUnspaced } from "../prompt/search-words.ts";
import type { ProjectRef } from "./find.ts";
import type { PromptFilter } from "./list-filter.ts";
import { COUNT_LIMIT } from "./page.ts";
import { folderLexeme, projectLexeme, propertyLexeme, quoted } from "./search-lexemes.ts";
import { youngest } from "./search-youngest.ts";

/** What is looked for, for casts to tsquery; null: not at all. */
export interface Wanted {
  /** In all words of a version: as they are, and by their beginnings, for which is looked where the first are not many. */
  whole: SaidWords | null;
  open: SaidWords | null;
  /** In the words of name, tags and description. */
  heads: string | null;
  /** Whether as it is typed, in name, tags and description. */
  pieces: boolean;
}

export interface SaidWords {
  words: string;
  /** Where there are phrases: their words wherever they are, and whether a document may have them side by side. */
  phrases?: { apart: string; notDenied: RawBuilder<unknown> } | undefined;
}

/** Of prompts whose names begin with what is looked for; and of how many of those the filter is asked. */
const NAMED_LIMIT = 300;
const NAMED_LOOKED_AT = 5_000;
/** Where there are more than are counted, only the youngest are read for their rank: to read all takes longest of all. */
const RANKED_OF_MANY = 500;
/** The name counts ten times the text, tags and description three times. PostgreSQL's order: D, C, B, A. */
const WEIGHTS = sql.lit("{0.1,0.1,0.3,1.0}");

/**
 * Rows of (id, version, score, source) of the prompts in which all of it is, some of them several times; found by name,
 * tags and description: without a version. Larger scores are better, and whole numbers, so that pages meet exactly.
 * More than COUNT_LIMIT of one source: there may be more.
 */
export function matchesOf(
  project: ProjectRef,
  query: SearchQuery,
  filter: PromptFilter,
  { whole, open, heads, pieces }: Wanted,
): RawBuilder<unknown> {
  const among = properties(project, filter);
  const parts: RawBuilder<unknown>[] = [];
  if (heads !== null) parts.push(scoredHeads(query, "head", byHead(project, heads, among), heads));
  // What must not be there is not looked for in names alone.
  if (heads !== null && query.unwanted.length === 0) {
    parts.push(scoredHeads(query, "name", byName(project, query, among), null));
  }
  if (pieces) parts.push(scoredHeads(query, "head", byPieces(project, query, among), null));
  if (whole !== null) parts.push(scoredDocuments(project, { whole, open: open ?? whole }, among, filter));
  return sql.join(parts, sql` union all `);
}

/** What the filter asks of a prompt or version, for a tsquery; "" where it asks nothing. */
function properties(project: ProjectRef, { tag, folder, type, label }: PromptFilter): string {
  const lexemes = [
    ...(type ? [propertyLexeme(project.id, "type", type)] : []),
    ...(tag ? [propertyLexeme(project.id, "tag", tag.normalize("NFC"))] : []),
    ...(folder ? [folderLexeme(project.id, folder)] : []),
    ...(label && label !== "latest" ? [propertyLexeme(project.id, "label", label)] : []),
  ];
  return lexemes.map(quoted).join(" & ");
}

function both(words: string, among: string): string {
  return among === "" ? words : `(${words}) & ${among}`;
}

/** Words are read, for their rank, of those alone that were chosen; the beginnings of words when the whole are few. */
function scoredDocuments(
  project: ProjectRef,
  { whole, open }: { whole: SaidWords; open: SaidWords },
  among: string,
  { label }: PromptFilter,
): RawBuilder<unknown> {
  const isNewest = sql`version = (select newest from prompts where prompts.id = search_documents.prompt_id)`;
  const chosen = ({ words, phrases }: SaidWords, given: RawBuilder<unknown>) => {
    const condition = label === "latest" ? sql`${isNewest} and ${given}` : given;
    return youngest(project, {
      table: sql`search_documents`,
      columns: sql`prompt_id, version, words`,
      order: sql`prompt_id desc, version desc`,
      words: both(phrases?.apart ?? words, among),
      condition: phrases ? sql`${condition} and ${phrases.notDenied}` : condition,
      exactly: phrases ? sql`words @@ ${words}::tsquery` : undefined,
    });
  };
  const ranked = ({ words }: SaidWords, from: RawBuilder<unknown>) => sql`
    select prompt_id as id, version,
      case when found <= ${COUNT_LIMIT} or place <= ${RANKED_OF_MANY}
        then (ts_rank(${WEIGHTS}, words, ${words}::tsquery, 1) * 1000000)::int else 0 end as score,
      'words' as source
    from (
      select *, count(*) over () as found, row_number() over (order by prompt_id desc, version desc) as place
      from (${from}) chosen) numbered`;
  if (open.words === whole.words) return ranked(whole, chosen(whole, sql`true`));
  const many = sql`(select count(*) from whole_words) > ${COUNT_LIMIT}`;
  return sql`(
    with whole_words as materialized (${chosen(whole, sql`true`)})
    ${ranked(whole, sql`select * from whole_words where ${many}`)}
    union all ${ranked(open, chosen(open, sql`not ${many}`))})`;
}

function byHead(project: ProjectRef, heads: string, among: string): RawBuilder<unknown> {
  return youngest(project, {
    table: sql`search_heads`,
    columns: sql`prompt_id, name, words`,
    order: sql`prompt_id desc`,
    words: both(heads, among),
    condition: sql`true`,
  });
}

/** As a range, which the index of the names answers. */
function byName(project: ProjectRef, { text }: SearchQuery, among: string): RawBuilder<unknown> {
  return sql`
    select prompt_id, name, words from (
      select prompt_id, name, words from search_heads
      where project_id = ${project.id}::bigint and name >= ${text} and name < ${`${text}\u{10ffff}`}
      order by name limit ${NAMED_LOOKED_AT}) looked_at
    where ${among === "" ? sql`true` : sql`words @@ ${among}::tsquery`}
    order by name limit ${NAMED_LIMIT}`;
}

/**
 * Whether any of it is long enough for the index of pieces, which are of three characters. What is written without
 * blanks is found by its pairs.
 */
export function hasPieces({ wanted }: SearchQuery): boolean {
  return wanted.some(({ text }) => text.length >= 3 && !isUnspaced(text));
}

/** Pieces of words, too. */
function byPieces(project: ProjectRef, { wanted, unwanted }: SearchQuery, among: string): RawBuilder<unknown> {
  const has = ({ text }: SearchTerm) => sql`head like ${like(text)}`;
  return youngest(project, {
    table: sql`search_heads`,
    columns: sql`prompt_id, name, words`,
    order: sql`prompt_id desc`,
    words: among === "" ? quoted(projectLexeme(project.id)) : among,
    condition: sql.join([...wanted.map(has), ...unwanted.map((term) => sql`not ${has(term)}`)], sql` and `),
  });
}

/**
 * Better than any rank of words alone: what is called so, what begins so, what has it in its name, what has all words
 * there or in tags and description; among them the shorter.
 */
function scoredHeads(
  { text }: SearchQuery,
  source: "head" | "name",
  found: RawBuilder<unknown>,
  heads: string | null,
): RawBuilder<unknown> {
  const rank = heads === null ? sql`0` : sql`(ts_rank(${WEIGHTS}, h.words, ${heads}::tsquery) * 1000000)::int`;
  return sql`
    select h.prompt_id as id, null::int as version,
      case when h.name = ${text} then 400000000 when starts_with(h.name, ${text}) then 300000000
        when position(${text} in h.name) > 0 then 200000000 else 100000000 + ${rank} end
        - least(length(h.name), 999) as score,
      ${sql.lit(source)} as source
    from (${found}) h`;
}

/** For a pattern of LIKE that holds the text as it is. */
function like(text: string): string {
  return `%${text.replace(/[\\%_]/g, "\\$&")}%`;
}
