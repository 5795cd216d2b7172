import { mkdir, mkdtemp, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { otherFileSystem } from "../../test/support/run-directory.ts";
import { patiently } from "./folder-location-patience.ts";
import { openLocations } from "./locations.ts";

describe("the locations of an installation", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "promptlib-locations-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const openWith = (...urls: string[]) =>
    openLocations({ backupDir: join(root, "backups"), make: true, urls, postgresData: join(root, "postgres", "data") });

  it("are the home's own folder, made for its owner alone, and then the configured ones", async () => {
    const locations = await openWith(
      `file://${root}/b?domain=elsewhere&required=true`,
      `file://${root}/c`,
      `file://${root}/d`,
    );
    expect(locations.map(({ name }) => name)).toEqual(["primary", "secondary", "tertiary", "location-4"]);
    expect(locations[0]).toMatchObject({ url: `file://${root}/backups`, domain: "disk", required: false });
    expect(locations[1]).toMatchObject({ domain: "elsewhere", required: true });
    expect((await stat(join(root, "backups"))).mode & 0o777).toBe(0o700);
    expect(await locations[0]?.put("a", Buffer.from("a"))).toBe("stored");
  });

  it("are left as they are by who only looks: a folder that is not there is not made", async () => {
    const backupDir = join(root, "backups");
    const [primary] = await openLocations({ backupDir, make: false, urls: [], postgresData: join(root, "data") });
    await expect(primary?.list("")).rejects.toMatchObject({ code: "location_unavailable" });
    await expect(primary?.put("a", Buffer.from("a"))).rejects.toMatchObject({ code: "location_unavailable" });
    await expect(stat(backupDir)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("are told from PostgreSQL's disk by the device, where nothing was said", async ({ skip }) => {
    await mkdir(join(root, "same"));
    const elsewhere = (await otherFileSystem(root)) ?? skip("there is no second file system here");
    try {
      const locations = await openWith(`file://${root}/same`, `file://${elsewhere}`, `file://${root}/absent`);
      expect(locations.map(({ domain }) => domain)).toEqual(["disk", "disk", "host", "disk"]);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  it("may be away when they are opened: that shows when they are used", async () => {
    const [, second] = await openWith(`file://${root}/not-mounted`);
    await expect(second?.list("")).rejects.toMatchObject({ code: "location_unavailable" });
  });

  it("are not waited for where one hangs, and that one says so at once", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await mkdir(join(root, "b"));
    await symlink(join(root, "b"), join(root, "hangs"));
    const late = patiently(join(root, "hangs"), () => promise, { patience: 1 });
    await expect(late).rejects.toMatchObject({ code: "ETIMEDOUT" });
    // Not seen to be the same folder: it was not looked at.
    const [primary, , third] = await openWith(`file://${root}/b`, `file://${root}/hangs`);
    const hangs = { code: "location_unavailable", message: expect.stringMatching(/tertiary.*does not answer/) };
    await expect(third?.list("")).rejects.toMatchObject(hangs);
    expect(await primary?.put("a", Buffer.from("a"))).toBe("stored");
    resolve();
    await expect.poll(() => third?.list("")).toEqual([]);
  });

  it("are refused with all faults together, and nothing is made", async () => {
    const failure = openWith("s3://bucket", `file://${root}/a?domain=x`, `file://${root}/b`);
    await expect(failure).rejects.toMatchObject({
      code: "config_invalid",
      details: { faults: [expect.stringContaining("not there yet"), expect.stringContaining("domain=disk")] },
    });
    await expect(stat(join(root, "backups"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("are refused when two are one folder, by whatever name", async () => {
    await mkdir(join(root, "a"));
    await symlink(join(root, "a"), join(root, "link"));
    await expect(openWith(`file://${root}/a`, `file://${root}/link`)).rejects.toThrow("the same folder as");
    await expect(openWith(`file://${root}/backups`)).rejects.toThrow("the same folder as");
    await expect(openWith(`file://${root}/x`, `file://${root}/x/`)).rejects.toThrow("the same folder as");
  });
});
