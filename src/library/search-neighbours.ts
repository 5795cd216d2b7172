/**
 * Which words stand side by side in a text, as a Bloom filter: a few bits for each pair. What it denies is so; what it
 * does not deny may still be otherwise. A phrase is looked for in the texts alone of which it is not denied.
 */
import { type RawBuilder, sql } from "kysely";
import type { SearchQuery } from "../prompt/search-query.ts";

/** For each pair, of which PLACES are set: of 60 pairs that a text has not, one is not denied. */
const BITS = 10;
const PLACES = 3;
/** In bytes. One of a longer text has fewer bits for each, and denies less. The row must fit into a page of PostgreSQL. */
const SHORTEST = 8;
const LONGEST = 4_096;

export class Neighbours {
  readonly #pairs = new Set<string>();
  #last: string | null = null;

  add(word: string): void {
    if (this.#last !== null) this.#pairs.add(pair(this.#last, word));
    this.#last = word;
  }

  /** What comes next stands beside nothing that was added before. */
  gap(): void {
    this.#last = null;
  }

  get filter(): Buffer {
    const length = Math.ceil((this.#pairs.size * BITS) / 8);
    const filter = Buffer.alloc(Math.min(Math.max(length, SHORTEST), LONGEST));
    for (const each of this.#pairs) {
      for (const place of placesOf(each)) {
        const bit = place % (filter.length * 8);
        filter.writeUInt8(filter.readUInt8(bit >> 3) | (1 << (bit & 7)), bit >> 3);
      }
    }
    return filter;
  }
}

/** Words have no blanks. */
function pair(first: string, second: string): string {
  return `${first} ${second}`;
}

/** Numbers of 32 bits. They are in the database: a change here is one of what is indexed, and needs a migration. */
function placesOf(of: string): number[] {
  // FNV-1a, and the end of MurmurHash3, which spreads what differs in the last characters alone.
  let hash = 0x811c9dc5;
  for (let at = 0; at < of.length; at += 1) hash = Math.imul(hash ^ of.charCodeAt(at), 0x01000193);
  return Array.from({ length: PLACES }, (_, at) => mixed(hash + at * 0x9e3779b9));
}

function mixed(hash: number): number {
  const first = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return (second ^ (second >>> 16)) >>> 0;
}

export function hasPhrase({ wanted }: SearchQuery): boolean {
  return wanted.some(({ words }) => words.length > 1);
}

/** So many are asked for, always: with the same wording the plan of a search can be kept. */
const ASKED = 6;

/**
 * Whether the column `neighbours` does not deny the phrases that are wanted. `open`: the last word of those that may go
 * on is only the beginning of one. A document from before there were neighbours has null.
 */
export function notDenied({ wanted }: SearchQuery, { open }: { open: boolean }): RawBuilder<unknown> {
  const pairs = wanted.flatMap((term) => {
    const whole = open && term.open ? term.words.slice(0, -1) : term.words;
    return whole.slice(1).map((word, at) => pair(whole[at] ?? "", word));
  });
  const places = [...new Set(pairs)].flatMap(placesOf).slice(0, ASKED);
  const last = places.at(-1);
  if (last === undefined) return sql`true`;
  while (places.length < ASKED) places.push(last);
  const isSet = (place: number) => sql`get_bit(neighbours, ${place}::bigint % (octet_length(neighbours) * 8)) = 1`;
  return sql`(neighbours is null or (${sql.join(places.map(isSet), sql` and `)}))`;
}
