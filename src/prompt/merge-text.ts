/** Two texts that were made of a third: what only one of them changed is taken; where both did, somebody has to choose. */
import { diffLines } from "diff";
import { MOST_EDITS } from "./diff-text.ts";

export type MergePiece =
  /** `by` null: neither changed it, or both did the same. */
  { by: "mine" | "theirs" | null; text: string } | { by: "both"; base: string; mine: string; theirs: string };

/** Lines of the base that a side put others in place of. */
interface Change {
  from: number;
  to: number;
  text: string;
}

/** In the order of the text. Lines keep their ends. */
export function mergeTexts(base: string, mine: string, theirs: string): MergePiece[] {
  const lines = linesOf(base);
  const [my, their] = [changesOf(lines, base, mine), changesOf(lines, base, theirs)];
  const pieces: MergePiece[] = [];
  const add = (piece: MergePiece) => {
    const last = pieces.at(-1);
    if (last && last.by === null && piece.by === null) last.text += piece.text;
    else if (piece.by === "both" || piece.text !== "" || piece.by !== null) pieces.push(piece);
  };
  let at = 0;
  while (my.length > 0 || their.length > 0) {
    const start = Math.min(my[0]?.from ?? Number.POSITIVE_INFINITY, their[0]?.from ?? Number.POSITIVE_INFINITY);
    add({ by: null, text: lines.slice(at, start).join("") });
    const { end, mineHere, theirsHere } = together(my, their, start);
    const was = lines.slice(start, end).join("");
    const [mineText, theirsText] = [applied(lines, start, end, mineHere), applied(lines, start, end, theirsHere)];
    if (mineText === theirsText) add({ by: null, text: mineText });
    else if (theirsHere.length === 0) add({ by: "mine", text: mineText });
    else if (mineHere.length === 0) add({ by: "theirs", text: theirsText });
    else add({ by: "both", base: was, mine: mineText, theirs: theirsText });
    at = end;
  }
  add({ by: null, text: lines.slice(at).join("") });
  return pieces;
}

/** Takes from both lists what overlaps, beginning at `start`. */
function together(my: Change[], their: Change[], start: number) {
  const mineHere: Change[] = [];
  const theirsHere: Change[] = [];
  let end = start;
  for (let grew = true; grew; ) {
    grew = false;
    for (const [list, here] of [
      [my, mineHere],
      [their, theirsHere],
    ] as const) {
      const next = list[0];
      const isFirst = mineHere.length + theirsHere.length === 0;
      // What is put in at one place by both belongs together; what only touches does not.
      const meets = next && (isFirst ? next.from === start : next.from < end || (next.from === end && end === start));
      if (!next || !meets) continue;
      here.push(next);
      list.shift();
      end = Math.max(end, next.to);
      grew = true;
    }
  }
  return { end, mineHere, theirsHere };
}

function applied(lines: readonly string[], start: number, end: number, changes: readonly Change[]): string {
  let text = "";
  let at = start;
  for (const change of changes) {
    text += lines.slice(at, change.from).join("") + change.text;
    at = change.to;
  }
  return text + lines.slice(at, end).join("");
}

function changesOf(lines: readonly string[], base: string, other: string): Change[] {
  if (base === other) return [];
  const found = diffLines(base, other, { maxEditLength: MOST_EDITS });
  // Too different to be compared line by line: one change, of everything.
  if (!found) return [{ from: 0, to: lines.length, text: other }];
  const changes: Change[] = [];
  let at = 0;
  for (const { value, added, removed } of found) {
    const count = linesOf(value).length;
    const last = changes.at(-1);
    if (added && last && last.to === at) last.text += value;
    else if (added) changes.push({ from: at, to: at, text: value });
    else if (removed && last && last.to === at) last.to += count;
    else if (removed) changes.push({ from: at, to: at + count, text: "" });
    if (!added) at += count;
  }
  return changes;
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
