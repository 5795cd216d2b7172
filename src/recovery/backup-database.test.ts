import { pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseLsn } from "../postgres/lsn.ts";
import type { BackupEvent, BaseBackup } from "../postgres/replication-base-backup.ts";
import { readArchive } from "./archive-reader.ts";
import { ArchiveWriter } from "./archive-writer.ts";
import { addDatabase } from "./backup-database.ts";
import { FanOut } from "./fan-out.ts";
import { FOLDER, openScene, type Scene } from "./testing/archive.ts";

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.remove());

const archive = { kind: "archive", name: "base.tar", location: "" } as const;
const manifest = { kind: "manifest" } as const;
const data = (bytes: Buffer): BackupEvent => ({ kind: "data", bytes });
const progress: BackupEvent = { kind: "progress", bytes: 1 };

async function tarOf(files: Record<string, string>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of tar) pieces.push(Buffer.from(piece as Uint8Array));
  return Buffer.concat(pieces);
}

/** As PostgreSQL sends it. */
function sent(...events: BackupEvent[]): BaseBackup {
  const base = { timeline: 1, lsn: parseLsn("0/2000028") };
  const all = (async function* () {
    yield* events;
  })();
  return { start: base, end: () => base, estimatedBytes: null, tablespaces: [], queuedBytes: 0, events: all };
}

async function stored(base: BaseBackup) {
  const location = scene.location("location");
  const writer = new ArchiveWriter(new FanOut([location], FOLDER), { compression: "zstd" });
  const summary = await addDatabase(writer, base);
  const names: string[] = [];
  const written = { ...(await writer.finish()), compression: "zstd" as const };
  await readArchive(location, FOLDER, written, async ({ name }) => void names.push(name));
  return { ...summary, names };
}

describe("PostgreSQL's base backup", () => {
  it("comes into the archive member by member, in whatever pieces it is sent, and its manifest beside", async () => {
    const tar = await tarOf({ PG_VERSION: "18\n", "base/1/112": "x".repeat(1_000) });
    const cut = [tar.subarray(0, 700), tar.subarray(700, 701), tar.subarray(701)].map(data);
    const words = [data(Buffer.from('{"a"')), progress, data(Buffer.from(":1}"))];
    expect(await stored(sent(progress, archive, ...cut, progress, manifest, ...words))).toEqual({
      ...{ bytes: 1_003, files: 2, postgresManifest: Buffer.from('{"a":1}') },
      names: ["database/pgdata/PG_VERSION", "database/pgdata/base/1/112"],
    });
  });

  it("of several archives is all of them", async () => {
    const [one, two] = [await tarOf({ a: "1" }), await tarOf({ b: "2" })];
    const { files, names } = await stored(sent(archive, data(one), archive, data(two), manifest));
    expect([files, names]).toEqual([2, ["database/pgdata/a", "database/pgdata/b"]]);
  });

  it.each([
    ["ends without a manifest", [archive], /no manifest/],
    ["is nothing at all", [], /no manifest/],
    ["begins in the middle", [data(Buffer.from("x"))], /bytes that belong to no archive/],
  ])("that %s is none", async (_what, events, words) => {
    await expect(stored(sent(...events))).rejects.toMatchObject({
      code: "backup_failed",
      message: expect.stringMatching(words),
    });
  });

  it("of which a member ends early is none", async () => {
    const tar = await tarOf({ a: "x".repeat(5_000) });
    const failure = stored(sent(archive, data(tar.subarray(0, 2_000)), manifest));
    await expect(failure).rejects.toMatchObject({ code: "backup_failed" });
  });
});
