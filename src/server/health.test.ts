import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryHome } from "../../test/support/cluster.ts";
import { homeAt } from "../base/config.ts";
import { diskHealth, mirrorHealth, processes } from "./health.ts";

/** A disk on which nothing can be written. */
const FULL = "/proc";
/** Beyond the greatest that Linux gives. */
const NO_PROCESS = 2 ** 30;

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

it("the guardian's process is told as the supervisor wrote it down, unless that is torn or of one that died", async () => {
  const own = await temporaryHome();
  try {
    const told = async (text: string) => {
      await writeFile(join(own.home.run, "children.json"), text);
      return await processes(own);
    };
    const wrote = (supervisor: number, guard: object) =>
      told(JSON.stringify({ supervisor, children: { serve: { state: "running" }, guard } }));
    const waiting = { state: "waiting", since: "2027-01-31T04:43:01.250Z", postgres: { state: "failed" } };
    expect(await processes(own)).toEqual({});
    expect(await wrote(process.pid, { ...waiting, state: "running" })).toMatchObject({ guard: { state: "up" } });
    const note = (since: string) => ({
      guard: { state: "degraded", note: `The process guard has been waiting${since}.` },
    });
    expect(await wrote(process.pid, waiting)).toMatchObject(note(" since 2027-01-31 04:43:01 UTC"));
    expect(await wrote(process.pid, { ...waiting, since: "lately" })).toMatchObject(note(""));
    expect(await wrote(NO_PROCESS, waiting)).toEqual({});
    expect(await told(JSON.stringify({ supervisor: process.pid }))).toEqual({});
    expect(await told('{"supervisor": 7, "chi')).toEqual({});
    expect(await processes({ home: homeAt("/dev/null/home") })).toEqual({});
  } finally {
    await own.remove();
  }
});
