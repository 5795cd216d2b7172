/** Cutting a text where something was found in it. */

export interface Piece {
  text: string;
  found: boolean;
}

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
