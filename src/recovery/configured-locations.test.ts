import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readConfig } from "../base/config.ts";
import { configuredLocations } from "./configured-locations.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "promptlib-configured-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const configured = (environment: Record<string, string>, make = true) =>
  configuredLocations(readConfig({ PROMPTLIB_HOME: join(root, "home"), ...environment }), { make });

describe("the locations that the configuration names", () => {
  it("are the folder of the home, and then those of BACKUP_LOCATIONS", async () => {
    await mkdir(join(root, "far"));
    const locations = await configured({ BACKUP_LOCATIONS: `file://${root}/far?domain=elsewhere` });
    expect(locations.map(({ name, url, domain }) => [name, url, domain])).toEqual([
      ["primary", `file://${root}/home/backups`, "disk"],
      ["secondary", `file://${root}/far?domain=elsewhere`, "elsewhere"],
    ]);
    expect(await readdir(join(root, "home"))).toEqual(["backups"]);
  });

  it("are there, too, where the directory that the database lived in is gone", async () => {
    await mkdir(join(root, "home"));
    await symlink(join(root, "gone"), join(root, "home/postgres"));
    expect(await configured({ BACKUP_DIR: join(root, "backups") })).toHaveLength(1);
  });

  it("make nothing for who only looks", async () => {
    expect(await configured({}, false)).toHaveLength(1);
    expect(await readdir(root)).toEqual([]);
  });
});
