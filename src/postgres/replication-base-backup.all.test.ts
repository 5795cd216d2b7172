import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, chown, mkdir, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type TestServer, takeBackup, testServer, writeWal } from "../../test/support/replication.ts";
import { monotonic, until } from "../base/clock.ts";
import { segmentName } from "./lsn.ts";
import { openReplication, type Replication } from "./replication.ts";
import { FULL_BYTES } from "./replication-inbox.ts";
import type { BackupOptions } from "./replication-messages.ts";

const FAST: BackupOptions = { label: "test", checkpoint: "fast", maxRateKiB: null };
let server: TestServer;

beforeAll(async () => {
  server = await testServer();
});
afterAll(async () => await server.remove());

async function opened(of: TestServer, patience: Parameters<typeof openReplication>[2] = {}): Promise<Replication> {
  const replication = await openReplication(of.guard, "promptlib-test", patience);
  onTestFinished(() => replication.destroy());
  return replication;
}

async function ownServer(): Promise<TestServer> {
  const own = await testServer();
  onTestFinished(async () => await own.remove());
  return own;
}

/** Sizes and SHA-256 of the files in a tar, by name. */
async function filesIn(tar: Buffer): Promise<Map<string, { size: number; sha256: string }>> {
  const files = new Map<string, { size: number; sha256: string }>();
  for await (const entry of Readable.from([tar]).pipe(extract())) {
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of entry as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
    if (entry.header.type === "file") files.set(entry.header.name, { size, sha256: hash.digest("hex") });
  }
  return files;
}

interface Manifest {
  Files: { Path: string; Size: number; "Checksum-Algorithm": string; Checksum: string }[];
}

/** The file of a table that has this many pages with something in them. */
async function tableFile(of: TestServer, name: string): Promise<string> {
  await of.sql(`create table ${name} as select n, md5(n::text) as words from generate_series(1, 1000) n`);
  await of.sql("checkpoint");
  const [row] = await of.sql(`select pg_relation_filepath('${name}') as path`);
  return join(of.place.data, String(row?.path));
}

describe("a base backup", () => {
  it("holds every file of PostgreSQL's manifest with its checksum, and the WAL that it needs", async () => {
    const replication = await opened(server);
    const backup = await replication.baseBackup(FAST);
    const { archives, manifest, progress } = await takeBackup(backup);
    const files = await filesIn(archives.get("base.tar") ?? Buffer.alloc(0));
    const listed = (JSON.parse(manifest.toString()) as Manifest).Files;

    expect([...archives.keys()]).toEqual(["base.tar"]);
    expect(listed.length).toBeGreaterThan(900);
    for (const { Path, Size, Checksum } of listed) {
      expect({ Path, ...files.get(Path) }).toEqual({ Path, size: Size, sha256: Checksum });
    }
    expect(backup.end().lsn).toBeGreaterThan(backup.start.lsn);
    expect(files.get(`pg_wal/${segmentName(backup.start)}`)?.size).toBe(16 * 1024 * 1024);
    expect(progress.at(-1)).toBeGreaterThan(0);
    expect(backup.estimatedBytes).toBeGreaterThan(20_000_000);
    expect(backup.tablespaces).toEqual([]);
    expect(replication.warnings).toEqual([]);
    await replication.identifySystem(); // the connection can be used again
  });

  it("for a slow consumer waits, in a few MiB of memory", async () => {
    const replication = await opened(server);
    const backup = await replication.baseBackup(FAST);
    let [most, total] = [0, 0];
    for await (const event of backup.events) {
      if (event.kind === "data") total += event.bytes.length;
      most = Math.max(most, backup.queuedBytes);
      // Slower than PostgreSQL: before each step there is time for the queue to grow beyond its bounds.
      await until(() => backup.queuedBytes > FULL_BYTES + 2 * 1024 * 1024, { timeout: 20, every: 1 });
      most = Math.max(most, backup.queuedBytes);
    }
    expect(total).toBeGreaterThan(30_000_000);
    expect(most).toBeGreaterThanOrEqual(FULL_BYTES);
    expect(most).toBeLessThan(FULL_BYTES + 2 * 1024 * 1024);
  });

  it("tells of tablespaces of users, so that it can be refused before a byte was stored", async () => {
    const location = join(server.place.root, "apart");
    const owner = await stat(server.place.data);
    await mkdir(location, { mode: 0o700 });
    await chown(location, owner.uid, owner.gid);
    await server.sql(`create tablespace apart location '${location}'`);
    const replication = await opened(server);
    const backup = await replication.baseBackup(FAST);
    expect(backup.tablespaces).toEqual([{ oid: expect.any(Number), location }]);
    await replication.close();
    await server.sql("drop tablespace apart");
  });

  it("that is left early ends its connection", async () => {
    const replication = await opened(server);
    const backup = await replication.baseBackup(FAST);
    for await (const event of backup.events) if (event.kind === "data") break;
    await expect(replication.identifySystem()).rejects.toMatchObject({ code: "replication_failed" });
    await expect.poll(async () => await server.sql("select from pg_stat_replication")).toEqual([]);
    expect(() => backup.end()).toThrow(/has not ended/);
  });

  it("that PostgreSQL refuses is refused with its words", async () => {
    const replication = await opened(server);
    await expect(replication.baseBackup({ ...FAST, maxRateKiB: 1 })).rejects.toMatchObject({
      code: "replication_failed",
      message: expect.stringContaining("MAX_RATE"),
    });
    await replication.identifySystem();
  });
});

describe("what PostgreSQL finds while it sends", () => {
  it("is told as a warning where a file has an odd size", async () => {
    const own = await ownServer();
    await appendFile(await tableFile(own, "odd"), Buffer.alloc(5_001, 1));
    const replication = await opened(own);
    await takeBackup(await replication.baseBackup(FAST));
    expect(replication.warnings).toEqual([expect.stringMatching(/read buffer size \d+ and page size 8192 differ/)]);
  });

  it("is an error after all data has come where a page has a wrong checksum", async () => {
    const own = await ownServer();
    const file = await open(await tableFile(own, "rotten"), "r+");
    await file.write(Buffer.from("rot"), 0, 3, 8192 + 4_000);
    await file.close();
    const replication = await opened(own);
    const backup = await replication.baseBackup(FAST);
    const kinds: string[] = [];
    const reading = (async () => {
      for await (const event of backup.events) kinds.push(event.kind);
    })();
    await expect(reading).rejects.toMatchObject({ code: "replication_failed", details: { sqlstate: "XX001" } });
    expect(kinds.lastIndexOf("data")).toBeGreaterThan(kinds.indexOf("manifest"));
    expect(replication.warnings.join()).toMatch(/checksum verification failed/);
    expect(() => backup.end()).toThrow(/has not ended/);
  });
});

describe("a backup that takes its time", () => {
  const moveOn = async (own: TestServer) => {
    for (let turn = 0; turn < 4; turn += 1) {
      await writeWal(own, 20);
      await own.sql("select pg_switch_wal()");
      await own.sql("checkpoint");
    }
  };

  it("has its WAL at its end, whatever was written and removed meanwhile, and leaves no slot behind", async () => {
    const own = await ownServer();
    const replication = await opened(own);
    const backup = await replication.baseBackup(FAST);
    const first = segmentName(backup.start);
    const read: string[] = [];
    for await (const event of backup.events) {
      if (event.kind === "archive" && read.length === 0) await moveOn(own);
      if (event.kind === "archive") read.push(event.name);
    }
    expect(backup.end().lsn).toBeGreaterThan(backup.start.lsn);
    expect(replication.warnings).toEqual([]);
    await replication.close();
    await expect.poll(() => own.sql("select slot_name from pg_replication_slots")).toEqual([]);
    await moveOn(own);
    expect(existsSync(join(own.place.data, "pg_wal", first))).toBe(false);
  });

  it("is made without a slot where none is free, and says so", async () => {
    const own = await ownServer();
    const slots = Array.from({ length: 10 }, (_, at) => `taken_${at}`);
    for (const slot of slots) await own.sql(`select pg_create_physical_replication_slot('${slot}')`);
    const replication = await opened(own);
    await takeBackup(await replication.baseBackup(FAST));
    expect(replication.warnings.join()).toMatch(/^No replication slot is free/);
  });
});

describe("a PostgreSQL that is lost in the middle of a backup", () => {
  it("by kill -9 of all its processes fails it", async () => {
    const own = await ownServer();
    const replication = await opened(own);
    const backup = await replication.baseBackup({ ...FAST, maxRateKiB: 4_096 });
    const reading = (async () => {
      for await (const event of backup.events) if (event.kind === "data") await own.signal("SIGKILL");
    })();
    await expect(reading).rejects.toMatchObject({ code: "replication_failed", details: { sqlstate: null } });
    await replication.close();
  });

  it("by standing still fails it, too, after a while", async () => {
    const replication = await opened(server, { backupSilence: 400 });
    const backup = await replication.baseBackup({ ...FAST, maxRateKiB: 4_096 });
    const start = monotonic();
    const reading = (async () => {
      for await (const event of backup.events) if (event.kind === "data") await server.signal("SIGSTOP");
    })();
    try {
      await expect(reading).rejects.toMatchObject({ message: expect.stringContaining("sent nothing for") });
      expect(monotonic() - start).toBeLessThan(10_000);
    } finally {
      await server.signal("SIGCONT");
    }
  });

  it("while it still makes its checkpoint fails it as well", async () => {
    const replication = await opened(server, { answer: 2_000, backupStart: 300 });
    await writeWal(server, 1);
    await server.signal("SIGSTOP");
    try {
      await expect(replication.baseBackup(FAST)).rejects.toMatchObject({ code: "replication_failed" });
    } finally {
      await server.signal("SIGCONT");
    }
  });
});

it("a consumer that takes longer than the patience is no silence of PostgreSQL", async () => {
  const replication = await opened(server, { backupSilence: 1_000 });
  const backup = await replication.baseBackup(FAST);
  let first = true;
  for await (const event of backup.events) {
    if (!first || event.kind !== "data") continue;
    first = false;
    const start = monotonic();
    await until(() => monotonic() - start > 3_000, { timeout: 10_000 });
  }
  expect(backup.end().timeline).toBe(1);
});
