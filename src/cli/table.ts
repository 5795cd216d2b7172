/** Plain tables that fit the terminal: columns aligned by what is seen, not by characters. */
import { onOneLine, print } from "./output.ts";

export interface Column<T> {
  title: string;
  cell(row: T): string;
  /** Kept whole, however narrow the terminal is. */
  whole?: true;
  right?: true;
}

const GAP = "  ";
/** A column that is made narrower keeps this much, so that something can still be read. */
const LEAST_WIDTH = 8;

export function printTable<T>(columns: readonly Column<T>[], rows: readonly T[]): void {
  // Into a file or another program everything goes whole; a terminal that does not tell its width says 0.
  const width = process.stdout.isTTY ? process.stdout.columns || null : null;
  for (const line of layTable(columns, rows, width)) print(line);
}

/** The lines of the table. `width` is the terminal's; null: as wide as it needs to be. */
export function layTable<T>(columns: readonly Column<T>[], rows: readonly T[], width: number | null): string[] {
  const titles = columns.map(({ title }) => title);
  const lines = [titles, ...rows.map((row) => columns.map(({ cell }) => onOneLine(cell(row))))];
  const natural = columns.map((_, index) =>
    lines.reduce((widest, line) => Math.max(widest, displayWidth(line[index] ?? "")), 0),
  );
  const widths = width === null ? natural : narrowed(columns, natural, width);
  return lines.map((line) => {
    const cells = line.map((text, index) => padded(text, widths[index] ?? 0, columns[index]?.right === true));
    return cells.join(GAP).trimEnd();
  });
}

/** Takes from the widest columns first. */
function narrowed<T>(columns: readonly Column<T>[], natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const excess = () => widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1)) - width;
  const least = columns.map(({ title, whole }, index) =>
    whole ? (natural[index] ?? 0) : Math.max(LEAST_WIDTH, displayWidth(title)),
  );
  while (excess() > 0) {
    const spare = widths.map((each, index) => (each > (least[index] ?? 0) ? each : 0));
    const widest = spare.indexOf(Math.max(...spare));
    if (spare.every((each) => each === 0)) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function padded(text: string, width: number, right: boolean): string {
  const shown = cut(text, width);
  const padding = " ".repeat(Math.max(0, width - displayWidth(shown)));
  return right ? padding + shown : shown + padding;
}

/** The text, or as much of its beginning as fits, with … in place of the rest. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let shown = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += graphemeWidth(segment);
    if (used > width - 1) break;
    shown += segment;
  }
  return `${shown}…`;
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const plain = /^[\x20-\x7e]*$/;
// Unicode's East Asian Width is no property of regular expressions: the scripts that are written wide, full-width
// forms and emoji are.
const wide =
  /^(?:\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Script=Bopomofo}|\p{Script=Yi}|\p{Emoji_Presentation}|[\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|.\ufe0f)/u;
const halfWidthKana = /^[\uff61-\uffdc]/;
const invisible = /^[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]+$/u;

/** Cells of a terminal that the text takes. */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(grapheme: string): number {
  if (invisible.test(grapheme)) return 0;
  return wide.test(grapheme) && !halfWidthKana.test(grapheme) ? 2 : 1;
}
