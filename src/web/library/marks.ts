/** Cutting a text where something was found in it. */

export interface Piece {
  text: string;
  found: boolean;
}

/** Where to begin a piece of text so that what was found is in view also where there is little room. */
export function beginningOf({ text, marks }: { text: string; marks: readonly (readonly [number, number])[] }): number {
  const [first = 0] = marks[0] ?? [];
  if (first <= BEFORE) return 0;
  const space = text.indexOf(" ", first - BEFORE);
  return space === -1 || space >= first ? first : space + 1;
}

const BEFORE = 24;

/** `marks`: from, to, in UTF-16 code units of the whole text, in order; only what lies between `from` and `to` is cut. */
export function piecesOf(
  text: string,
  marks: readonly (readonly [number, number])[],
  from = 0,
  to = text.length,
): Piece[] {
  const pieces: Piece[] = [];
  let at = from;
  const add = (end: number, found: boolean) => {
    if (end > at) pieces.push({ text: text.slice(at, end), found });
    at = Math.max(at, end);
  };
  for (const [start, end] of marks) {
    add(Math.min(Math.max(start, from), to), false);
    add(Math.min(Math.max(end, from), to), true);
  }
  add(to, false);
  return pieces;
}
