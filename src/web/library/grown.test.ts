import { expect, it } from "vitest";
import type { FoundPrompt } from "../../sdk/index.ts";
import { inPlace, isSameOrder, NOTHING } from "./grown.ts";

const list = (...rows: readonly [name: string, newest: number][]) => ({
  ...NOTHING,
  cursor: null,
  total: rows.length,
  items: rows.map(([name, newest]) => ({ name, newest }) as FoundPrompt),
});

it("rows say what they say now where they were, whatever came, went or changed places", () => {
  const present = list(["a", 1], ["b", 1], ["c", 1]);
  const fresh = list(["new", 1], ["c", 2], ["b", 1]);
  expect(inPlace(present, fresh)).toEqual(list(["a", 1], ["b", 1], ["c", 2]));
  expect(isSameOrder(present, fresh)).toBe(false);
  expect(isSameOrder(present, list(["a", 2], ["b", 3], ["c", 1]))).toBe(true);
  expect(isSameOrder(present, list(["a", 1], ["b", 1]))).toBe(false);
});
