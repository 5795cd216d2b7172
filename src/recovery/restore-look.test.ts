import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../test/support/database.ts";
import { runOnce } from "../../test/support/library.ts";
import type { Scratch } from "../postgres/scratch.ts";
import { lookAt } from "./restore-look.ts";

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await freshDatabase({ empty: true });
});
afterAll(() => fresh.drop());

describe("a look at a restored server", () => {
  let data: string;
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), "promptlib-look-"));
    await mkdir(join(data, "pg_wal"));
    await writeFile(join(data, "pg_wal/00000001.history"), "1\t0/3000028\tbefore 2026-11-22 06:00:00+00\n");
    await runOnce(fresh.superuserConfig, 'create table public."odd ""name" (a int)');
    await runOnce(fresh.superuserConfig, "create materialized view public.empty as select 1 with no data");
  });
  afterAll(() => rm(data, { recursive: true }));

  const scratch = (): Scratch => ({
    pid: 0,
    connection: (database) => ({ ...fresh.superuserConfig, database }),
    ended: async () => {},
    stop: async () => {},
    targetReached: true,
    redoDone: null,
  });

  it("tells which timeline it left, and where, when it can read every table of every database", async () => {
    expect(await lookAt(scratch(), data, [fresh.name])).toEqual({
      ...{ timeline: 1, branch: { timeline: 1, lsn: "0/3000028" }, lastCommit: null },
      targetReached: true,
    });
  });

  it("refuses one that has lost a database", async () => {
    await expect(lookAt(scratch(), data, [fresh.name, "lost"])).rejects.toMatchObject({
      code: "restore_failed",
      message: expect.stringContaining('database "lost" does not exist'),
    });
  });
});
