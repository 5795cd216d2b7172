import { expect, it } from "vitest";
import { elapsed } from "./elapsed.ts";

it.each([
  [10, "just now"],
  [90, "1 minute ago"],
  [7_200, "2 hours ago"],
  [3_600 * 25, "1 day ago"],
  [3_600 * 46, "1 day ago"],
  [86_400 * 6, "6 days ago"],
])("%d seconds ago is %s", (seconds, words) => {
  expect(elapsed(1e12, 1e12 + seconds * 1000)).toBe(words);
});

it("what is longer ago than a week has its day", () => {
  expect(elapsed(1e12, 1e12 + 86_400_000 * 7)).toMatch(/^[89] Sept 2001$/);
});

it.each([5, 600, 86_400 * 8])(
  "what has happened %d s ahead of this clock, which is behind the server’s, is just now",
  (seconds) => {
    expect(elapsed(1e12 + seconds * 1000, 1e12)).toBe("just now");
  },
);

it("what is planned is yet to come", () => {
  expect(elapsed(1e12 + 600_000, 1e12, true)).toBe("in 10 minutes");
  expect(elapsed(1e12 + 86_400_000, 1e12, true)).toBe("in 1 day");
});
