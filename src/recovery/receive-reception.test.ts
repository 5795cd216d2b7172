import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/support/cluster.ts";
import { until } from "../base/clock.ts";
import { addBytes, formatLsn, type Lsn, parseLsn, SEGMENT_BYTES } from "../postgres/lsn.ts";
import type { Replication } from "../postgres/replication.ts";
import type { WalBatch, WalStream } from "../postgres/replication-wal.ts";
import { Reception } from "./receive-reception.ts";
import { Spool } from "./spool.ts";

const START = parseLsn("0/5000000");
const BOUNDARY = parseLsn("0/6000000");
const HALF = SEGMENT_BYTES / 2;
const ours = randomBytes(SEGMENT_BYTES);

let directory: string;
let spool: Spool;
let starts: string[];
let told: string[];
beforeEach(async () => {
  directory = await temporaryDirectory();
  spool = await Spool.open(directory);
  spool.write({ timeline: 1, lsn: START }, ours);
  await spool.sync();
  [starts, told] = [[], []];
});
afterEach(async () => {
  spool.close();
  await rm(directory, { recursive: true });
});

/** A PostgreSQL far beyond the boundary at which receiving ended, whose slot is at `restart`. */
function receptionOf(restart: string, receive: () => Promise<WalBatch>): Reception {
  const server = { systemId: "7", timeline: 1, lsn: parseLsn("0/9000000") };
  const stream: WalStream = {
    serverEnd: server.lsn,
    queuedBytes: 0,
    receive,
    confirm: (flushed) => void told.push(formatLsn(flushed)),
    close: async () => {},
  };
  const replication: Pick<Replication, "createSlot" | "readSlot" | "streamWal"> = {
    createSlot: async () => "exists",
    readSlot: async () => ({ restart: { timeline: 1, lsn: parseLsn(restart) } }),
    streamWal: async ({ start }) => {
      starts.push(formatLsn(start.lsn));
      return stream;
    },
  };
  return new Reception({
    replication: replication as Replication,
    server,
    spool,
    origin: null,
    loss: null,
    stored: async () => null,
    room: async () => {},
    onDisk: async () => {},
    onStreaming: () => {},
    onReceived: () => {},
    onGap: async () => {},
    onFork: () => {},
  });
}

function batch(start: Lsn, bytes: Buffer): WalBatch {
  return { kind: "wal", pieces: [{ start, bytes }], serverEnd: addBytes(start, bytes.length) };
}

describe("a stream that goes on at a segment's boundary", () => {
  it("begins with the segment before, which is compared, and confirms nothing until that is done", async () => {
    const more = [Promise.withResolvers<WalBatch>(), Promise.withResolvers<WalBatch>()];
    const coming = [...more];
    const reception = receptionOf("0/5000100", async () => await (coming.shift()?.promise ?? new Promise(() => {})));
    void reception.run();
    await until(() => starts.length > 0, { timeout: 20_000 });
    expect(starts).toEqual(["0/5000000"]);
    more[0]?.resolve(batch(START, ours.subarray(0, HALF)));
    await until(() => coming.length === 0, { timeout: 20_000 });
    reception.confirm(BOUNDARY);
    expect(told).toEqual([]);
    more[1]?.resolve(batch(addBytes(START, HALF), ours.subarray(HALF)));
    const confirmed = () => {
      reception.confirm(BOUNDARY);
      return told.length > 0;
    };
    expect(await until(confirmed, { timeout: 20_000 })).toBe(true);
  });

  it("of a PostgreSQL that was put back ends with the first byte that differs", async () => {
    const reception = receptionOf("0/5000100", async () => batch(START, randomBytes(SEGMENT_BYTES)));
    await expect(reception.run()).rejects.toMatchObject({ message: expect.stringContaining("sends other WAL") });
  });

  it("begins there where PostgreSQL knows that all before it was stored", async () => {
    void receptionOf("0/6000000", async () => await new Promise(() => {})).run();
    await until(() => starts.length > 0, { timeout: 20_000 });
    expect(starts).toEqual(["0/6000000"]);
  });
});
