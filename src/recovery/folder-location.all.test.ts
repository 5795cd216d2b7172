/** Disks that are full, read-only or away: they are mounted, which needs root. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { extractArchive } from "./archive-extract.ts";
import { openFolderLocation } from "./folder-location.ts";
import type { Location } from "./location.ts";
import { FOLDER, openScene, writeFiles } from "./testing/archive.ts";
import { describeLocation } from "./testing/location-conformance.ts";

const MIB = 1024 * 1024;

let mount: string;
let location: Location;
beforeEach(async () => {
  mount = await mkdtemp(join(tmpdir(), "promptlib-disk-"));
  shell(`mount -t tmpfs -o size=8m tmpfs ${mount}`);
  location = openAt(mount);
});
afterEach(async () => {
  shell(`umount ${mount}`);
  await rm(mount, { recursive: true });
});

function shell(command: string): void {
  execFileSync("sh", ["-c", command]);
}

function openAt(path: string): Location {
  return openFolderLocation({ path, url: `file://${path}`, name: "secondary", domain: "host", required: false });
}

describe("a folder location", () => {
  it("whose disk fills half way leaves nothing behind, and takes what fits afterwards", async () => {
    const body = Readable.from(Array.from({ length: 16 }, () => randomBytes(MIB)));
    await expect(location.put("backups/one/part", body)).rejects.toMatchObject({
      code: "location_unavailable",
      message: expect.stringMatching(/secondary .*: its disk is full \(ENOSPC\)/),
    });
    expect(await readdir(mount, { recursive: true })).toEqual([".unfinished"]);
    expect(await location.put("backups/one/part", randomBytes(7 * MIB))).toBe("stored");
  });

  it("on a disk that is mounted read-only says so, and is still read", async () => {
    await location.put("a", Buffer.from("a"));
    shell(`mount -o remount,ro ${mount}`);
    const readOnly = { code: "location_unavailable", message: expect.stringMatching(/mounted read-only \(EROFS\)/) };
    await expect(location.put("b", Buffer.from("b"))).rejects.toMatchObject(readOnly);
    await expect(location.remove("a")).rejects.toMatchObject(readOnly);
    expect((await location.list("")).map(({ name }) => name)).toEqual(["a"]);
  });

  it("whose disk is one location of two is detached when it is full, and the backup goes on", async () => {
    const scene = await openScene();
    try {
      const files = [{ name: "data/a", bytes: randomBytes(20 * MIB) }];
      const { fanOut, ...manifest } = await writeFiles([scene.location("primary"), location], files, {
        partBytes: 4 * MIB,
      });
      expect(fanOut.detached).toEqual([{ location, reason: expect.stringContaining("its disk is full") }]);
      // Whole parts stay, to be completed from the other location.
      expect((await location.list("")).length).toBeLessThan(manifest.parts.length);
      const select = (name: string) => join(scene.root, "target", name);
      await extractArchive(scene.location("primary"), FOLDER, manifest, { select, owner: null });
    } finally {
      await scene.remove();
    }
  });
});

describe("a restore", () => {
  it("to a disk that is too small says that it is full", async () => {
    const scene = await openScene();
    try {
      const from = scene.location("primary");
      const manifest = await writeFiles([from], [{ name: "data/a", bytes: randomBytes(20 * MIB) }]);
      const select = (name: string) => join(mount, name);
      const extracting = extractArchive(from, FOLDER, manifest, { select, owner: null });
      await expect(extracting).rejects.toMatchObject({ code: "disk_full", message: expect.stringContaining("data/a") });
    } finally {
      await scene.remove();
    }
  });
});

describeLocation("a folder on a file system of its own", async () => {
  const path = await mkdtemp(join(tmpdir(), "promptlib-disk-"));
  shell(`mount -t tmpfs -o size=600m tmpfs ${path}`);
  await mkdir(join(path, "location"));
  return {
    location: openAt(join(path, "location")),
    async close() {
      shell(`umount ${path}`);
      await rm(path, { recursive: true });
    },
  };
});
