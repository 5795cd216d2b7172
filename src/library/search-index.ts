/**
 * Keeps what is searched in step: whatever changes a prompt brings its documents along in the same transaction. One
 * document is that of the newest version, the others those of versions with labels.
 */
import { setImmediate } from "node:timers/promises";
import { sql } from "kysely";
import type { Content } from "../contract/shapes.ts";
import type { Database, Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { atEnd, recordChange, transact } from "../database/transaction.ts";
import { labelsOfPrompt } from "./find.ts";
import { correctableIn, documentOf, headWords, searchHead } from "./search-document.ts";
import { quoted, wordLexeme } from "./search-lexemes.ts";
import type { LabelMap } from "./stored.ts";

/** Prompts that running transactions have changed so far. */
const changed = new WeakMap<Queries, Set<Id>>();

/** Says in the running transaction that the prompt is at a revision: to the feed, and to the search before it commits. */
export function recordPromptChange(transaction: Queries, promptId: Id, revision: string): void {
  recordChange(transaction, "prompt", promptId, revision);
  const before = changed.get(transaction);
  if (before) before.add(promptId);
  else {
    const ids = new Set([promptId]);
    changed.set(transaction, ids);
    atEnd(transaction, () => indexInPortions(transaction, [...ids]));
  }
}

/** Prompts that are indexed at once: many are promoted in one act, or a whole library is caught up with. */
const PORTION = 100;
/** What is read, split and written together; the last of it may be one version longer. */
const BYTES_AT_ONCE = 2 * 2 ** 20;
/** From so many on a longer list of what waits is made, which costs a third: searches meanwhile go through it. */
const MANY = 20;

async function indexInPortions(transaction: Queries, ids: readonly Id[]): Promise<void> {
  if (ids.length >= MANY) await sql`set local gin_pending_list_limit = '4MB'`.execute(transaction);
  for (let start = 0; start < ids.length; start += PORTION) {
    await indexPrompts(transaction, ids.slice(start, start + PORTION));
  }
}

/** Brings the documents of these prompts to what the transaction has made of them. */
async function indexPrompts(transaction: Queries, ids: readonly Id[]): Promise<void> {
  const prompts = await readPrompts(transaction, ids);
  const stale = prompts.filter((prompt) => !prompt.living || isDescribedAnew(prompt));
  const relabelled = prompts.filter((prompt) => !stale.includes(prompt) && isLabelledAnew(prompt));
  await remove(transaction, "search_heads", [...stale, ...relabelled]);
  await remove(transaction, "search_documents", stale);
  await removeStaleDocuments(transaction, ids);
  await writeHeads(transaction, [...stale, ...relabelled]);
  await writeDocuments(transaction, prompts);
}

async function readPrompts(transaction: Queries, ids: readonly Id[]) {
  const rows = await transaction
    .selectFrom("prompts")
    .leftJoin("search_heads", (join) =>
      join
        .onRef("search_heads.prompt_id", "=", "prompts.id")
        .onRef("search_heads.project_id", "=", "prompts.project_id"),
    )
    .select(["id", "prompts.project_id", "prompts.name", "type", "description", "tags", "newest"])
    .select(["head as headBefore", "properties as propertiesBefore", "labels as labelsBefore"])
    .select(labelsOfPrompt.as("labels"))
    .select(sql<boolean>`trashed_at is null`.as("living"))
    .where(sql<boolean>`id = any(${ids}::bigint[])`)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({ ...row, head: searchHead(row) }));
}

type Indexed = Awaited<ReturnType<typeof readPrompts>>[number];

function isDescribedAnew({ head, headBefore, propertiesBefore }: Indexed): boolean {
  return head.head !== headBefore || !areSame(head.properties, propertiesBefore);
}

function isLabelledAnew({ labels, labelsBefore }: Indexed): boolean {
  return !areSame(labelNames(labels), labelsBefore);
}

function areSame(now: readonly string[], before: readonly string[] | null): boolean {
  return before !== null && now.length === before.length && now.every((each, at) => each === before[at]);
}

function labelNames(labels: LabelMap, version?: number): string[] {
  const names = Object.keys(labels).filter((label) => version === undefined || labels[label] === version);
  return names.sort();
}

async function remove(
  transaction: Queries,
  table: "search_heads" | "search_documents",
  prompts: readonly Indexed[],
): Promise<void> {
  const ids = prompts.filter(({ headBefore }) => headBefore !== null).map(({ id }) => id);
  if (ids.length === 0) return;
  const projects = prompts.map(({ project_id }) => project_id);
  let query = transaction.deleteFrom(table).where(sql<boolean>`prompt_id = any(${ids}::bigint[])`);
  if (table === "search_heads") query = query.where(sql<boolean>`project_id = any(${projects}::bigint[])`);
  await query.execute();
}

/** Of versions that are neither the newest nor labelled any more, or on which other labels stand by now; and old ones. */
async function removeStaleDocuments(transaction: Queries, ids: readonly Id[]): Promise<void> {
  await sql`delete from search_documents d using prompts p
    where d.prompt_id = any(${ids}::bigint[]) and p.id = d.prompt_id and (
      d.labels <> array(select l.label from labels l
        where l.prompt_id = p.id and l.version = d.version order by l.label collate "C")
      or (d.version <> p.newest and d.labels = '{}') or d.neighbours is null)`.execute(transaction);
}

async function writeHeads(transaction: Queries, prompts: readonly Indexed[]): Promise<void> {
  const rows = prompts
    .filter(({ living }) => living)
    .map((prompt) => {
      const labels = labelNames(prompt.labels);
      const words = headWords(prompt, prompt.head, labels);
      return { prompt_id: prompt.id, project_id: prompt.project_id, ...prompt.head, labels, words };
    });
  if (rows.length > 0) await transaction.insertInto("search_heads").values(rows).execute();
}

interface Stored {
  text: string | null;
  messages: Content["messages"] | null;
}

function bodyOf({ text, messages }: Stored): Pick<Content, "text" | "messages"> {
  return text === null ? { messages: messages ?? [] } : { text };
}

/** Of the versions that lack one. */
async function writeDocuments(transaction: Queries, prompts: readonly Indexed[]): Promise<void> {
  const living = new Map(prompts.filter((prompt) => prompt.living).map((prompt) => [prompt.id, prompt]));
  const correctable = new Map<Id, Set<string>>();
  for (let left = 1; left > 0; ) {
    const rows = await readUnwritten(transaction, [...living.values()]);
    left = (rows[0]?.total ?? 0) - rows.length;
    const documents = [];
    for (const { prompt_id, version, template, ...stored } of rows) {
      const prompt = living.get(prompt_id);
      if (!prompt) continue;
      const labels = labelNames(prompt.labels, version);
      const document = documentOf(prompt, prompt.head, { ...bodyOf(stored), template }, labels);
      const words = correctable.get(prompt.project_id) ?? new Set();
      correctable.set(prompt.project_id, words);
      for (const word of document.correctable) words.add(word);
      documents.push({ prompt_id, version, labels, words: document.words, neighbours: document.neighbours });
      // Others are answered between two of them.
      if (rows.length > 1) await setImmediate();
    }
    if (documents.length > 0) await transaction.insertInto("search_documents").values(documents).execute();
  }
  for (const [project, words] of correctable) await writeWords(transaction, project, words);
}

interface Unwritten extends Stored {
  prompt_id: Id;
  version: number;
  template: Content["template"];
  /** How many there are. */
  total: number;
}

/**
 * The first of them, so much as is written together. Version by version, whatever PostgreSQL takes the tables for: much
 * may have been loaded since it last looked.
 */
async function readUnwritten(transaction: Queries, prompts: readonly Indexed[]): Promise<Unwritten[]> {
  const wanted = prompts.flatMap(({ id, newest, labels }) =>
    [...new Set([newest, ...Object.values(labels)])].map((version) => ({ id, version })),
  );
  const { rows } = await sql<Unwritten>`
    select prompt_id, version, text, messages, template, total from (
      select wanted.id as prompt_id, wanted.version, v.text, v.messages, v.template, count(*) over ()::int as total,
        sum(${bytesOf}) over (order by wanted.place) - ${bytesOf} as before
      from unnest(${wanted.map(({ id }) => id)}::bigint[], ${wanted.map(({ version }) => version)}::int[])
        with ordinality as wanted(id, version, place)
      cross join lateral (
        select text, messages, template from versions
        where prompt_id = wanted.id and version = wanted.version offset 0) v
      where not exists (
        select from search_documents d where d.prompt_id = wanted.id and d.version = wanted.version offset 0)) unwritten
    where before < ${BYTES_AT_ONCE}::bigint`.execute(transaction);
  return rows;
}

/** Of a version `v`. */
const bytesOf = sql`coalesce(octet_length(v.text), octet_length(v.messages::text), 0)`;

/** Only the new ones, and in their order, so that two who have the same new words do not wait for each other in a ring. */
async function writeWords(transaction: Queries, project: Id, words: ReadonlySet<string>): Promise<void> {
  await sql`insert into search_words (project_id, word)
    select ${project}::bigint, word from unnest(${[...words].sort()}::text[]) with ordinality as given(word, place)
    where not exists (select from search_words w where w.project_id = ${project}::bigint and w.word = given.word)
    order by place
    on conflict do nothing`.execute(transaction);
}

/** A text that was taken out: of its words, those that no document has any more are offered to nobody. */
export async function forgetWords(transaction: Queries, project: Id, stored: Stored): Promise<void> {
  const words = correctableIn(bodyOf(stored));
  const lexemes = words.map((word) => quoted(wordLexeme(project, word)));
  await sql`delete from search_words w using unnest(${words}::text[], ${lexemes}::text[]) as given(word, lexeme)
    where w.project_id = ${project}::bigint and w.word = given.word
      and not exists (select from search_documents d where d.words @@ given.lexeme::tsquery)`.execute(transaction);
}

/**
 * Makes the documents of prompts that have none: of a library from before there was this search. Answers how many there
 * were.
 */
export async function indexMissing(database: Database, isClosed: () => boolean = () => false): Promise<number> {
  let total = 0;
  while (!isClosed()) {
    const ids = await readMissing(database.reads);
    if (ids.length === 0) break;
    await transact(database, async (transaction) => {
      // Who changes one meanwhile is waited for, and sees what was made here.
      const query = transaction.selectFrom("prompts").select("id");
      await query.where(sql<boolean>`id = any(${ids}::bigint[])`).orderBy("id").forUpdate().execute();
      await indexInPortions(transaction, ids);
      await transaction.deleteFrom("search_missing").where(sql<boolean>`prompt_id = any(${ids}::bigint[])`).execute();
    });
    total += ids.length;
  }
  if (total > 0) await settleStatistics(database);
  return total;
}

/** The first of them: few, where they say much. Who changes one of them waits until all are done. */
async function readMissing(reads: Queries): Promise<Id[]> {
  const { rows } = await sql<{ prompt_id: Id }>`
    select prompt_id from (
      select prompt_id, sum(bytes) over (order by prompt_id) - bytes as before
      from (select m.prompt_id, newest from search_missing m join prompts on id = m.prompt_id
        order by m.prompt_id limit ${PORTION}::int) missing
      cross join lateral (
        select coalesce(sum(${bytesOf}), 0) as bytes from versions v
        where v.prompt_id = missing.prompt_id and (v.version = missing.newest or v.version in (
          select l.version from labels l where l.prompt_id = missing.prompt_id))) said) sized
    where before < ${BYTES_AT_ONCE}::bigint order by prompt_id`.execute(reads);
  return rows.map(({ prompt_id }) => prompt_id);
}

/** After much was written: what waits goes into the indexes, and plans are made by what is there now. */
export async function settleStatistics(database: Database): Promise<void> {
  await sql`select settle_statistics()`.execute(database.writes);
}
