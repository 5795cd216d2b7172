import { expect, it } from "vitest";
import { elapsed } from "./elapsed.ts";

it.each([
  [10, "just now"],
  [90, "1 minute ago"],
  [7_200, "2 hours ago"],
  [86_400 * 1.5, "yesterday"],
  [86_400 * 20, "2 weeks ago"],
  [86_400 * 400, "last year"],
])("%d seconds ago is %s", (seconds, words) => {
  expect(elapsed(1e12, 1e12 + seconds * 1000)).toBe(words);
});

it("a clock that is ahead of the server’s is no nonsense", () => {
  expect(elapsed(1e12 + 5_000, 1e12)).toBe("just now");
});
