/** What somebody looks for: words, "phrases", and -words that must not be there. */
import { PromptlibError } from "../contract/errors.ts";
import { fold, isUnspaced, wordsOf } from "./search-words.ts";

export interface SearchTerm {
  /** One after the other; one where a plain word was given. */
  words: string[];
  /** The last of them may go on: `summ` finds `summary`. Not inside quotes. */
  open: boolean;
  /** Given in quotes: nothing else is meant. */
  quoted: boolean;
  /** Folded as it was given, blanks and all. */
  text: string;
}

export interface SearchQuery {
  wanted: SearchTerm[];
  unwanted: SearchTerm[];
  /** What is wanted, folded. */
  text: string;
}

const TERMS_LIMIT = 32;
/** Shorter ones stand for themselves: too many words begin with them. One character of an unspaced script is a word. */
const OPEN_FROM = 3;

/** Throws `invalid_request` where there is nothing that could be looked for. */
export function parseSearch(search: string): SearchQuery {
  const query: SearchQuery = { wanted: [], unwanted: [], text: "" };
  for (const [, minus, quoted, bare] of search.matchAll(/(?<!\S)(-?)(?:"([^"]*)"?|(\S+))/gu)) {
    const term = termOf(quoted ?? bare ?? "", quoted !== undefined);
    if (term) query[minus ? "unwanted" : "wanted"].push(term);
  }
  if (query.wanted.length === 0) throw nothingToLookFor(query.unwanted.length > 0);
  if (query.wanted.length + query.unwanted.length > TERMS_LIMIT) throw tooManyTerms();
  query.text = query.wanted.map(({ text }) => text).join(" ");
  return query;
}

function termOf(given: string, quoted: boolean): SearchTerm | null {
  const words = [...wordsOf(given)].map(({ word }) => word);
  const last = words.at(-1);
  if (last === undefined) return null;
  const unspaced = isUnspaced(last);
  // Of an unspaced run the last character alone is the beginning of its pair.
  if (words.length > 1 && unspaced && [...last].length === 1 && (words.at(-2) ?? "").endsWith(last)) words.pop();
  const open = !quoted && (last.length >= OPEN_FROM || unspaced);
  return { words, open, quoted, text: fold(given).trim() };
}

/** Whether a word of a text is one of the term. */
export function isOfTerm({ words, open }: SearchTerm, word: string): boolean {
  return words.some((each, at) => word === each || (open && at === words.length - 1 && word.startsWith(each)));
}

function nothingToLookFor(onlyUnwanted: boolean): PromptlibError {
  return new PromptlibError("invalid_request", {
    message: onlyUnwanted
      ? "The search says only what must not be there."
      : "The search has no word: give letters or digits.",
    details: { faults: [{ field: "query.search", fault: "has nothing to look for" }] },
  });
}

function tooManyTerms(): PromptlibError {
  return new PromptlibError("invalid_request", {
    message: `The search has more than ${TERMS_LIMIT} words.`,
    details: { faults: [{ field: "query.search", fault: `has more than ${TERMS_LIMIT} words` }] },
  });
}
