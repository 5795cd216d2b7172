import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import {
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { now, sleep, until } from "../base/clock.ts";
import { openFolderLocation } from "./folder-location.ts";
import { patiently } from "./folder-location-patience.ts";
import { describeLocation } from "./testing/location-conformance.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "promptlib-folder-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const PLACE = { name: "primary", domain: "host", required: false } as const;
const open = (path: string, create = false) => openFolderLocation({ ...PLACE, path, url: `file://${path}`, create });

describeLocation("a folder", async () => {
  const path = await mkdtemp(join(tmpdir(), "promptlib-location-"));
  return { location: open(path), close: () => rm(path, { recursive: true, force: true }) };
});

const filesBelow = async (path: string) =>
  (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());

describe("a folder location", () => {
  it("that is not there is not made, so that a disk that is not mounted is not replaced by an empty folder", async () => {
    const location = open(join(root, "mnt"));
    const gone = {
      code: "location_unavailable",
      message: expect.stringMatching(/primary.*not there.*mounted.*ENOENT/),
    };
    await expect(location.put("a", Buffer.from("a"))).rejects.toMatchObject(gone);
    await expect(location.list("")).rejects.toMatchObject(gone);
    await expect(location.list("backups/")).rejects.toMatchObject(gone);
    await expect(location.get("a")).rejects.toMatchObject(gone);
    await expect(location.stat("a")).rejects.toMatchObject(gone);
    await expect(location.remove("a")).rejects.toMatchObject(gone);
    await expect(location.freeSpace()).rejects.toMatchObject(gone);
    expect(await readdir(root)).toEqual([]);
  });

  it("is made when that was asked for, and only for its owner", async () => {
    const location = open(join(root, "home", "backups"), true);
    await location.put("backups/one/manifest.json", Buffer.from("{}"));
    const modes = ["home/backups", "home/backups/backups/one", "home/backups/backups/one/manifest.json"].map(
      async (path) => (await stat(join(root, path))).mode & 0o777,
    );
    expect(await Promise.all(modes)).toEqual([0o700, 0o700, 0o600]);
  });

  it("whose disk is unmounted while it is used takes nothing, until it is there again", async () => {
    const path = join(root, "mnt");
    await mkdir(path);
    const location = open(path, true);
    await location.put("a", Buffer.from("a"));
    await rename(path, `${path}.unmounted`);
    await expect(location.put("b", Buffer.from("b"))).rejects.toMatchObject({ code: "location_unavailable" });
    await mkdir(path);
    const gone = { code: "location_unavailable", message: expect.stringContaining("is its disk mounted?") };
    await expect(location.put("b", Buffer.from("b"))).rejects.toMatchObject(gone);
    expect(await readdir(path)).toEqual([]);
    await rm(path, { recursive: true });
    await rename(`${path}.unmounted`, path);
    await location.put("b", Buffer.from("b"));
    expect((await location.list("")).map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("leaves no empty folders behind, and stays itself", async () => {
    const location = open(root);
    await location.put("wal/one/two/a", Buffer.from("a"));
    await location.put("wal/b", Buffer.from("b"));
    await location.remove("wal/one/two/a");
    expect(await readdir(join(root, "wal"))).toEqual(["b"]);
    await location.remove("wal/b");
    expect(await readdir(root)).toEqual([".unfinished"]);
  });

  it("does not show what is not its own, nor what is unfinished", async () => {
    const location = open(root);
    await location.put("backups/a", Buffer.from("a"));
    await mkdir(join(root, "lost+found"));
    await writeFile(join(root, "lost+found", "x"), "x");
    await writeFile(join(root, "backups", ".hidden"), "x");
    await writeFile(join(root, "ö"), "x");
    await symlink("/nowhere", join(root, "backups", "dangling"));
    expect((await location.list("")).map(({ name }) => name)).toEqual(["backups/a"]);
  });

  it("clears away what killed writers left a day ago, and nothing that may still be written", async () => {
    await mkdir(join(root, ".unfinished"));
    const [old, young] = ["old.tmp", "young.tmp"].map((name) => join(root, ".unfinished", name));
    for (const path of [old, young]) await writeFile(path ?? "", "half");
    const longAgo = new Date(now().getTime() - 25 * 3_600_000);
    await utimes(old ?? "", longAgo, longAgo);
    await open(root).put("a", Buffer.from("a"));
    expect(await readdir(join(root, ".unfinished"))).toEqual(["young.tmp"]);
  });

  it("says so when a file lies where a folder belongs, and the other way round", async () => {
    const location = open(root);
    await location.put("a", Buffer.from("a"));
    await location.put("b/c", Buffer.from("c"));
    await expect(location.put("a/b", Buffer.from("x"))).rejects.toMatchObject({ code: "location_unavailable" });
    await expect(location.put("b", Buffer.from("x"))).rejects.toMatchObject({ code: "location_unavailable" });
  });

  it("lists a whole or its pieces, whenever the one takes the place of the others", { timeout: 60_000 }, async () => {
    const location = open(root);
    const numbered = (folder: string) => Array.from({ length: 200 }, (_, n) => `${folder}${1000 + n}`);
    const [others, pieces] = [numbered("wal/"), numbered("wal/1/")];
    await mkdir(join(root, "wal", "1"), { recursive: true });
    for (const name of others) await writeFile(join(root, name), "");
    for (let round = 0; round < 10; round++) {
      const whole = round % 2 === 0 ? "wal/1.zst" : "wal/1/whole";
      for (const name of pieces) await writeFile(join(root, name), "");
      const looking = location.list("wal/");
      await writeFile(join(root, whole), "");
      // From behind: a look that goes on meets what is gone.
      for (const name of pieces.toReversed()) await rm(join(root, name));
      const names = (await looking).map(({ name }) => name);
      if (!names.includes(whole)) expect(names).toEqual([...others, ...pieces].sort());
      await rm(join(root, whole));
    }
  });

  it("that hangs is not waited for, nor asked again before it answers", async () => {
    const path = join(root, "a");
    execFileSync("mkfifo", [path]);
    const location = openFolderLocation({ ...PLACE, path: root, url: `file://${root}`, patience: 200 });
    const hangs = { code: "location_unavailable", message: expect.stringMatching(/does not answer.*hang/) };
    // Nobody writes there, so to open it takes for ever.
    await expect(location.get("a")).rejects.toMatchObject(hangs);
    await expect(location.list("")).rejects.toMatchObject(hangs);
    await expect(location.put("b", Readable.from([Buffer.from("b")]))).rejects.toMatchObject(hangs);
    await (await openFile(path, constants.O_WRONLY | constants.O_NONBLOCK)).close();
    await expect.poll(() => location.put("b", Buffer.from("b")).catch(String)).toBe("stored");
    expect((await location.list("")).map(({ name }) => name)).toEqual(["b"]);
  });

  it("that hangs while an object is read ends the stream of its bytes", async () => {
    const path = join(root, "a");
    await writeFile(path, "a");
    const location = openFolderLocation({ ...PLACE, path: root, url: `file://${root}`, patience: 200 });
    const stream = await location.get("a");
    const { promise, resolve } = Promise.withResolvers<void>();
    await expect(patiently(root, () => promise, { patience: 1 })).rejects.toThrow();
    await expect(buffer(stream)).rejects.toMatchObject({ code: "location_unavailable" });
    resolve();
  });

  it("holds whole objects or none when its writer is killed at any moment", { timeout: 60_000 }, async () => {
    const bytes = randomBytes(1024 * 1024);
    await writeFile(join(root, "bytes"), bytes);
    const program = `
      import { readFileSync } from "node:fs";
      import { openFolderLocation } from ${JSON.stringify(new URL("./folder-location.ts", import.meta.url).href)};
      const bytes = readFileSync(process.argv[1] + "/bytes");
      const location = openFolderLocation({ path: process.argv[1] + "/location", url: "file:", name: "x", domain: "disk", required: false });
      for (let n = 0; ; n++) {
        await location.put("wal/" + process.pid + "/" + n, bytes);
        process.stdout.write(n + "\\n");
      }`;
    await mkdir(join(root, "location"));
    const location = open(join(root, "location"));
    for (let round = 0; round < 5; round++) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program, root]);
      const stored = linesOf(child);
      expect(await until(() => stored().length > 1, { timeout: 20_000 })).toBe(true);
      await sleep(Math.random() * 30);
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      await ended;
      const found = await location.list(`wal/${child.pid}/`);
      expect(found.length).toBeGreaterThanOrEqual(stored().length);
      for (const { name } of found) expect((await readFile(join(root, "location", name))).equals(bytes)).toBe(true);
    }
    expect(await filesBelow(join(root, "location"))).not.toEqual([]);
  });
});

/** The whole lines that a process has written up to now. */
function linesOf(child: ChildProcess): () => string[] {
  let text = "";
  child.stdout?.on("data", (piece: Buffer) => {
    text += piece.toString();
  });
  return () => text.split("\n").slice(0, -1);
}
