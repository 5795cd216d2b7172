/** A large library for the bench of search: made in the database, so that it is there in minutes. */
import pg from "pg";
import { openDatabase } from "../src/database/database.ts";
import { indexMissing } from "../src/library/search-index.ts";

export const VERSIONS = 10;
const WORDS = 17_500;
const WORDS_IN_TEXT = 180;
const BATCH = 1_000;

/** The same numbers at every run. */
export function numbers(seed: number): () => number {
  let state = seed;
  // mulberry32
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The n-th word, commonest first: pronounceable, each another one. */
export function word(n: number): string {
  const consonants = "bcdfghjklmnprstvz";
  const vowels = "aeiou";
  let [rest, made] = [n + 100, ""];
  while (rest > 0) {
    made += (consonants[rest % consonants.length] ?? "") + (vowels[Math.floor(rest / consonants.length) % 5] ?? "");
    rest = Math.floor(rest / (consonants.length * vowels.length));
  }
  return made;
}

/** As in languages: the commonest in most texts, most words in few. */
export function textOf(random: () => number): string {
  return Array.from({ length: WORDS_IN_TEXT }, () => word(Math.floor(WORDS * random() ** 4))).join(" ");
}

/** As Chinese is written: without blanks, the commonest characters in most sentences. */
export function sentence(random: () => number, length: number): string {
  return String.fromCodePoint(...Array.from({ length }, () => 0x4e00 + Math.floor(1_500 * random() ** 2)));
}

function nameOf(at: number, random: () => number): string {
  const folder = `team-${at % 50}/${word(Math.floor(random() * 40))}`;
  return `${folder}/${word(Math.floor(WORDS * random()))}-${at}`;
}

export interface Made {
  rowsSeconds: number;
  indexSeconds: number;
}

/** Brings the library of the database to so many prompts with ten versions each, `production` on the ninth. */
export async function growLibrary(connection: pg.ClientConfig, from: number, to: number): Promise<Made> {
  const client = new pg.Client({ ...connection, options: "-c search_path=promptlib" });
  await client.connect();
  const began = performance.now();
  for (let start = from; start < to; start += BATCH) await addPrompts(client, start, Math.min(to, start + BATCH));
  const rows = performance.now();
  await client.end();
  const database = openDatabase(connection, null);
  await indexMissing(database);
  await database.close();
  return { rowsSeconds: (rows - began) / 1000, indexSeconds: (performance.now() - rows) / 1000 };
}

async function addPrompts(client: pg.Client, start: number, end: number): Promise<void> {
  const random = numbers(start + 1);
  const made = Array.from({ length: end - start }, (_, at) => ({
    name: nameOf(start + at, random),
    text: textOf(random),
    tag: `tag-${(start + at) % 20}`,
    description: (start + at) % 10 === 0 ? sentence(random, 60) : "",
  }));
  const column = (key: "name" | "text" | "tag" | "description") => made.map((row) => row[key]);
  await client.query(
    `with given as (select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
       as given(name, text, tag, description)),
     made as (
       insert into prompts (project_id, name, type, description, tags, newest, updated_at)
       select 1, name, 'text', description, array[tag], ${VERSIONS}, now() - random() * interval '1 year' from given
       returning id, name),
     versions as (
       insert into versions (prompt_id, version, text, variables, config, template, content_hash, author)
       select id, version, 'Revision ' || version || '. ' || text, '{}', '{}', 'mustache',
         sha256(convert_to(name || version, 'UTF8')), 'user:bench'
       from made join given using (name), generate_series(1, ${VERSIONS}) as version),
     labelled as (
       insert into labels (prompt_id, label, version, moved_by) select id, 'production', ${VERSIONS - 1}, 'user:bench'
       from made)
     insert into search_missing select id from made`,
    [column("name"), column("text"), column("tag"), column("description")],
  );
}
