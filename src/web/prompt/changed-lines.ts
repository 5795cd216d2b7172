import { commonEnds } from "../../prompt/common-ends.ts";

/** Where two texts differ, roughly: what they have in common at both ends is left out. Lines, from 0. */
export function changedLines(one: string, other: string): { one: [number, number]; other: [number, number] } {
  const [a, b] = [one.split("\n"), other.split("\n")];
  const { start, end } = commonEnds(a, b);
  return { one: [start, a.length - end], other: [start, b.length - end] };
}
