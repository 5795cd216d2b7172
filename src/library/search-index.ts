/**
 * Keeps what is searched in step: whatever changes a prompt brings its documents along in the same transaction. One
 * document is that of the newest version, the others those of versions with labels.
 */
import { type RawBuilder, sql } from "kysely";
import type { Content } from "../contract/shapes.ts";
import type { Database, Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { atEnd, recordChange, transact } from "../database/transaction.ts";
import { documentOf, headOf } from "./search-document.ts";

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

async function indexInPortions(transaction: Queries, ids: readonly Id[]): Promise<void> {
  for (let start = 0; start < ids.length; start += PORTION) {
    await indexPrompts(transaction, ids.slice(start, start + PORTION));
  }
}

/** Brings the documents of these prompts to what the transaction has made of them. */
async function indexPrompts(transaction: Queries, ids: readonly Id[]): Promise<void> {
  const heads = await readHeads(transaction, ids);
  const stale = heads.filter(({ living, now, before }) => !living || now.head !== before);
  if (stale.length > 0) await remove(transaction, stale);
  await writeHeads(transaction, stale);
  const all = sql`${heads.map(({ id }) => id)}::bigint[]`;
  await sql`delete from search_documents d using prompts p
    where d.prompt_id = any(${all}) and p.id = d.prompt_id and not (${isSearched(sql`d.version`)})`.execute(
    transaction,
  );
  const described = new Map(heads.map((head) => [head.id, head]));
  await writeDocuments(transaction, described, all);
}

/** Of a prompt `p`: whether this version of it has a document. */
function isSearched(version: RawBuilder<unknown>) {
  return sql<boolean>`${version} = p.newest
    or exists (select from labels l where l.prompt_id = p.id and l.version = ${version})`;
}

async function readHeads(transaction: Queries, ids: readonly Id[]) {
  const rows = await transaction
    .selectFrom("prompts")
    .leftJoin("search_heads", "search_heads.prompt_id", "prompts.id")
    .select(["id", "prompts.project_id", "prompts.name", "description", "tags", "head as before"])
    .select(sql<boolean>`trashed_at is null`.as("living"))
    .where(sql<boolean>`id = any(${ids}::bigint[])`)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({ ...row, now: headOf(row) }));
}

type Head = Awaited<ReturnType<typeof readHeads>>[number];

async function remove(transaction: Queries, heads: readonly Head[]): Promise<void> {
  const before = heads.filter((head) => head.before !== null).map(({ id }) => id);
  if (before.length === 0) return;
  for (const table of ["search_heads", "search_documents"] as const) {
    await transaction.deleteFrom(table).where(sql<boolean>`prompt_id = any(${before}::bigint[])`).execute();
  }
}

async function writeHeads(transaction: Queries, heads: readonly Head[]): Promise<void> {
  const living = heads.filter((head) => head.living);
  if (living.length === 0) return;
  const rows = living.map(({ id, project_id, now }) => ({ prompt_id: id, project_id, ...now }));
  await transaction.insertInto("search_heads").values(rows).execute();
}

interface Said {
  text: string | null;
  messages: Content["messages"] | null;
}

function bodyOf({ text, messages }: Said): Pick<Content, "text" | "messages"> {
  return text === null ? { messages: messages ?? [] } : { text };
}

/** Those that lack one. */
async function writeDocuments(transaction: Queries, heads: ReadonlyMap<Id, Head>, ids: RawBuilder<unknown>) {
  const { rows } = await sql<Said & { prompt_id: Id; version: number }>`
    select v.prompt_id, v.version, v.text, v.messages from prompts p
    join versions v on v.prompt_id = p.id
      and v.version in (select p.newest union select l.version from labels l where l.prompt_id = p.id)
    where p.id = any(${ids}) and p.trashed_at is null
      and not exists (select from search_documents d where d.prompt_id = v.prompt_id and d.version = v.version)`.execute(
    transaction,
  );
  if (rows.length === 0) return;
  const correctable = new Map<Id, Set<string>>();
  const documents = rows.flatMap(({ prompt_id, version, ...said }) => {
    const head = heads.get(prompt_id);
    if (!head) return [];
    const document = documentOf(head, bodyOf(said));
    const words = correctable.get(head.project_id) ?? new Set();
    correctable.set(head.project_id, words);
    for (const word of document.correctable) words.add(word);
    return [{ prompt_id, version, project_id: head.project_id, words: document.words }];
  });
  await transaction.insertInto("search_documents").values(documents).execute();
  for (const [project, words] of correctable) await writeWords(transaction, project, words);
}

/** Only the new ones, and in their order, so that two who have the same new words do not wait for each other in a ring. */
async function writeWords(transaction: Queries, project: Id, words: ReadonlySet<string>): Promise<void> {
  await sql`insert into search_words (project_id, word)
    select ${project}::bigint, word from unnest(${[...words].sort()}::text[]) with ordinality as given(word, place)
    where not exists (select from search_words w where w.project_id = ${project}::bigint and w.word = given.word)
    order by place
    on conflict do nothing`.execute(transaction);
}

/** A text that was taken out: of its words, those that no document has any more are offered to nobody. */
export async function forgetWords(transaction: Queries, project: Id, said: Said): Promise<void> {
  const { correctable } = documentOf({ name: "", description: "", tags: [] }, bodyOf(said));
  await sql`delete from search_words w
    where w.project_id = ${project}::bigint and w.word = any(${correctable}::text[])
      and not exists (select from search_documents d
        where d.project_id = w.project_id and d.words @@ quote_literal(w.word)::tsquery)`.execute(transaction);
}

/**
 * Makes the documents of prompts that have none: of a library from before there was search. Answers how many there were.
 */
export async function indexMissing(database: Database, isClosed: () => boolean = () => false): Promise<number> {
  let total = 0;
  for (let last = "0"; !isClosed(); ) {
    const rows = await database.reads
      .selectFrom("prompts")
      .select("id")
      .where("id", ">", last)
      .where("trashed_at", "is", null)
      .where(sql<boolean>`not exists (select from search_heads where prompt_id = prompts.id)`)
      .orderBy("id")
      .limit(PORTION)
      .execute();
    const ids = rows.map(({ id }) => id);
    const end = ids.at(-1);
    if (end === undefined) break;
    await transact(database, async (transaction) => {
      // Who changes one meanwhile is waited for, and sees what was made here.
      const query = transaction.selectFrom("prompts").select("id");
      await query.where(sql<boolean>`id = any(${ids}::bigint[])`).orderBy("id").forUpdate().execute();
      await indexPrompts(transaction, ids);
    });
    total += ids.length;
    last = end;
  }
  return total;
}
