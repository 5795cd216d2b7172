import { expect, it } from "vitest";
import { homeAt } from "../base/config.ts";
import { diskHealth } from "./health.ts";

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
