import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Home, homeAt } from "./config.ts";
import { leastRoom, prepareHome } from "./home.ts";

/** A disk on which nothing can be written. */
const FULL = "/proc";

let directory: string;
let home: Home;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "promptlib-room-"));
  home = homeAt(join(directory, "home"));
  await prepareHome(home);
});
afterEach(async () => await rm(directory, { recursive: true }));

it("a home whose database lies on a full disk is not started, unless its database is another, and can be recovered", async () => {
  const full = { ...home, postgres: FULL };
  const message = expect.stringContaining(`0 MiB free where ${FULL} lies`);
  await expect(prepareHome(full, ["database"])).rejects.toMatchObject({ code: "disk_full", message });
  await prepareHome(full);
});

it("the least room is told of the disk where it is", async () => {
  expect(await leastRoom({ ...home, data: FULL }, ["database", "mirror"])).toEqual({
    of: "mirror",
    path: FULL,
    free: 0,
  });
  expect(await leastRoom({ ...home, data: FULL, postgres: FULL }, ["database", "mirror"])).toMatchObject({
    of: "database",
  });
  expect(await leastRoom({ ...home, postgres: FULL }, ["mirror"])).toMatchObject({ of: "home" });
});

it("on one disk the home is named, also before there is a database", async () => {
  expect(await leastRoom(home, ["database", "mirror"])).toMatchObject({ of: "home", path: home.root });
});
