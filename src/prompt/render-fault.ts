/** What rendering finds wrong or strange, and where. */
export interface RenderFault {
  /** The variable that it is about, or null. */
  variable: string | null;
  /** The included prompt in whose text it is; null: in the prompt itself. */
  include: string | null;
  /** The message, from 0, of a chat prompt. */
  index: number | null;
  /** From 1, as in template faults; null where it is at no place in a text. */
  line: number | null;
  column: number | null;
  message: string;
}

/** A text that is rendered: of the prompt (one message of it, maybe), or of an include. */
export interface Source {
  include: string | null;
  index: number | null;
  text: string;
}

/** A place in a source, as an offset: line and column are counted only for what is told. Null: the whole of it. */
export interface Spot {
  source: Source;
  offset: number | null;
}

const NOWHERE: Source = { include: null, index: null, text: "" };

/** So many faults, and so many warnings, are told at once. */
const TOLD_LIMIT = 100;

/** The first of them, in the order in which they were added. */
export class Faults {
  readonly told: RenderFault[] = [];
  /** Where the lines of a source begin: a text of many lines may have many faults. */
  readonly #lines = new Map<string, number[]>();

  add(spot: Spot | null, variable: string | null, message: string): void {
    if (this.told.length === TOLD_LIMIT) return;
    const { source, offset } = spot ?? { source: NOWHERE, offset: null };
    const place = offset === null ? { line: null, column: null } : this.#lineAndColumn(source.text, offset);
    this.told.push({ variable, include: source.include, index: source.index, ...place, message });
  }

  /** Both from 1. */
  #lineAndColumn(text: string, offset: number): { line: number; column: number } {
    const lines = this.#lines.get(text) ?? lineStarts(text);
    this.#lines.set(text, lines);
    const next = lines.findIndex((start) => start > offset);
    const line = next === -1 ? lines.length : next;
    return { line, column: offset - (lines[line - 1] ?? 0) + 1 };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", end + 1)) starts.push(end + 1);
  return starts;
}
