import { expect, it } from "vitest";
import { elapsed } from "./elapsed.ts";

it.each([
  [10, "just now"],
  [90, "1 minute ago"],
  [7_200, "2 hours ago"],
  [86_400 * 1.5, "yesterday"],
  [86_400 * 6, "6 days ago"],
])("%d seconds ago is %s", (seconds, words) => {
  expect(elapsed(1e12, 1e12 + seconds * 1000)).toBe(words);
});

it("what is longer ago than a week has its day", () => {
  expect(elapsed(1e12, 1e12 + 86_400_000 * 7)).toMatch(/^[89] Sept 2001$/);
});

it("a clock that is ahead of the server’s is no nonsense", () => {
  expect(elapsed(1e12 + 5_000, 1e12)).toBe("just now");
});
