import { readdir, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryHome, testCluster } from "../../test/support/cluster.ts";
import type { Home } from "../base/config.ts";
import { clusterExists, stopLeftOver } from "./cluster.ts";
import { existingPlace, preparePlace } from "./place.ts";

let made: Awaited<ReturnType<typeof temporaryHome>>;
let home: Home;
beforeEach(async () => {
  made = await temporaryHome();
  home = made.home;
});
afterEach(() => made.remove());

describe("a home whose database lived elsewhere, where nothing is any more,", () => {
  beforeEach(async () => await symlink("../disk/postgres", home.postgres));

  it("had one, of which nothing runs", async () => {
    expect(await existingPlace(home)).toMatchObject({ root: join(dirname(home.root), "disk/postgres"), lost: true });
    expect(await clusterExists(home)).toBe(true);
    await stopLeftOver(home);
  });

  it("gets no new one by a start, nor by a restore: its disk may only not be mounted", async () => {
    const gone = { code: "postgres_start_failed", message: expect.stringContaining("is gone") };
    await expect(testCluster(home).start()).rejects.toMatchObject(gone);
    await expect(preparePlace(home, null)).rejects.toMatchObject(gone);
    expect(await readdir(dirname(home.root))).toEqual(["home"]);
  });

  it("is one like any other when the disk is there again", async () => {
    await rm(home.postgres);
    await symlink(dirname(home.root), home.postgres);
    expect(await existingPlace(home)).toMatchObject({ root: dirname(home.root), lost: false });
  });
});
