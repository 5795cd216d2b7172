import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLog } from "../base/log.ts";
import { drillDatabaseFailure } from "./drill.ts";
import { readReports } from "./reports.ts";
import { asMounted, makePlaces, type Place, storeAttested, storeBackup } from "./testing/verify-fixture.ts";

const ID = "20261122T060000Z-7f3a";
const signal = new AbortController().signal;

let place: Place;
let directory: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  const made = await makePlaces(["primary"]);
  [place] = made.places as [Place];
  ({ directory, remove } = made);
});
afterEach(() => remove());

const recovery = () => join(directory, "recovery");
const drill = async () => {
  const site = {
    root: directory,
    account: null,
    bin: "",
    locations: [asMounted(place)],
    log: openLog("error", null),
    signal,
  };
  const ground = { root: directory, recovery: recovery() };
  return await drillDatabaseFailure({ site, ground, major: 18, free: null, progress: () => {} });
};

describe("a drill", () => {
  it("whose location is away says so, orders no new backup, and is no drill that failed", async () => {
    await storeBackup([place], { id: ID });
    await storeAttested(place, ID, "0/2000200");
    await rm(place.root, { recursive: true });
    await expect(drill()).rejects.toMatchObject({
      code: "location_unavailable",
      message: expect.stringMatching(/^No backup with an attested point was found\. The location primary \(/),
    });
    expect(existsSync(join(recovery(), "drills"))).toBe(false);
  });

  it("without an attested backup asks for one, and is kept", async () => {
    await storeBackup([place], { id: ID });
    await expect(drill()).rejects.toMatchObject({ code: "restore_impossible", hint: expect.stringMatching(/backup/) });
    expect(await readReports(recovery(), "drills")).toMatchObject([{ ok: false, backup: null }]);
  });
});
