/** The names that the titles of one import got so far: repeated titles are numbered, identical twins found. Keeps fingerprints only. */
import { fingerprint } from "./fingerprint.ts";

export class GivenNames {
  readonly #taken = new Set<string>();
  /** The number to try next for a title that repeats. */
  readonly #next = new Map<string, number>();
  /** For each whole row the number its name got; 1 is the title as it is. */
  readonly #rows = new Map<string, number>();

  /** Answers the name for a row, ` (2)`, ` (3)` behind a title that is taken; or the name of its earlier twin. */
  give(title: string, rest: readonly string[]): { name: string } | { twin: string } {
    const row = fingerprint(title, ...rest);
    const twin = this.#rows.get(row);
    if (twin !== undefined) return { twin: numbered(title, twin) };
    const number = this.#free(title);
    const name = numbered(title, number);
    this.#rows.set(row, number);
    this.#taken.add(fingerprint(name));
    return { name };
  }

  #free(title: string): number {
    if (!this.#taken.has(fingerprint(title))) return 1;
    const key = fingerprint(title);
    let number = this.#next.get(key) ?? 2;
    while (this.#taken.has(fingerprint(numbered(title, number)))) number += 1;
    this.#next.set(key, number + 1);
    return number;
  }
}

function numbered(title: string, number: number): string {
  return number === 1 ? title : `${title} (${number})`;
}
