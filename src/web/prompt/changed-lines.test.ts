import { expect, it } from "vitest";
import { changedLines } from "./changed-lines.ts";

it.each([
  ["a line was changed", "a\nb\nc", "a\nB\nc", [1, 2], [1, 2]],
  ["a line was added", "a\nc", "a\nb\nc", [1, 1], [1, 2]],
  ["lines were taken out", "a\nb\nb\nc", "a\nb\nc", [2, 3], [2, 2]],
  ["nothing was changed", "a\nb", "a\nb", [2, 2], [2, 2]],
  ["everything was changed", "a", "b\nc", [0, 1], [0, 2]],
])("%s", (_what, one, other, first, second) => {
  expect(changedLines(one, other)).toEqual({ one: first, other: second });
});
