import { expect, it } from "vitest";
import { CALM, CLOSE, nextLook } from "./next-look.ts";

it("what was changed is looked at after a second, while much is after five, and what is dear to the server less often", () => {
  const looks = { now: 100_000, since: 0, lookedAt: null, took: 10 };
  expect(nextLook(looks, CALM)).toBe(101_000);
  expect(nextLook({ ...looks, lookedAt: 98_000 }, CALM)).toBe(103_000);
  expect(nextLook({ ...looks, lookedAt: 98_000, took: 800 }, CALM)).toBe(178_000);
  expect(nextLook({ ...looks, since: 99_900, took: 800 }, CALM)).toBe(179_900);
});

it("one prompt is looked at at once, and each second while it is changed without a pause", () => {
  const looks = { now: 100_000, since: 0, lookedAt: null, took: 0 };
  expect(nextLook(looks, CLOSE)).toBe(100_200);
  expect(nextLook({ ...looks, lookedAt: 99_900 }, CLOSE)).toBe(100_900);
});
