/** Which rows of a long list are drawn: those in view and some around, whatever the length of the list. */

export interface View {
  /** Pixels between the top of the list and the top of the view; negative while the list begins below it. */
  above: number;
  height: number;
  rowHeight: number;
  count: number;
}

/** Rows beyond each edge: scrolling shows no gap, and the next row can take the focus. */
export const SPARE = 10;

/** From the first, to before the last. */
export function visibleRows({ above, height, rowHeight, count }: View, spare = SPARE): { from: number; to: number } {
  const first = Math.floor(above / rowHeight) - spare;
  const last = Math.ceil((above + height) / rowHeight) + spare;
  const to = Math.min(Math.max(last, 0), count);
  return { from: Math.min(Math.max(first, 0), to), to };
}
