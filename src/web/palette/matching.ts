/** Where one can go, and which of it is meant by what is typed. Pure. */
import type { Address } from "../address.ts";

export interface Entry {
  key: string;
  title: string;
  /** Said beside it, to tell them apart. */
  kind: string;
  /** Found by these words, too. */
  words?: string;
  to: Address;
}

/** Those of which each typed word is the beginning of a word. */
export function matching(entries: readonly Entry[], typed: string): Entry[] {
  const wanted = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter(({ title, kind, words = "" }) => {
    const has = `${title} ${kind} ${words}`.toLocaleLowerCase().split(/[\s/_-]+/);
    return wanted.every((word) => has.some((one) => one.startsWith(word)));
  });
}
