import { createHash, randomBytes } from "node:crypto";
import { chmod, lstat, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fuzz } from "../../test/support/library.ts";
import { type ExtractOptions, extractArchive } from "./archive-extract.ts";
import { type ArchiveManifest, checkArchive, readArchive } from "./archive-reader.ts";
import { ArchiveWriter } from "./archive-writer.ts";
import { FanOut } from "./fan-out.ts";
import { compressFrames } from "./frames.ts";
import type { Location } from "./location.ts";
import { FOLDER, inPieces, openScene, type Scene, type TestFile, TIME, treeOf, writeFiles } from "./testing/archive.ts";

let scene: Scene;
let location: Location;
beforeEach(async () => {
  scene = await openScene();
  location = scene.location("primary");
});
afterEach(() => scene.remove());

const target = () => join(scene.root, "target");
const extractTo = (manifest: ArchiveManifest, options: Partial<ExtractOptions> = {}) =>
  extractArchive(location, FOLDER, manifest, { select: (name) => join(target(), name), owner: null, ...options });
const partPath = (name: string | undefined) => join(scene.root, "primary", FOLDER, name ?? "");
const small = { frameBytes: 2048, partBytes: 6000 };

/** Names as people give them: any letters, some long. `depth` keeps files and folders of one name apart. */
const segment = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
  fc.constantFrom("a", "b".repeat(200), "ä".repeat(120), "with space", "back\\slash", "new\nline", "=path=", "…"),
);
const usable = (name: string) => !/[/\0]/.test(name) && name !== "." && name !== ".." && Buffer.byteLength(name) < 240;
const size = fc.oneof(
  fc.constantFrom(0, 1, 511, 512, 513, 1536, 2048, 4096, 20_480),
  fc.integer({ min: 0, max: 30_000 }),
);
const anyTree = fc.uniqueArray(
  fc.record({
    folder: fc.array(segment.filter(usable), { maxLength: 3 }),
    name: segment.filter(usable),
    size,
    mode: fc.constantFrom(0o600, 0o640, 0o400),
    plain: fc.boolean(),
  }),
  { selector: ({ folder, name }) => [...folder.map((part) => `${part}.d`), name].join("/"), maxLength: 8 },
);

describe("an archive that is unpacked", () => {
  it("is what was packed, whatever that was", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(anyTree, fc.constantFrom("zstd" as const, "gzip" as const), async (tree, compression) => {
        for (const path of [join(scene.root, "primary"), target()]) await rm(path, { recursive: true, force: true });
        location = scene.location("primary");
        const files = tree.map(({ folder, name, size, mode, plain }): TestFile => {
          const bytes = plain ? Buffer.alloc(size, "prompt ") : randomBytes(size);
          return { name: ["data", ...folder.map((part) => `${part}.d`), `${name}.f`].join("/"), bytes, mode };
        });
        const manifest = await writeFiles([location], files, { ...small, compression });
        await extractTo(manifest);
        expect(await readdir(scene.root)).toContain("primary");
        const unpacked = files.length === 0 ? new Map() : await treeOf(target());
        for (const { name, bytes, mode } of files) {
          expect(unpacked.get(name)).toEqual({ mode, content: Buffer.from(bytes).toString("base64") });
        }
        expect([...unpacked.values()].filter(({ content }) => content !== null)).toHaveLength(files.length);
      }),
      { numRuns: 60, ...fuzz },
    );
  });

  it("has its folders, links and modes, and belongs to its new owner", async () => {
    const archive = new ArchiveWriter(new FanOut([location], FOLDER), { compression: "zstd" });
    await archive.addDirectory({ name: "database/pgdata/base/", mode: 0o750, mtime: TIME });
    await archive.addDirectory({ name: "data/shut", mode: 0o500, mtime: TIME });
    await archive.addFile({ name: "data/shut/a", size: 1, mode: 0o400, mtime: TIME }, inPieces(Buffer.from("a")));
    await archive.addFile(
      { name: "database/pgdata/base/1/2", size: 1, mode: 0o600, mtime: TIME },
      inPieces(Buffer.from("b")),
    );
    await archive.addLink({ name: "data/link", target: "shut/a", mtime: TIME });
    const manifest = { ...(await archive.finish()), compression: "zstd" as const };
    const isRoot = process.getuid?.() === 0;
    const owner = isRoot ? { uid: 12345, gid: 54321 } : null;
    expect(await extractTo(manifest, { owner })).toEqual({ files: 2, bytes: 2 });
    const tree = await treeOf(target());
    expect(Object.fromEntries([...tree].map(([name, { mode }]) => [name, mode.toString(8)]))).toEqual({
      data: "700",
      "data/link": "0",
      "data/shut": "500",
      "data/shut/a": "400",
      database: "700",
      "database/pgdata": "700",
      "database/pgdata/base": "750",
      "database/pgdata/base/1": "700",
      "database/pgdata/base/1/2": "600",
    });
    const owners = await Promise.all([...tree.keys()].map(async (name) => (await lstat(join(target(), name))).uid));
    expect(new Set(owners)).toEqual(new Set([owner?.uid ?? process.getuid?.()]));
    await chmod(join(target(), "data", "shut"), 0o700);
  });

  it("leaves out what was not asked for, and puts the rest where it was asked to", async () => {
    const files = ["database/pgdata/a", "data/b", "logs/c"].map((name) => ({ name, bytes: Buffer.from(name) }));
    const manifest = await writeFiles([location], files);
    const select = (name: string) =>
      name.startsWith("database/pgdata/") ? join(target(), name.slice("database/pgdata/".length)) : null;
    expect(await extractTo(manifest, { select })).toEqual({ files: 1, bytes: 17 });
    expect([...(await treeOf(target())).keys()]).toEqual(["a"]);
  });

  it("has no control file before everything was read and found right", async () => {
    const files = [
      { name: "database/pgdata/global/pg_control", bytes: randomBytes(8192) },
      { name: "database/pgdata/base/1/2", bytes: randomBytes(40_000) },
    ];
    const manifest = await writeFiles([location], files, small);
    const wrong = { ...manifest, tar: { ...manifest.tar, sha256: "0".repeat(64) } };
    await expect(extractTo(wrong)).rejects.toMatchObject({ code: "backup_damaged" });
    const names = [...(await treeOf(target())).keys()];
    expect(names).toContain("database/pgdata/base/1/2");
    expect(names).not.toContain("database/pgdata/global/pg_control");
    await rm(target(), { recursive: true });
    await extractTo(manifest);
    const control = await readFile(join(target(), "database/pgdata/global/pg_control"));
    expect(control.equals(files[0]?.bytes ?? Buffer.alloc(0))).toBe(true);
  });

  it("replaces nothing that is there", async () => {
    const manifest = await writeFiles([location], [{ name: "a", bytes: Buffer.from("new") }]);
    await extractTo(manifest);
    await expect(extractTo(manifest)).rejects.toMatchObject({
      code: "restore_failed",
      message: expect.stringContaining("is already there"),
    });
  });

  const hostile: Record<string, (tar: ReturnType<typeof pack>) => void> = {
    "an absolute name": (tar) => tar.entry({ name: "/tmp/promptlib-escaped" }, "x"),
    "a name that climbs out": (tar) => tar.entry({ name: "data/../../escaped" }, "x"),
    "a link to somewhere absolute": (tar) => tar.entry({ name: "data/link", type: "symlink", linkname: "/etc" }),
    "a link that climbs out": (tar) => tar.entry({ name: "data/link", type: "symlink", linkname: "../../x" }),
    "a file behind a link": (tar) => {
      tar.entry({ name: "data/a/link", type: "symlink", linkname: "../.." });
      tar.entry({ name: "data/a/link/escaped" }, "x");
    },
    "a hard link": (tar) => tar.entry({ name: "data/link", type: "link", linkname: "/etc/passwd" }),
    "a device": (tar) => tar.entry({ name: "data/null", type: "character-device", devmajor: 1, devminor: 3 }),
  };
  for (const [what, fill] of Object.entries(hostile)) {
    it(`that holds ${what} is refused, and nothing is written outside`, async () => {
      const tar = pack();
      fill(tar);
      tar.finalize();
      const manifest = await storeTar(await Array.fromAsync(tar as AsyncIterable<Buffer>));
      await expect(extractTo(manifest)).rejects.toMatchObject({ code: "backup_damaged" });
      expect((await readdir(scene.root)).sort()).not.toContain("escaped");
    });
  }

  it("stops when it is interrupted", async () => {
    const manifest = await writeFiles([location], [{ name: "a", bytes: randomBytes(200_000) }], small);
    const stop = new AbortController();
    const extracting = extractTo(manifest, { signal: stop.signal, onBytes: () => stop.abort() });
    await expect(extracting).rejects.toMatchObject({ code: "interrupted" });
  });
});

/** A tar that our own writer would not write, stored as an archive. */
async function storeTar(pieces: Buffer[]): Promise<ArchiveManifest> {
  const tar = Buffer.concat(pieces);
  const frames = await Array.fromAsync(compressFrames(inPieces(tar), { compression: "zstd" }));
  const bytes = Buffer.concat(frames.map((frame) => frame.bytes));
  const sha256 = (of: Buffer) => createHash("sha256").update(of).digest("hex");
  await location.put(`${FOLDER}part-0001.tar.zst`, bytes);
  return {
    compression: "zstd",
    tar: { size: tar.length, sha256: sha256(tar) },
    parts: [
      {
        name: "part-0001.tar.zst",
        size: bytes.length,
        sha256: sha256(bytes),
        frames: frames.map((frame) => ({ stored: frame.bytes.length, plain: frame.plain })),
      },
    ],
  };
}

describe("a damaged archive", () => {
  let manifest: ArchiveManifest;
  beforeEach(async () => {
    const files = [
      { name: "a", bytes: randomBytes(30_000) },
      { name: "b", bytes: Buffer.alloc(30_000, "prompt ") },
    ];
    manifest = await writeFiles([location], files, small);
  });
  const check = (of = manifest) => checkArchive(location, FOLDER, of);

  it("was whole before, and is counted", async () => {
    expect(await check()).toEqual({ files: 2, bytes: 60_000 });
  });

  it("is found out by any one bit, in any part", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.integer({ min: 0, max: 7 }), async (some, at, bit) => {
        const part = manifest.parts[some % manifest.parts.length];
        const path = partPath(part?.name);
        const bytes = await readFile(path);
        const flipped = Buffer.from(bytes);
        flipped[at % bytes.length] = (flipped[at % bytes.length] ?? 0) ^ (1 << bit);
        await writeFile(path, flipped);
        const failure = await check().catch((error: unknown) => error);
        await writeFile(path, bytes);
        expect(failure).toMatchObject({ code: "backup_damaged", message: expect.stringContaining(part?.name ?? "?") });
      }),
      { numRuns: 100, ...fuzz },
    );
  });

  it("is found out when a part is shorter, by however much", async () => {
    for (const part of [manifest.parts[0], manifest.parts.at(-1)]) {
      const bytes = await readFile(partPath(part?.name));
      for (const length of [0, 1, Math.floor(bytes.length / 2), bytes.length - 1]) {
        await truncate(partPath(part?.name), length);
        const message = `it has ${length} bytes in place of ${bytes.length}`;
        await expect(check()).rejects.toMatchObject({
          code: "backup_damaged",
          message: expect.stringContaining(`${part?.name} in the location primary is damaged: ${message}`),
        });
        await writeFile(partPath(part?.name), bytes);
      }
    }
  });

  it("is found out when a part is longer", async () => {
    const path = partPath(manifest.parts[1]?.name);
    await writeFile(path, Buffer.concat([await readFile(path), Buffer.from("x")]));
    await expect(check()).rejects.toThrow(/part-0002.* bytes in place of/);
  });

  it("is found out when a part is not there", async () => {
    await rm(partPath(manifest.parts[1]?.name));
    await expect(check()).rejects.toMatchObject({
      code: "backup_damaged",
      message: expect.stringMatching(/part-0002\.tar\.zst in the location primary is damaged: it is not there/),
    });
  });

  it("is found out when two parts have changed places", async () => {
    const [one, other] = await Promise.all([0, 1].map((index) => readFile(partPath(manifest.parts[index]?.name))));
    await writeFile(partPath(manifest.parts[0]?.name), other ?? "");
    await writeFile(partPath(manifest.parts[1]?.name), one ?? "");
    await expect(check()).rejects.toMatchObject({ code: "backup_damaged" });
  });

  it("is found out when the manifest leaves out a part, or says what cannot be", async () => {
    const [first, ...rest] = manifest.parts;
    if (!first) throw new Error("there are parts");
    const [frame] = first.frames;
    if (!frame) throw new Error("there are frames");
    const impossible = [
      { ...first, name: "../../../etc/passwd" },
      { ...first, frames: first.frames.slice(1) },
      { ...first, frames: first.frames.map((one) => ({ ...one, plain: one.plain - 1 })) },
      { ...first, frames: [{ ...frame, plain: 1e12 }, ...first.frames.slice(1)] },
      { ...first, frames: [{ ...frame, stored: Number.NaN }, ...first.frames.slice(1)] },
    ];
    for (const part of impossible) {
      await expect(check({ ...manifest, parts: [part, ...rest] })).rejects.toMatchObject({ code: "backup_damaged" });
    }
    const without = check({ ...manifest, parts: manifest.parts.slice(0, -1) });
    await expect(without).rejects.toThrow(/bytes in place of|no tar/);
    const tar = { size: manifest.tar.size + 1, sha256: manifest.tar.sha256 };
    await expect(check({ ...manifest, tar })).rejects.toThrow(/bytes in place of/);
  });

  it("is found out by the hash of a part, though each of its pieces and the whole are right", async () => {
    const parts = manifest.parts.map((part, index) => (index === 1 ? { ...part, sha256: "0".repeat(64) } : part));
    await expect(check({ ...manifest, parts })).rejects.toThrow(/part-0002.*another SHA-256 than the manifest says/);
  });

  it("is not blamed for a location that is away, nor for who reads it", async () => {
    const away = scene.location("primary");
    away.get = async () => {
      throw new Error("the cable was pulled");
    };
    await expect(checkArchive(away, FOLDER, manifest)).rejects.toThrow("the cable was pulled");
    const reading = readArchive(location, FOLDER, manifest, async () => {
      throw new Error("no more room for it");
    });
    await expect(reading).rejects.toThrow("no more room for it");
  });
});

describe("reading an archive", () => {
  it("goes on behind a file that was read half, or not at all", async () => {
    const files = ["a", "b", "c"].map((name) => ({ name, bytes: randomBytes(300_000) }));
    const manifest = await writeFiles([location], files);
    const lengths: number[] = [];
    await readArchive(location, FOLDER, manifest, async ({ name }, body) => {
      let length = 0;
      if (name !== "b") {
        for await (const piece of body) {
          length += piece.length;
          if (name === "a") break;
        }
      }
      lengths.push(length);
    });
    expect(lengths[0]).toBeGreaterThan(0);
    expect(lengths.slice(1)).toEqual([0, 300_000]);
  });

  it("and writing take little memory, however much there is", { timeout: 120_000 }, async () => {
    const size = 300 * 1024 * 1024;
    const piece = Buffer.concat([randomBytes(32_768), Buffer.alloc(32_768, "prompt ")]);
    const big = async function* () {
      for (let at = 0; at < size; at += piece.length) yield piece;
    };
    let most = 0;
    const before = process.memoryUsage().rss;
    const watch = () => {
      most = Math.max(most, process.memoryUsage().rss - before);
    };
    const fanOut = new FanOut([location, scene.location("secondary")], FOLDER);
    const archive = new ArchiveWriter(fanOut, { compression: "zstd", partBytes: 64 * 1024 * 1024, onBytes: watch });
    await archive.addFile({ name: "database/pgdata/base/1/2", size, mode: 0o600, mtime: TIME }, big());
    const manifest = { ...(await archive.finish()), compression: "zstd" as const };
    expect(await extractTo(manifest, { onBytes: watch })).toEqual({ files: 1, bytes: size });
    expect((await stat(join(target(), "database/pgdata/base/1/2"))).size).toBe(size);
    expect(fanOut.detached).toEqual([]);
    expect(most / 1024 / 1024).toBeLessThan(350);
  });
});
