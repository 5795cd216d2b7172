import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TarEntry } from "./archive-tar.ts";
import { ArchiveWriter, sumsFile } from "./archive-writer.ts";
import { FanOut } from "./fan-out.ts";
import { FOLDER, inPieces, openScene, type Scene, TIME, treeOf, writeFiles } from "./testing/archive.ts";

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.remove());

/** Unpacked with nothing but the programs of every system. */
async function unpackWithPrograms(compression: "zstd" | "gzip"): Promise<string> {
  const target = join(scene.root, "unpacked");
  await mkdir(target, { recursive: true });
  const script = `cat ${scene.root}/primary/${FOLDER}part-* | ${compression} -d | tar x -C ${target}`;
  execFileSync("bash", ["-euo", "pipefail", "-c", script]);
  return target;
}

function hasProgram(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const newWriter = (signal?: AbortSignal) =>
  new ArchiveWriter(new FanOut([scene.location("primary")], FOLDER, signal ? { signal } : {}), {
    compression: "zstd",
    frameBytes: 4096,
    partBytes: 10_000,
  });

describe("an archive", () => {
  for (const compression of ["zstd", "gzip"] as const) {
    it.skipIf(!hasProgram(compression))(`of ${compression} is read by ${compression}, tar and sha256sum`, async () => {
      const long = `data/${"d".repeat(140)}/${"f".repeat(144)}`;
      const files = [
        { name: "database/pgdata/PG_VERSION", bytes: Buffer.from("18\n") },
        { name: "data/prompts/Begrüßung – 你好.json", bytes: randomBytes(50_000) },
        { name: long, bytes: randomBytes(4096) },
        { name: `data/${"ü".repeat(127)}`, bytes: Buffer.from("long in bytes") },
        { name: "data/empty", bytes: Buffer.alloc(0), mode: 0o640 },
      ];
      expect(Buffer.byteLength(long)).toBe(290);
      const options = { compression, frameBytes: 4096, partBytes: 20_000 };
      const { parts } = await writeFiles([scene.location("primary")], files, options);
      expect(parts.length).toBeGreaterThan(2);
      await writeFile(join(scene.root, "primary", FOLDER, "SHA256SUMS"), sumsFile(parts));
      execFileSync("sh", ["-c", `cd ${scene.root}/primary/${FOLDER} && sha256sum --strict -c SHA256SUMS`]);
      const tree = await treeOf(await unpackWithPrograms(compression));
      for (const { name, bytes, mode = 0o600 } of files) {
        expect(tree.get(name)).toEqual({ mode, content: Buffer.from(bytes).toString("base64") });
      }
    });
  }

  it("has parts of whole frames that are no larger than asked for, and figures that are right", async () => {
    const bytes = randomBytes(100_000);
    let plain = 0;
    const { tar, parts } = await writeFiles([scene.location("primary")], [{ name: "a", bytes }], {
      frameBytes: 4096,
      partBytes: 10_000,
      onBytes: (count) => {
        plain += count;
      },
    });
    const frames = parts.flatMap((part) => part.frames);
    expect(parts.map(({ name }) => name).slice(0, 2)).toEqual(["part-0001.tar.zst", "part-0002.tar.zst"]);
    expect(Math.max(...parts.map(({ size }) => size))).toBeLessThanOrEqual(10_000);
    for (const part of parts) expect(part.frames.reduce((sum, { stored }) => sum + stored, 0)).toBe(part.size);
    expect(frames.reduce((sum, frame) => sum + frame.plain, 0)).toBe(tar.size);
    expect(plain).toBe(tar.size);
    const part = await readFile(join(scene.root, "primary", FOLDER, parts[1]?.name ?? ""));
    expect(part).toHaveLength(parts[1]?.size ?? -1);
  });

  it("gives a frame that is larger than a part one to itself", async () => {
    const { parts } = await writeFiles([scene.location("primary")], [{ name: "a", bytes: randomBytes(20_000) }], {
      frameBytes: 8192,
      partBytes: 100,
    });
    expect(parts.every(({ frames }) => frames.length === 1)).toBe(true);
  });

  it.skipIf(!hasProgram("zstd"))(
    "takes a file that grew while it was read as it was when it was looked at",
    async () => {
      const archive = newWriter();
      await archive.addFile(
        { name: "logs/a.log", size: 5, mode: 0o600, mtime: TIME },
        inPieces(Buffer.from("12345 and more")),
      );
      await archive.addFile({ name: "logs/b.log", size: 0, mode: 0o600, mtime: TIME }, inPieces(Buffer.from("more")));
      await archive.finish();
      const tree = await treeOf(await unpackWithPrograms("zstd"));
      expect(tree.get("logs/a.log")?.content).toBe(Buffer.from("12345").toString("base64"));
      expect(tree.get("logs/b.log")?.content).toBe("");
    },
  );

  it.skipIf(!hasProgram("zstd"))("takes times that tar cannot hold as the nearest that it can", async () => {
    const archive = newWriter();
    for (const [name, time] of [
      ["old", "1901-01-01"],
      ["new", "2200-01-01"],
      ["none", "nonsense"],
    ] as const) {
      await archive.addFile({ name, size: 1, mode: 0o600, mtime: new Date(time) }, inPieces(Buffer.from("x")));
    }
    await archive.finish();
    expect([...(await treeOf(await unpackWithPrograms("zstd"))).keys()].sort()).toEqual(["new", "none", "old"]);
  });

  const failures: Record<string, [() => AsyncGenerator<Uint8Array>, RegExp]> = {
    "that becomes shorter while it is read": [
      () => inPieces(randomBytes(20_000)),
      /logs\/a became 30000 bytes shorter/,
    ],
    "that cannot be read to its end": [
      async function* () {
        yield randomBytes(20_000);
        throw new Error("EIO: its disk is broken");
      },
      /its disk is broken/,
    ],
  };
  for (const [what, [body, message]] of Object.entries(failures)) {
    it(`fails with a file ${what}, and everything after it fails the same way`, async () => {
      const archive = newWriter();
      const file = { name: "logs/a", size: 50_000, mode: 0o600, mtime: TIME };
      await expect(archive.addFile(file, body())).rejects.toThrow(message);
      await expect(archive.addFile({ ...file, name: "b" }, inPieces(randomBytes(50_000)))).rejects.toThrow(message);
      await expect(archive.addDirectory({ ...file, name: "c" })).rejects.toThrow(message);
      await expect(archive.finish()).rejects.toThrow(message);
    });
  }

  it("refuses names and links that would lead out of where it is unpacked", async () => {
    for (const name of ["/etc/passwd", "../a", "a/../../b", "a//b", "./a", "", "a\0b"]) {
      const adding = newWriter().addFile({ name, size: 1, mode: 0o600, mtime: TIME }, inPieces(Buffer.from("x")));
      await expect(adding, name).rejects.toMatchObject({ code: "backup_failed" });
    }
    for (const target of ["/etc", "../..", "../../x", "x/../../..", ""]) {
      const adding = newWriter().addLink({ name: "a/link", target, mtime: TIME });
      await expect(adding, target).rejects.toMatchObject({ code: "backup_failed" });
    }
  });

  it("that no location takes any more fails with the reason, and does not wait for who writes", async () => {
    const location = scene.location("primary");
    location.put = async () => {
      throw new Error("the cable was pulled");
    };
    const archive = new ArchiveWriter(new FanOut([location], FOLDER), { compression: "zstd", frameBytes: 1024 });
    const writing = archive.addFile(
      { name: "a", size: 10_000_000, mode: 0o600, mtime: TIME },
      inPieces(randomBytes(10_000_000)),
    );
    await expect(writing).rejects.toMatchObject({
      code: "backup_failed",
      message: expect.stringContaining("the cable"),
    });
    await expect(archive.finish()).rejects.toMatchObject({ code: "backup_failed" });
  });

  it("stops when it is interrupted, also while it waits for bytes", async () => {
    const stop = new AbortController();
    const archive = newWriter(stop.signal);
    const endless = async function* () {
      for (;;) {
        yield randomBytes(10_000);
        stop.abort();
      }
    };
    const adding = archive.addFile({ name: "a", size: 1e9, mode: 0o600, mtime: TIME }, endless());
    await expect(adding).rejects.toMatchObject({ code: "interrupted" });
  });
});

describe("a tar within an archive", () => {
  const entry = { mode: 0o600, mtime: TIME, uid: 999, gid: 999, uname: "postgres", gname: "postgres" };

  it.skipIf(!hasProgram("zstd"))(
    "is added as it streams, member by member, with what PostgreSQL makes of names, folders and links",
    async () => {
      const tar = pack();
      tar.entry({ ...entry, name: "backup_label" }, "START WAL LOCATION");
      tar.entry({ ...entry, name: "pg_wal/", type: "directory", mode: 0o700 });
      tar.entry({ ...entry, name: "./pg_wal/archive_status", type: "directory", mode: 0o700 });
      tar.entry({ ...entry, name: "base/1/112" }, Buffer.alloc(8192 * 5, 7).toString("latin1"));
      tar.entry({ ...entry, name: "base/1/empty" }, "");
      tar.entry({ ...entry, name: "pg_link", type: "symlink", linkname: "base/1" });
      tar.entry({ ...entry, name: "global/pg_control" }, "control");
      tar.finalize();
      const archive = newWriter();
      const seen: TarEntry[] = [];
      await archive.addTar("database/pgdata/", bytesOf(tar), (each) => seen.push(each));
      await archive.addFile({ name: "data/a", size: 1, mode: 0o600, mtime: TIME }, inPieces(Buffer.from("a")));
      await archive.finish();
      expect(seen.map(({ name, size }) => `${name} ${size}`)).toEqual([
        "backup_label 18",
        "pg_wal/ 0",
        "./pg_wal/archive_status 0",
        "base/1/112 40960",
        "base/1/empty 0",
        "pg_link 0",
        "global/pg_control 7",
      ]);
      const tree = await treeOf(await unpackWithPrograms("zstd"));
      expect(tree.get("database/pgdata/pg_wal/archive_status")).toEqual({ mode: 0o700, content: null });
      expect(tree.get("database/pgdata/base/1/112")?.content).toBe(Buffer.alloc(8192 * 5, 7).toString("base64"));
      expect(tree.get("database/pgdata/pg_link")?.content).toBe("→ base/1");
      expect(tree.get("data/a")?.mode).toBe(0o600);
    },
  );

  const whole = () => {
    const tar = pack();
    tar.entry({ ...entry, name: "base/1/112" }, "x".repeat(50_000));
    tar.finalize();
    return Array.fromAsync(bytesOf(tar)).then((all) => Buffer.concat(all));
  };
  const broken: Record<string, [(tar: Buffer) => AsyncIterable<Uint8Array>, string, RegExp]> = {
    "that is cut off in a file": [
      (tar) => inPieces(tar.subarray(0, 20_000)),
      "backup_failed",
      /no tar: Unexpected end/,
    ],
    "that is cut off in a header": [(tar) => inPieces(tar.subarray(0, 300)), "backup_failed", /no tar: Unexpected end/],
    "that is none": [() => inPieces(randomBytes(4096)), "backup_failed", /no tar: Invalid tar header/],
    "whose source fails": [
      async function* (tar) {
        yield tar.subarray(0, 20_000);
        throw Object.assign(new Error("PostgreSQL went away"), { code: "mine" });
      },
      "mine",
      /PostgreSQL went away/,
    ],
  };
  for (const [what, [source, code, message]] of Object.entries(broken)) {
    it(`${what} fails the backup, with the cause`, async () => {
      const archive = newWriter();
      const adding = archive.addTar("database/pgdata/", source(await whole()));
      await expect(adding).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
      await expect(archive.finish()).rejects.toMatchObject({ code });
    });
  }

  it("whose member is of a kind that no data directory has is refused", async () => {
    const tar = pack();
    tar.entry({ ...entry, name: "pipe", type: "fifo" });
    tar.finalize();
    await expect(newWriter().addTar("database/pgdata/", bytesOf(tar))).rejects.toThrow("pipe is a fifo");
  });

  it("with a link to a tablespace elsewhere is refused", async () => {
    const tar = pack();
    tar.entry({ ...entry, name: "pg_tblspc/16384", type: "symlink", linkname: "/mnt/fast" });
    tar.finalize();
    await expect(newWriter().addTar("database/pgdata/", bytesOf(tar))).rejects.toThrow("link to /mnt/fast");
  });
});

async function* bytesOf(tar: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const piece of tar) if (piece instanceof Uint8Array) yield piece;
}
