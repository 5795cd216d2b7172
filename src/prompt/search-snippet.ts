/** The piece of a text that shows why it was found, with the places of what was looked for. */
import { isOfTerm, type SearchTerm } from "./search-query.ts";
import { wordsOf } from "./search-words.ts";

/** From where to where, in UTF-16 code units of the text beside it. */
export type Mark = [start: number, end: number];
export interface Snippet {
  text: string;
  marks: Mark[];
}

/** Longest snippet, in code units, before it is cut at a blank. */
const LENGTH = 200;
/** Of the match, so much is shown before it. */
const LEAD = 60;
/** Places that are looked at for the piece that has most of the words. */
const PLACES = 200;

interface Place {
  term: number;
  start: number;
  end: number;
}

/** Every place in the text, without overlaps: a phrase counts as its words, each of which is marked. */
export function marksIn(text: string, terms: readonly SearchTerm[]): Mark[] {
  return merged(placesIn(text, terms));
}

/** Around the first place with most of the words; null where none of them is in the text. */
export function snippetOf(text: string, terms: readonly SearchTerm[]): Snippet | null {
  const places = placesIn(text, terms);
  const best = densest(places);
  if (!best) return null;
  const from = startNear(text, Math.max(0, best.start - LEAD));
  return cutOut(text, from, places);
}

/** What is shown where nothing is to be marked. */
export function beginningOf(text: string): Snippet {
  return cutOut(text, 0, []);
}

function placesIn(text: string, terms: readonly SearchTerm[]): Place[] {
  const places: Place[] = [];
  for (const { word, start, end } of wordsOf(text)) {
    const term = terms.findIndex((each) => isOfTerm(each, word));
    if (term >= 0) places.push({ term, start, end });
    if (places.length >= PLACES) break;
  }
  return places;
}

function densest(places: readonly Place[]): Place | null {
  let best: Place | null = null;
  let most = 0;
  for (const [at, place] of places.entries()) {
    const near = new Set<number>();
    for (let next = at; next < places.length; next += 1) {
      const other = places[next];
      if (!other || other.end > place.start + LENGTH - LEAD) break;
      near.add(other.term);
    }
    if (near.size > most || best === null) {
      best = place;
      most = near.size;
    }
  }
  return best;
}

/** The next blank behind, so that no word is cut, if there is one near. */
function startNear(text: string, from: number): number {
  if (from === 0) return 0;
  const blank = text.slice(from, from + 20).search(/\s/);
  if (blank >= 0) return from + blank + 1;
  return isHalf(text, from) ? from + 1 : from;
}

function endNear(text: string, to: number): number {
  if (to >= text.length) return text.length;
  const blank = text.slice(to - 20, to).search(/\s\S*$/);
  if (blank >= 0) return to - 20 + blank;
  return isHalf(text, to) ? to - 1 : to;
}

/** Whether the position is in the middle of a character of two units. */
function isHalf(text: string, at: number): boolean {
  return /^[\udc00-\udfff]/.test(text.slice(at, at + 1));
}

function cutOut(text: string, from: number, places: readonly Place[]): Snippet {
  const to = endNear(text.trimEnd(), from + LENGTH);
  const before = from > 0 ? "…" : "";
  const after = to < text.trimEnd().length ? "…" : "";
  const marks = merged(places.filter(({ start, end }) => start >= from && end <= to)).map(([start, end]): Mark => {
    const shift = before.length - from;
    return [start + shift, end + shift];
  });
  // One line, each blank in the place of one, so that the marks stay where they are.
  return { text: `${before}${text.slice(from, to).replace(/\s/g, " ")}${after}`, marks };
}

/** Pairs of characters overlap. */
function merged(places: readonly { start: number; end: number }[]): Mark[] {
  const marks: Mark[] = [];
  for (const { start, end } of places) {
    const last = marks.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else marks.push([start, end]);
  }
  return marks;
}
