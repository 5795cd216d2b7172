import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { temporaryHome } from "../../test/support/cluster.ts";
import { freePort } from "../../test/support/free-port.ts";
import { openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { databaseUrl } from "../../test/support/server.ts";
import { readConfig } from "../base/config.ts";
import { readExports } from "../base/export-folder.ts";
import { runNightly } from "./nightly.ts";

let library: TestLibrary;
let own: Awaited<ReturnType<typeof temporaryHome>>;
beforeEach(async () => {
  [library, own] = await Promise.all([openLibrary(), temporaryHome()]);
});
afterEach(async () => {
  await library.close();
  await own.remove();
});

const run = (url: string) =>
  runNightly(readConfig({ PROMPTLIB_HOME: own.home.root, DATABASE_URL: url }), new AbortController().signal);
const known = () => readExports(join(own.home.root, "exports"));

it("an export that is made is noted, and one that fails is, with its reason", async () => {
  const url = databaseUrl(library.fresh, null);
  await run(url);
  expect((await known()).last).toMatchObject({ problem: null });
  await library.asSuperuser("alter table aliases rename to elsewhere");
  await expect(run(url)).rejects.toMatchObject({ code: "export_failed" });
  expect((await known()).last?.problem).toMatch(/^It could not be written: .*aliases/);
});

it("one that the database went away from says nothing of exports: health tells of the database, and it is due again", async () => {
  await expect(run(`postgres://promptlib_app@127.0.0.1:${await freePort()}/promptlib`)).rejects.toMatchObject({
    code: "database_unavailable",
  });
  expect(await known()).toEqual({ whole: [], last: null });
});
