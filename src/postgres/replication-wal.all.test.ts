import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { DatabaseProxy } from "../../test/support/database-proxy.ts";
import { type TestServer, testServer, writeWal } from "../../test/support/replication.ts";
import { addBytes, type Lsn, parseLsn, SEGMENT_BYTES, segmentName, segmentStart, type WalPosition } from "./lsn.ts";
import { SOCKET_PORT } from "./place.ts";
import { openReplication, type Replication } from "./replication.ts";
import { FULL_BYTES } from "./replication-inbox.ts";
import type { Patience } from "./replication-link.ts";
import type { WalStream } from "./replication-wal.ts";

const SLOT = "test";
let server: TestServer;
let start: WalPosition;

beforeAll(async () => {
  server = await testServer();
});
afterAll(async () => await server.remove());

/** A new slot, at the start of a new segment, for each. */
beforeEach(async () => {
  start = await freshSlot(server);
});

async function freshSlot(of: TestServer): Promise<WalPosition> {
  const replication = await openReplication(of.guard, "promptlib-test");
  await expect
    .poll(
      async () =>
        await replication.dropSlot(SLOT).then(
          () => true,
          () => false,
        ),
    )
    .toBe(true);
  await replication.createSlot(SLOT);
  const { timeline } = await replication.identifySystem();
  await replication.close();
  await writeWal(of, 1);
  await of.sql("select pg_switch_wal()");
  return { timeline, lsn: segmentStart(await flushed(of)) };
}

async function flushed(of: TestServer): Promise<Lsn> {
  const [row] = await of.sql("select pg_current_wal_flush_lsn()::text as lsn");
  return parseLsn(String(row?.lsn));
}

async function opened(patience: Partial<Patience> = {}, client = server.guard): Promise<Replication> {
  const replication = await openReplication(client, "promptlib-test", patience);
  onTestFinished(() => replication.destroy());
  return replication;
}

async function streaming(patience: Partial<Patience> = {}): Promise<WalStream> {
  return await (await opened(patience)).streamWal({ slot: SLOT, start });
}

/** Receives until `to` is there; answers the bytes from the start of the stream. */
async function receiveTo(stream: WalStream, to: Lsn, from = start.lsn): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let at = from; at < to; ) {
    const batch = await stream.receive();
    if (batch.kind !== "wal") throw new Error("the timeline ended");
    for (const { start: pieceStart, bytes } of batch.pieces) {
      expect(pieceStart).toBe(at);
      at = addBytes(at, bytes.length);
      parts.push(bytes);
    }
  }
  return Buffer.concat(parts);
}

/** Receives until it fails; answers the failure. */
async function failure(stream: WalStream): Promise<unknown> {
  try {
    for (;;) if ((await stream.receive()).kind !== "wal") return "the timeline ended";
  } catch (error) {
    return error;
  }
}

/** What PostgreSQL knows of us. */
async function seen(): Promise<{ flushed: string | null; slot: string }> {
  const [row] = await server.sql(`select r.flush_lsn::text as flushed, s.restart_lsn::text as slot
    from pg_replication_slots s join pg_stat_replication r on r.pid = s.active_pid where slot_name = '${SLOT}'`);
  return {
    flushed: row?.flushed === undefined || row.flushed === null ? null : String(row.flushed),
    slot: String(row?.slot),
  };
}

describe("the stream of WAL", () => {
  it("is byte for byte what PostgreSQL has in pg_wal", async () => {
    const stream = await streaming();
    await writeWal(server, 40);
    const end = await flushed(server);
    const received = await receiveTo(stream, end);
    expect(received.length).toBeGreaterThan(2 * SEGMENT_BYTES);
    for (let at = 0; at < received.length; at += SEGMENT_BYTES) {
      const file = await server.segment(segmentName({ timeline: 1, lsn: addBytes(start.lsn, at) }));
      const part = received.subarray(at, at + SEGMENT_BYTES);
      expect(part.equals(file.subarray(0, part.length))).toBe(true);
    }
    expect(stream.serverEnd).toBeGreaterThanOrEqual(end);
  });

  it("keeps what nobody receives in a few MiB of memory, and loses nothing of it", async () => {
    const stream = await streaming();
    await writeWal(server, 40);
    await expect.poll(() => stream.queuedBytes).toBeGreaterThanOrEqual(FULL_BYTES);
    for (let i = 0; i < 20; i += 1) await server.sql("select pg_sleep(0.01)");
    expect(stream.queuedBytes).toBeLessThan(FULL_BYTES + 1024 * 1024);
    await receiveTo(stream, await flushed(server));
  });

  it("tells nothing as flushed that was not confirmed, and moves the slot to what was", async () => {
    const stream = await streaming({ status: 20 });
    const before = await seen();
    await writeWal(server, 1);
    const end = await flushed(server);
    await receiveTo(stream, end);
    const [first] = await server.sql("select reply_time from pg_stat_replication");
    await expect.poll(async () => await server.sql("select reply_time from pg_stat_replication")).not.toEqual([first]);
    expect(await seen()).toEqual({ flushed: null, slot: before.slot });

    stream.confirm(addBytes(start.lsn, 100));
    await expect.poll(async () => (await seen()).slot).toBe(await asText(addBytes(start.lsn, 100)));
    stream.confirm(addBytes(start.lsn, 50));
    stream.confirm(end);
    await expect.poll(seen).toEqual({ flushed: await asText(end), slot: await asText(end) });
  });

  it("does not tell a position that has not arrived yet, nor move the slot back", async () => {
    const stream = await streaming({ status: 20 });
    await writeWal(server, 1);
    const end = await flushed(server);
    await receiveTo(stream, end);
    stream.confirm(end);
    await expect.poll(async () => (await seen()).slot).toBe(await asText(end));
    stream.confirm(addBytes(end, SEGMENT_BYTES));
    await server.sql("select pg_sleep(0.2)");
    expect((await seen()).slot).toBe(await asText(end));
  });

  it("is told quickly as alive when PostgreSQL asks, long before our own time has come", async () => {
    await server.sql("alter system set wal_sender_timeout = '3s'");
    await server.sql("select pg_reload_conf()");
    try {
      const stream = await streaming();
      const receiving = failure(stream);
      await server.sql("select pg_sleep(7)");
      expect(await server.sql("select from pg_stat_replication where state = 'streaming'")).toHaveLength(1);
      await stream.close();
      expect(await receiving).toMatchObject({ code: "interrupted" });
    } finally {
      await server.sql("alter system reset wal_sender_timeout");
      await server.sql("select pg_reload_conf()");
    }
  });

  it("of a PostgreSQL that has nothing to say goes on, because it is asked", async () => {
    const stream = await streaming({ walSilence: 1_500 });
    const receiving = stream.receive().catch((error: unknown) => error);
    await server.sql("select pg_sleep(5)");
    expect(await server.sql("select from pg_stat_replication where state = 'streaming'")).toHaveLength(1);
    await writeWal(server, 1);
    expect(await receiving).toMatchObject({ kind: "wal" });
  });

  it("ends on our side, and the connection serves on", async () => {
    const replication = await opened();
    const stream = await replication.streamWal({ slot: SLOT, start });
    await receiveTo(stream, await flushed(server));
    const receiving = failure(stream);
    await stream.close();
    await stream.close();
    expect(await receiving).toMatchObject({ code: "interrupted" });
    await expect(stream.receive()).rejects.toMatchObject({ code: "interrupted" });
    await replication.identifySystem();
    const again = await replication.streamWal({ slot: SLOT, start });
    await receiveTo(again, await flushed(server));
  });

  it("tells on leaving what was confirmed last", async () => {
    const stream = await streaming();
    await writeWal(server, 1);
    const end = await flushed(server);
    await receiveTo(stream, end);
    stream.confirm(end);
    await stream.close();
    const [row] = await server.sql(
      `select restart_lsn::text as lsn from pg_replication_slots where slot_name = '${SLOT}'`,
    );
    expect(row?.lsn).toBe(await asText(end));
  });
});

describe("a stream that is refused", () => {
  it("because another one has the slot", async () => {
    await streaming();
    const other = await opened();
    await expect(other.streamWal({ slot: SLOT, start })).rejects.toMatchObject({
      code: "replication_failed",
      message: expect.stringContaining("is active for PID"),
      details: { sqlstate: "55006" },
    });
    await other.identifySystem();
  });

  it("because the WAL is gone", async () => {
    // A slot keeps WAL from the last checkpoint on.
    await server.sql("checkpoint");
    await freshSlot(server);
    await server.sql("checkpoint");
    const replication = await opened();
    const stream = await replication.streamWal({ slot: SLOT, start: { timeline: 1, lsn: parseLsn("0/1000000") } });
    await expect(stream.receive()).rejects.toMatchObject({
      code: "replication_failed",
      message: expect.stringContaining("has already been removed"),
      details: { sqlstate: "58P01" },
    });
    await replication.identifySystem();
  });

  it("because PostgreSQL is not as far", async () => {
    const stream = await (await opened()).streamWal({ slot: SLOT, start: { timeline: 1, lsn: parseLsn("F/0") } });
    await expect(stream.receive()).rejects.toMatchObject({ message: expect.stringContaining("is ahead of") });
  });

  it("because there is no such timeline", async () => {
    const replication = await opened();
    await expect(replication.streamWal({ slot: SLOT, start: { ...start, timeline: 7 } })).rejects.toMatchObject({
      code: "replication_failed",
    });
  });
});

describe("a stream whose other side is lost", () => {
  it("by kill -9 hands out what had arrived, then fails", async () => {
    const own = await testServer();
    onTestFinished(async () => await own.remove());
    const from = await freshSlot(own);
    const replication = await openReplication(own.guard, "promptlib-test");
    const stream = await replication.streamWal({ slot: SLOT, start: from });
    await writeWal(own, 1);
    const end = await flushed(own);
    await expect.poll(() => stream.queuedBytes).toBeGreaterThan(1_000_000);
    await expect.poll(() => stream.serverEnd).toBeGreaterThanOrEqual(end);
    await own.signal("SIGKILL");
    await receiveTo(stream, end, from.lsn);
    expect(await failure(stream)).toMatchObject({ code: "replication_failed", details: { sqlstate: null } });
    await stream.close();
    await replication.close();
  });

  it("by a shutdown fails, and does not hold it up once all is confirmed", async () => {
    const own = await testServer();
    onTestFinished(async () => await own.remove());
    const from = await freshSlot(own);
    const replication = await openReplication(own.guard, "promptlib-test");
    const stream = await replication.streamWal({ slot: SLOT, start: from });
    const ended = (async () => {
      for (;;) {
        const batch = await stream.receive();
        const last = batch.kind === "wal" ? batch.pieces.at(-1) : null;
        if (last) stream.confirm(addBytes(last.start, last.bytes.length));
      }
    })().catch((error: unknown) => error);
    await own.cluster.stop("fast");
    expect(await ended).toMatchObject({ code: "replication_failed", message: expect.stringContaining("shut down") });
    await replication.close();
  });

  it("by an order to end it tells PostgreSQL's words", async () => {
    const stream = await streaming();
    await server.sql("select pg_terminate_backend(pid) from pg_stat_replication");
    expect(await failure(stream)).toMatchObject({ details: { sqlstate: "57P01" } });
  });

  it("by standing still fails after a while, and closing does not hang", async () => {
    const stream = await streaming({ walSilence: 1_500 });
    const closing = await streamingOnAnotherSlot({ farewell: 300 });
    await receiveTo(stream, await flushed(server));
    await server.signal("SIGSTOP");
    try {
      expect(await failure(stream)).toMatchObject({ message: expect.stringContaining("was silent for") });
      await closing.close();
    } finally {
      await server.signal("SIGCONT");
    }
    await server.sql("select pg_terminate_backend(pid, 5000) from pg_stat_replication");
    await server.sql("select pg_drop_replication_slot('other')");
  });

  it.each(["cut", "freeze"] as const)("by a network that does %s fails", async (how) => {
    const proxy = await DatabaseProxy.open(join(server.place.socket, `.s.PGSQL.${SOCKET_PORT}`));
    onTestFinished(async () => await proxy.close());
    const client = { ...server.guard, host: "127.0.0.1", port: proxy.port };
    const stream = await (await opened({ walSilence: 1_500 }, client)).streamWal({ slot: SLOT, start });
    await receiveTo(stream, await flushed(server));
    const failing = failure(stream);
    proxy[how]();
    expect(await failing).toMatchObject({ code: "replication_failed", details: { sqlstate: null } });
  });
});

async function streamingOnAnotherSlot(patience: Partial<Patience>): Promise<WalStream> {
  const replication = await opened(patience);
  await replication.createSlot("other");
  return await replication.streamWal({ slot: "other", start });
}

/** As PostgreSQL writes it, whichever version. */
async function asText(position: Lsn): Promise<string> {
  const [row] = await server.sql(`select ('0/0'::pg_lsn + ${position})::text as lsn`);
  return String(row?.lsn);
}
