/**
 * Search in every version, also those that nothing indexes: prompt by prompt in the order of their names, so much text
 * for each page. A page may have few items or none, and the next one goes on. The texts are folded here, by the same
 * code as everywhere: PostgreSQL knows other rules of letters.
 */
import { sql } from "kysely";
import type { PromptList } from "../contract/search.ts";
import type { Content } from "../contract/shapes.ts";
import type { Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import type { SearchQuery } from "../prompt/search-query.ts";
import { fold } from "../prompt/search-words.ts";
import { labelsOfPrompt, type ProjectRef } from "./find.ts";
import { filteredPrompts, nameBytes, type PromptFilter } from "./list-filter.ts";
import { type Page, type PageQuery, positionAfter, readPage, writeCursor } from "./page.ts";
import { plainText } from "./search-document.ts";
import { type FoundRow, presentFound } from "./search-present.ts";

/** Looked through for one page: some hundredths of a second. */
const PROMPTS_AT_ONCE = 2_000;
const PROMPTS_IN_FIRST = 50;
const VERSIONS_AT_ONCE = 10_000;
const BYTES_AT_ONCE = 4 * 2 ** 20;
/** Read together, so that a page that is full soon reads little. One version may be larger. */
const BYTES_IN_PORTION = 2 ** 18;

export async function searchVersions(
  db: Queries,
  project: ProjectRef,
  query: SearchQuery,
  filter: PromptFilter & PageQuery,
): Promise<PromptList> {
  const page = readPage(filter);
  const stretch = await readStretch(db, project, filter, page);
  const { found, reached } = await findIn(db, query, stretch, page.limit + 1);
  const shown = found.slice(0, page.limit);
  const items = await presentFound(db, project, query, [], await readRows(db, shown));
  const nextCursor = goOn(found.length > page.limit ? shown.at(-1) : reached);
  return { items, nextCursor, total: items.length, totalIsExact: nextCursor === null && page.cursor === null };
}

interface Place {
  name: string;
  version: number;
}
interface Sized extends Place {
  id: Id;
  bytes: number;
}
interface Stretch {
  /** In their order. */
  prompts: { id: Id; name: string }[];
  /** Of the prompt of this name only the versions below it. */
  below: Place | null;
  /** Behind which the next page begins, should this one not be full; null: there is nothing behind. */
  end: Place | null;
}

async function readStretch(db: Queries, project: ProjectRef, filter: PromptFilter, page: Page): Promise<Stretch> {
  const [name, version] = positionAfter(page, "relevance in versions") ?? [];
  const below = name === undefined ? null : { name, version: Number(version) };
  let prompts = filteredPrompts(db, project, filter)
    .select(["id", "name", "newest"])
    .orderBy(nameBytes)
    .limit(PROMPTS_AT_ONCE + 1);
  if (below) prompts = prompts.where(nameBytes, below.version > 1 ? ">=" : ">", below.name);
  const rows = await prompts.execute();
  let count = 0;
  // The first one whatever it has: there must be an end.
  const more = rows.findIndex(({ newest }, at) => {
    count += newest;
    return at > 0 && (count > VERSIONS_AT_ONCE || at >= PROMPTS_AT_ONCE);
  });
  const looked = more < 0 ? rows : rows.slice(0, more);
  const last = more < 0 ? undefined : looked.at(-1);
  return { prompts: looked, below, end: last ? { name: last.name, version: 0 } : null };
}

/** The first so many in which all of it is, and up to where it was looked; null: to the end. */
async function findIn(
  db: Queries,
  query: SearchQuery,
  { prompts, below, end }: Stretch,
  wanted: number,
): Promise<{ found: Sized[]; reached: Place | null }> {
  const found: Sized[] = [];
  let [left, last]: [number, Sized | null] = [BYTES_AT_ONCE, null];
  for (const some of growing(prompts)) {
    const versions = await readSizes(db, some, below);
    const over = versions.findIndex(({ bytes }, at) => {
      left -= bytes;
      return left < 0 && (at > 0 || last !== null);
    });
    const looked = over < 0 ? versions : versions.slice(0, over);
    for (const portion of portionsOf(looked)) {
      const texts = await readTexts(db, portion);
      found.push(...portion.filter((version) => saysAll(texts.get(placeKey(version)), query)));
      if (found.length >= wanted) return { found: found.slice(0, wanted), reached: null };
    }
    last = looked.at(-1) ?? last;
    if (over >= 0) return { found, reached: last };
  }
  return { found, reached: end };
}

/** Few first: often the page is full soon. */
function* growing<T>(all: readonly T[]): Generator<T[]> {
  let size = PROMPTS_IN_FIRST;
  for (let start = 0; start < all.length; size *= 2) {
    yield all.slice(start, start + size);
    start += size;
  }
}

/** What is there of each version, without reading it. */
async function readSizes(
  db: Queries,
  prompts: readonly { id: Id; name: string }[],
  below: Place | null,
): Promise<Sized[]> {
  const { rows } = await sql<Sized>`
    select v.prompt_id as id, given.name, v.version, coalesce(octet_length(v.text), octet_length(v.messages::text)) as bytes
    from unnest(${prompts.map(({ id }) => id)}::bigint[], ${prompts.map((each) => each.name)}::text[])
      with ordinality as given(id, name, place)
    cross join lateral (
      select prompt_id, version, text, messages from versions
      where prompt_id = given.id and redacted_at is null
        and (given.name <> ${below?.name ?? ""} or version < ${below?.version ?? 0}::int) offset 0) v
    order by given.place, v.version desc`.execute(db);
  return rows;
}

function* portionsOf(versions: readonly Sized[]): Generator<Sized[]> {
  let [portion, bytes]: [Sized[], number] = [[], 0];
  for (const version of versions) {
    if (portion.length > 0 && bytes + version.bytes > BYTES_IN_PORTION) {
      yield portion;
      [portion, bytes] = [[], 0];
    }
    portion.push(version);
    bytes += version.bytes;
  }
  if (portion.length > 0) yield portion;
}

async function readTexts(db: Queries, versions: readonly Sized[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: Id; version: number; text: string | null; messages: Content["messages"] | null }>`
    select v.prompt_id as id, v.version, v.text, v.messages
    from unnest(${versions.map(({ id }) => id)}::bigint[], ${versions.map(({ version }) => version)}::int[])
      as given(id, version)
    cross join lateral (
      select prompt_id, version, text, messages from versions
      where prompt_id = given.id and version = given.version offset 0) v`.execute(db);
  return new Map(
    rows.map(({ text, messages, ...at }) => [
      placeKey(at),
      plainText(text === null ? { messages: messages ?? [] } : { text }),
    ]),
  );
}

function placeKey({ id, version }: { id: Id; version: number }): string {
  return `${id} ${version}`;
}

/** As it is written: pieces of words, too. */
function saysAll(text: string | undefined, { wanted, unwanted }: SearchQuery): boolean {
  if (text === undefined) return false;
  const folded = fold(text);
  return wanted.every((term) => folded.includes(term.text)) && !unwanted.some((term) => folded.includes(term.text));
}

async function readRows(db: Queries, found: readonly Sized[]): Promise<FoundRow[]> {
  if (found.length === 0) return [];
  const rows = await db
    .selectFrom("prompts")
    .selectAll()
    .select(labelsOfPrompt.as("labels"))
    .where(sql<boolean>`id = any(${found.map(({ id }) => id)}::bigint[])`)
    .where("trashed_at", "is", null)
    .execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return found.flatMap(({ id, version }) => {
    const row = byId.get(id);
    return row ? [{ ...row, version }] : [];
  });
}

function goOn(last: Place | null | undefined): string | null {
  return last ? writeCursor("relevance in versions", [last.name, String(last.version)]) : null;
}
