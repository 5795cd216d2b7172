import { expect, it } from "vitest";
import { homeAt } from "../base/config.ts";
import { diskHealth, mirrorHealth } from "./health.ts";

/** A disk on which nothing can be written. */
const FULL = "/proc";

it("a full disk is told, by whose it is: the database's, if that is ours, or the mirror's", async () => {
  const home = homeAt(process.cwd());
  const elsewhere = { url: "postgres://a@b/c", adminUrl: "postgres://a@b/c" };
  const told = async (paths: object, database: typeof elsewhere | null = null) =>
    (await diskHealth({ home: { ...home, ...paths }, database })).note;
  const only = (of: string) => `Only 0 MiB are free on the disk of the ${of}.`;
  expect(await told({ postgres: FULL })).toBe(only("database"));
  expect(await told({ postgres: FULL }, elsewhere)).not.toBe(only("database"));
  expect(await told({ data: FULL }, elsewhere)).toBe(only("mirror"));
});

it("a disk that is gone is told like any other trouble, without saying where it was", async () => {
  for (const root of ["/nowhere/home", "/dev/null/home"]) {
    const { state, note } = await diskHealth({ home: homeAt(root), database: null });
    expect([state, note]).toEqual([
      "degraded",
      expect.stringMatching(/^How much room is left cannot be told \(E\w+\)/),
    ]);
  }
});

it("a mirror that is left to another server and is not kept current is told after a minute", () => {
  const left = (unwrittenFor: number) =>
    mirrorHealth({ feed: { isLive: true }, mirror: { age: null, isFailing: false, isWriter: false, unwrittenFor } });
  expect(left(59_000)).toMatchObject({ state: "up", note: expect.stringContaining("Another server writes it") });
  expect(left(75_000)).toMatchObject({ state: "degraded", note: expect.stringContaining("not been current for 75 s") });
});
