import { chown, copyFile, mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { temporaryHome } from "../../test/support/cluster.ts";
import { serverOf, type TestServer, takeBackup, testServer, writeWal } from "../../test/support/replication.ts";
import {
  addBytes,
  type Lsn,
  parseHistory,
  parseLsn,
  segmentName,
  segmentOffset,
  segmentStart,
  type WalPosition,
} from "./lsn.ts";
import { openReplication, type Replication } from "./replication.ts";
import type { WalStream } from "./replication-wal.ts";

let primary: TestServer;
let standby: TestServer;
/** Where the standby left timeline 1. */
let fork: Lsn;

/** A standby that follows nobody: what it replays came with the backup, until it is promoted. */
async function standbyOf(server: TestServer): Promise<TestServer> {
  const replication = await openReplication(server.guard, "promptlib-test");
  const { archives } = await takeBackup(
    await replication.baseBackup({ label: "standby", checkpoint: "fast", maxRateKiB: null }),
  );
  await replication.close();
  const { home, remove } = await temporaryHome();
  // The same secret, so that the roles that came along are already as they should be.
  await copyFile(join(server.home.keys, "postgres"), join(home.keys, "postgres"));
  const root = await stat(server.place.root);
  await mkdir(home.postgres, { mode: root.mode });
  const owner = await stat(server.place.data);
  const data = join(home.postgres, "data");
  for await (const entry of Readable.from([archives.get("base.tar") ?? Buffer.alloc(0)]).pipe(extract())) {
    const path = join(data, entry.header.name);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    if (entry.header.type === "directory") await mkdir(path, { recursive: true, mode: 0o700 });
    if (entry.header.type === "file") await writeFile(path, await buffer(entry), { mode: 0o600 });
    entry.resume();
    await chown(path, owner.uid, owner.gid);
  }
  await writeFile(join(data, "standby.signal"), "");
  for (const path of [data, join(data, "standby.signal")]) await chown(path, owner.uid, owner.gid);
  return await serverOf(home, remove);
}

async function receiveAll(stream: WalStream): Promise<{ bytes: Buffer; next: WalPosition }> {
  const parts: Buffer[] = [];
  for (;;) {
    const batch = await stream.receive();
    if (batch.kind === "timeline-end") return { bytes: Buffer.concat(parts), next: batch.next };
    parts.push(...batch.pieces.map(({ bytes }) => bytes));
  }
}

async function opened(): Promise<Replication> {
  const replication = await openReplication(standby.guard, "promptlib-test");
  onTestFinished(() => replication.destroy());
  return replication;
}

beforeAll(async () => {
  primary = await testServer();
  await writeWal(primary, 2);
  standby = await standbyOf(primary);
});
afterAll(async () => {
  await standby?.remove();
  await primary?.remove();
});

it("a stream goes on past a promotion: it is told where the timeline ended, and which one comes next", async () => {
  const replication = await opened();
  await replication.createSlot("test");
  const slot = await replication.readSlot("test");
  if (!slot?.restart) throw new Error("no slot");
  const start = { timeline: 1, lsn: segmentStart(slot.restart.lsn) };
  const stream = await replication.streamWal({ slot: "test", start });
  const receiving = receiveAll(stream);
  await standby.sql("select pg_promote()");
  await writeWal(standby, 1);
  const { bytes, next } = await receiving;
  fork = next.lsn;

  expect(next.timeline).toBe(2);
  expect(addBytes(start.lsn, bytes.length)).toBe(fork);
  expect(await stream.receive()).toEqual({ kind: "timeline-end", next });
  await stream.close();

  const history = await replication.timelineHistory(2);
  expect(history.name).toBe("00000002.history");
  expect(parseHistory(history.content)).toEqual([{ timeline: 1, lsn: fork }]);

  const [row] = await standby.sql("select pg_current_wal_flush_lsn()::text as lsn");
  const end = parseLsn(String(row?.lsn));
  const again = await replication.streamWal({ slot: "test", start: { timeline: 2, lsn: segmentStart(fork) } });
  const received: Buffer[] = [];
  for (let at = segmentStart(fork); at < end; ) {
    const batch = await again.receive();
    if (batch.kind !== "wal") throw new Error("the timeline ended");
    for (const piece of batch.pieces) {
      received.push(piece.bytes);
      at = addBytes(piece.start, piece.bytes.length);
    }
  }
  const second = Buffer.concat(received);
  // The new timeline's first segment begins with the bytes that the old one had up to the fork.
  expect(second.subarray(0, segmentOffset(fork)).equals(bytes.subarray(bytes.length - segmentOffset(fork)))).toBe(true);
  const file = await standby.segment(segmentName({ timeline: 2, lsn: fork }));
  const common = Math.min(file.length, second.length);
  expect(second.subarray(0, common).equals(file.subarray(0, common))).toBe(true);
});

it("a stream that begins exactly where its timeline ended is told so at once", async () => {
  const replication = await opened();
  const stream = await replication.streamWal({ slot: "test", start: { timeline: 1, lsn: fork } });
  expect(await stream.receive()).toEqual({ kind: "timeline-end", next: { timeline: 2, lsn: fork } });
  await stream.close();
  await replication.identifySystem();
});
