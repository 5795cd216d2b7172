import { expect, it } from "vitest";
import { nextLook } from "./next-look.ts";

it("what was changed is looked at after a second, while much is after five, and what is dear to the server less often", () => {
  const looks = { now: 100_000, since: 0, lookedAt: null, took: 10 };
  expect(nextLook(looks)).toBe(101_000);
  expect(nextLook({ ...looks, lookedAt: 98_000 })).toBe(103_000);
  expect(nextLook({ ...looks, lookedAt: 98_000, took: 800 })).toBe(178_000);
  expect(nextLook({ ...looks, since: 99_900, took: 800 })).toBe(179_900);
});
