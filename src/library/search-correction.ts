/** Misspelt words: those that occur nowhere in the project, and what was probably meant. */
import { sql } from "kysely";
import type { PromptList } from "../contract/search.ts";
import type { Queries } from "../database/database.ts";
import type { SearchQuery, SearchTerm } from "../prompt/search-query.ts";
import type { ProjectRef } from "./find.ts";
import { wordLexeme } from "./search-lexemes.ts";

export type Correction = NonNullable<PromptList["corrected"]>[number];

/** So many words stand in for one that is misspelt. */
const TAKEN = 3;

interface Wording {
  corrections?: readonly Correction[];
  /** `whole`: words as they are, where their beginnings would be enough. `typed`: the last one is still being typed. */
  beginnings?: "whole" | "typed" | undefined;
  /** The words of phrases wherever they are: it is in all that has what is looked for, and in more. */
  apart?: boolean;
}

/** What is looked for, for a cast to tsquery; a corrected word is one of those that stand in. */
export function wordsQuery(
  project: ProjectRef,
  { wanted, unwanted }: SearchQuery,
  { corrections = [], beginnings, apart = false }: Wording = {},
): string {
  const standIns = new Map(corrections.map(({ word, taken }) => [word, taken]));
  const isOpen = (term: SearchTerm, at: number) =>
    beginnings === "typed" && at === wanted.length - 1 ? !term.quoted : term.open && beginnings !== "whole";
  return [
    ...wanted.map((term, at) => termQuery(project, { ...term, open: isOpen(term, at) }, standIns, apart)),
    ...unwanted
      .filter(({ words }) => !apart || words.length === 1)
      .map((term) => `!(${termQuery(project, term, new Map())})`),
  ].join(" & ");
}

/** Words are letters, digits and marks, so there is nothing to quote within them. */
function termQuery(
  project: ProjectRef,
  { words, open }: Pick<SearchTerm, "words" | "open">,
  standIns: ReadonlyMap<string, readonly string[]>,
  apart = false,
): string {
  const quoted = (word: string) => `'${wordLexeme(project.id, word)}'`;
  const lexeme = (word: string, at: number) => {
    const taken = standIns.get(word);
    if (taken) return `(${taken.map(quoted).join(" | ")})`;
    return `${quoted(word)}${open && at === words.length - 1 ? ":*" : ""}`;
  };
  return words.length === 1 ? lexeme(words[0] ?? "", 0) : `(${words.map(lexeme).join(apart ? " & " : " <-> ")})`;
}

/** For each word of the search that occurs nowhere: those most like it. None, where one has nothing like it. */
export async function corrections(db: Queries, project: ProjectRef, query: SearchQuery): Promise<Correction[]> {
  const words = [...new Set(query.wanted.flatMap((term) => term.words))].filter((word) => word.length >= 3);
  if (words.length === 0) return [];
  const { rows } = await sql<{ word: string; taken: string[] }>`
    select given.word, array(
      select similar_words.word from similar_words(${project.id}::bigint, given.word)
    ) as taken
    from unnest(${words}::text[]) as given(word)
    where not exists (
      select from search_words w where w.project_id = ${project.id}::bigint
        and w.word >= given.word and w.word < given.word || ${"\u{10ffff}"})`.execute(db);
  return rows.map(({ word, taken }) => ({ word, taken: nearest(word, taken) })).filter(({ taken }) => taken.length > 0);
}

/** Of fewest letters to change; PostgreSQL has put them in the order of what they have in common. */
function nearest(word: string, alike: readonly string[]): string[] {
  const distances = alike.map((other) => ({ other, distance: distance(word, other) }));
  const least = Math.min(...distances.map((each) => each.distance));
  return distances
    .filter((each) => each.distance === least && least <= Math.max(1, Math.ceil(word.length / 3)))
    .slice(0, TAKEN)
    .map(({ other }) => other);
}

/** Letters to put in, take out or change, or neighbours to swap (optimal string alignment). */
function distance(a: string, b: string): number {
  const [from, to] = [[...a], [...b]];
  let [before, previous] = [[] as number[], [...Array(to.length + 1).keys()]];
  for (const [i, left] of from.entries()) {
    const row = [i + 1];
    for (const [j, right] of to.entries()) {
      const change = (previous[j] ?? 0) + (left === right ? 0 : 1);
      const swapped = left === to[j - 1] && right === from[i - 1] ? (before[j - 1] ?? 0) + 1 : change;
      row.push(Math.min(change, (previous[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1, swapped));
    }
    [before, previous] = [previous, row];
  }
  return previous.at(-1) ?? 0;
}
