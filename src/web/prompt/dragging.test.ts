import { expect, it } from "vitest";
import { moved } from "./dragging.ts";

it("what is dropped stands before the one it was dropped on, or last; on itself it stays", () => {
  const at = (from: number, before: number) => moved(["a", "b", "c"], from, before).join("");
  expect([at(0, 3), at(0, 2), at(2, 0), at(1, 0), at(2, 1)]).toEqual(["bca", "bac", "cab", "bac", "acb"]);
  expect([at(1, 1), at(1, 2), at(0, 0), at(5, 0)]).toEqual(["abc", "abc", "abc", "abc"]);
});
