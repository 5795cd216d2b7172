/** What differs between two texts, line by line, with a few lines around. */
import { diffLines } from "diff";
import type { DiffHunk, TextDiff } from "../contract/diff.ts";
import { commonEnds } from "./common-ends.ts";

/** Lines shown around what differs. */
const CONTEXT = 3;
/** Lines added and removed up to which the best way from one to the other is looked for: about a tenth of a second. */
export const MOST_EDITS = 1_000;

type Kind = "same" | "added" | "removed";
interface Block {
  kind: Kind;
  lines: string[];
}

/**
 * Null where nothing differs. A line keeps its end: one without is another line than one with. `among`: how many texts
 * share the time, which grows with the square of the edits.
 */
export function diffText(from: string, to: string, among = 1): TextDiff | null {
  if (from === to) return null;
  const changes = diffLines(from, to, { maxEditLength: Math.ceil(MOST_EDITS / Math.sqrt(among)) });
  const blocks = changes
    ? changes.map(({ value, added, removed }): Block => {
        return { kind: added ? "added" : removed ? "removed" : "same", lines: linesOf(value) };
      })
    : coarsely(linesOf(from), linesOf(to));
  const count = (kind: Kind) => blocks.reduce((sum, each) => sum + (each.kind === kind ? each.lines.length : 0), 0);
  return { added: count("added"), removed: count("removed"), coarse: !changes, hunks: hunksOf(blocks) };
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** What begins and ends alike, and one block against another in between. */
function coarsely(from: readonly string[], to: readonly string[]): Block[] {
  const { start, end } = commonEnds(from, to);
  const blocks: Block[] = [
    { kind: "same", lines: from.slice(0, start) },
    { kind: "removed", lines: from.slice(start, from.length - end) },
    { kind: "added", lines: to.slice(start, to.length - end) },
    { kind: "same", lines: from.slice(from.length - end) },
  ];
  return blocks.filter(({ lines }) => lines.length > 0);
}

function hunksOf(blocks: readonly Block[]): DiffHunk[] {
  const hunks: DiffHunk[] = [];
  let [fromLine, toLine] = [1, 1];
  let open: DiffHunk | null = null;
  for (const [at, { kind, lines }] of blocks.entries()) {
    if (kind === "same") {
      open = surround(hunks, open, { lines, fromLine, toLine, isLast: at === blocks.length - 1 });
    } else {
      if (!open) {
        open = { fromLine, toLine, parts: [] };
        hunks.push(open);
      }
      open.parts.push({ kind, lines });
    }
    if (kind !== "added") fromLine += lines.length;
    if (kind !== "removed") toLine += lines.length;
  }
  return hunks;
}

interface Same {
  lines: string[];
  fromLine: number;
  toLine: number;
  isLast: boolean;
}

/** Lines that are the same belong to what is before them, to what is behind them, or to both. */
function surround(hunks: DiffHunk[], open: DiffHunk | null, same: Same): DiffHunk | null {
  const { lines, fromLine, toLine, isLast } = same;
  if (open && (isLast || lines.length > 2 * CONTEXT)) open.parts.push({ kind: "same", lines: lines.slice(0, CONTEXT) });
  else if (open) {
    open.parts.push({ kind: "same", lines });
    return open;
  }
  if (isLast) return null;
  const left = Math.max(0, lines.length - CONTEXT);
  const next: DiffHunk = { fromLine: fromLine + left, toLine: toLine + left, parts: [] };
  next.parts.push({ kind: "same", lines: lines.slice(left) });
  hunks.push(next);
  return next;
}
