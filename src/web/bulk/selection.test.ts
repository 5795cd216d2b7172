import { expect, it } from "vitest";
import type { PromptSummary } from "../../sdk/index.ts";
import { toggled } from "./selection.ts";

const rows = ["a", "b", "c", "d"].map((name) => ({ name }) as PromptSummary);
const names = (chosen: ReadonlyMap<string, unknown>) => [...chosen.keys()].sort().join("");

it("a range is chosen from where one was to where one is, in either direction, and let go in the same way", () => {
  const one = toggled(new Map(), rows, 1, 1);
  expect(names(one)).toBe("b");
  const range = toggled(one, rows, 3, 1);
  expect(names(range)).toBe("bcd");
  expect(names(toggled(range, rows, 2, 3))).toBe("b");
  expect(names(toggled(range, rows, 0, 3))).toBe("abcd");
});
