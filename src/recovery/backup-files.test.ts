import { mkdir, open, opendir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readArchive } from "./archive-reader.ts";
import { ArchiveWriter } from "./archive-writer.ts";
import { addFiles, type Disk } from "./backup-files.ts";
import { FanOut } from "./fan-out.ts";
import { FOLDER, openScene, type Scene } from "./testing/archive.ts";

const never = new AbortController().signal;
let scene: Scene;
let home: string;
beforeEach(async () => {
  scene = await openScene();
  home = join(scene.root, "home");
  await mkdir(join(home, "prompts/below"), { recursive: true });
});
afterEach(() => scene.remove());

/** What the archive holds of the directories then. */
async function stored(
  directory: string,
  signal = never,
  { onBytes = (_bytes: number) => {}, disk = undefined as Disk | undefined, unread = [] as string[] } = {},
): Promise<Map<string, Buffer>> {
  const location = scene.location("location");
  const archive = new ArchiveWriter(new FanOut([location], FOLDER), { compression: "zstd", onBytes });
  const options = { signal, ...(disk ? { disk } : {}) };
  unread.push(...(await addFiles(archive, { directory, prefix: "data/prompts/" }, options)));
  const manifest = { ...(await archive.finish()), compression: "zstd" as const };
  const found = new Map<string, Buffer>();
  await readArchive(location, FOLDER, manifest, async ({ name }, body) => {
    const pieces: Buffer[] = [];
    for await (const piece of body ?? []) pieces.push(Buffer.from(piece));
    found.set(name, Buffer.concat(pieces));
  });
  return found;
}

describe("the files of the home", () => {
  it("come along with their paths, also empty ones, but not what is only being written or is no file", async () => {
    const prompts = join(home, "prompts");
    await writeFile(join(prompts, "a.json"), "{}");
    await writeFile(join(prompts, "below/ü b.json"), "x".repeat(600_000));
    await writeFile(join(prompts, "empty"), "");
    await writeFile(join(prompts, "a.json~00.tmp"), "{");
    await symlink("/etc/passwd", join(prompts, "link"));
    await symlink("/etc", join(prompts, "folder"));
    const found = await stored(prompts);
    expect([...found].map(([name, { length }]) => [name, length]).sort()).toEqual([
      ["data/prompts/a.json", 2],
      ["data/prompts/below/ü b.json", 600_000],
      ["data/prompts/empty", 0],
    ]);
  });

  it("are none where there is no directory", async () => {
    expect(await stored(join(home, "nowhere"))).toEqual(new Map());
  });

  it("that shrink while they are read end in zeros, and those that grow where they ended", async () => {
    const path = join(home, "prompts/log");
    await writeFile(path, Buffer.alloc(8 * 1024 * 1024, "a"));
    let seen = 0;
    const onBytes = (bytes: number) => {
      if (seen === 0) void truncate(path, 1_000);
      seen += bytes;
    };
    const found = await stored(join(home, "prompts"), never, { onBytes });
    const content = found.get("data/prompts/log") ?? Buffer.of();
    expect(content).toHaveLength(8 * 1024 * 1024);
    expect(content.subarray(0, 1_000).equals(Buffer.alloc(1_000, "a"))).toBe(true);
    expect(content.toString("latin1")).toMatch(/^a+\0*$/);
  });

  it("that cannot be read are left out and named, and folders with them; the others come along", async () => {
    const prompts = join(home, "prompts");
    for (const name of ["a.json", "not-ours", "below/b.json", "c.json"]) await writeFile(join(prompts, name), "{}");
    const disk: Disk = {
      open: async (path) => (path.endsWith("not-ours") ? refuse("EACCES") : await open(path, "r")),
      opendir: async (path) => (String(path).endsWith("below/") ? refuse("EPERM") : await opendir(path)),
    };
    const unread: string[] = [];
    const found = await stored(prompts, never, { disk, unread });
    expect([...found.keys()].sort()).toEqual(["data/prompts/a.json", "data/prompts/c.json"]);
    expect(unread.sort()).toEqual([
      `${prompts}/not-ours cannot be read (EACCES).`,
      `The folder ${prompts}/below/ cannot be read (EPERM).`,
    ]);
  });

  it("that cannot be read in one place have zeros there, and are named once", async () => {
    const path = join(home, "prompts/log");
    const piece = 256 * 1024;
    await writeFile(path, Buffer.alloc(4 * piece, "a"));
    const disk: Disk = {
      opendir,
      async open(path) {
        const handle = await open(path, "r");
        const { read } = handle;
        const bad: typeof read = async (...all: unknown[]) => {
          if (all[3] === piece || all[3] === 2 * piece) refuse("EIO");
          return await Reflect.apply(read, handle, all);
        };
        return Object.assign(handle, { read: bad });
      },
    };
    const unread: string[] = [];
    const content = (await stored(join(home, "prompts"), never, { disk, unread })).get("data/prompts/log");
    const expected = Buffer.concat([Buffer.alloc(piece, "a"), Buffer.alloc(2 * piece), Buffer.alloc(piece, "a")]);
    expect(content?.equals(expected)).toBe(true);
    expect(unread).toEqual([`A part of ${path}, which is zeros in the backup, cannot be read (EIO).`]);
  });

  it("end the backup where the disk answers something else", async () => {
    const disk: Disk = { open, opendir: () => refuse("EMFILE") };
    await expect(stored(join(home, "prompts"), never, { disk })).rejects.toMatchObject({ code: "EMFILE" });
  });

  it("are not read on when the backup is interrupted", async () => {
    await writeFile(join(home, "prompts/a.json"), "{}");
    await expect(stored(join(home, "prompts"), AbortSignal.abort())).rejects.toMatchObject({ code: "interrupted" });
  });
});

function refuse(code: string): never {
  throw Object.assign(new Error(code), { code });
}
