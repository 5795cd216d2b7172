import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/support/cluster.ts";
import { addBytes, formatLsn, type Lsn, parseLsn, SEGMENT_BYTES, type WalPosition } from "../postgres/lsn.ts";
import type { Location } from "./location.ts";
import { Spool, type SpoolSegment } from "./spool.ts";
import { FickleLocation } from "./testing/receive-fickle.ts";
import { folderAt } from "./testing/receive-stage.ts";
import { UploadLine } from "./wal-upload-line.ts";
import { putWal, readWal } from "./wal-upload-objects.ts";

const FOLDER = "wal/7001-0a1b2c3d/";
const START = parseLsn("0/3000000");
const wal = randomBytes(4 * SEGMENT_BYTES).map((byte) => byte || 1);
const never = new AbortController().signal;

let directory: string;
let spool: Spool;
let location: FickleLocation;
let gaps: string[];
let server: WalPosition | null;
beforeEach(async () => {
  directory = await temporaryDirectory();
  spool = await Spool.open(join(directory, "spool"));
  location = new FickleLocation(await folder("primary"));
  gaps = [];
  server = null;
});
afterEach(async () => {
  spool.close();
  await rm(directory, { recursive: true });
});

async function folder(name: string): Promise<Location> {
  await mkdir(join(directory, name), { recursive: true });
  return folderAt(join(directory, name), name);
}

async function lineTo(to: Location = location, peers: Location[] = []): Promise<UploadLine> {
  const onGap = async ({ from, to: end }: { from: Lsn; to: Lsn }) => {
    gaps.push(`${formatLsn(from)} ${formatLsn(end)}`);
  };
  const waits = { fragmentEvery: 0, peersPatience: 0 };
  const options = { folder: FOLDER, spool, server: () => server, peers: () => peers, onGap, ...waits };
  const line = new UploadLine({ location: to, ...options });
  await line.takeStock(never);
  return line;
}

async function upload(line: UploadLine): Promise<void> {
  while (await line.step(never));
}

async function receive(from: number, to: number, timeline = 1): Promise<void> {
  spool.write({ timeline, lsn: addBytes(START, from) }, Buffer.from(wal.subarray(from, to)));
  await spool.sync();
}

async function names(of: Location = location): Promise<string[]> {
  return (await of.list(FOLDER)).map(({ name }) => name.slice(FOLDER.length));
}

const durable = (line: UploadLine) => line.durable && formatLsn(line.durable);
const at = (offset: number) => formatLsn(addBytes(START, offset));
const [three, four, five] = ["000000010000000000000003", "000000010000000000000004", "000000010000000000000005"];

describe("a segment that is being written", () => {
  it("is stored piece by piece, as it grows, and as a whole at its end", async () => {
    const line = await lineTo();
    await receive(0, 100);
    await upload(line);
    expect(durable(line)).toBe(at(100));
    await receive(100, 250);
    await upload(line);
    expect(await names()).toEqual([`00000001/${three}/0-100.zst`, `00000001/${three}/100-250.zst`]);
    await receive(250, SEGMENT_BYTES + 7);
    await upload(line);
    expect(await names()).toEqual([`00000001/${three}.zst`, `00000001/${four}/0-7.zst`]);
    expect(
      (await readWal(location, `${FOLDER}00000001/${three}.zst`, never)).equals(wal.subarray(0, SEGMENT_BYTES)),
    ).toBe(true);
    expect(durable(line)).toBe(at(SEGMENT_BYTES + 7));
  });

  it("in more than 64 pieces is one that covers them", async () => {
    const line = await lineTo();
    for (let end = 10; end <= 650; end += 10) {
      await receive(end - 10, end);
      await upload(line);
    }
    expect(await names()).toEqual([`00000001/${three}/0-650.zst`]);
    await receive(650, 660);
    await upload(line);
    expect(await names()).toEqual([`00000001/${three}/0-650.zst`, `00000001/${three}/650-660.zst`]);
    expect(durable(line)).toBe(at(660));
  });

  it("keeps its pieces where they may not be removed: said, and the WAL goes on", async () => {
    const line = await lineTo();
    location.refusesRemoval = true;
    await receive(0, 100);
    await upload(line);
    await receive(100, SEGMENT_BYTES + 7);
    await upload(line);
    expect(durable(line)).toBe(at(SEGMENT_BYTES + 7));
    expect(line.problem).toContain("locked");
    location.refusesRemoval = false;
    await receive(SEGMENT_BYTES + 7, 2 * SEGMENT_BYTES);
    await upload(line);
    expect(line.problem).toBeNull();
    expect(await names()).toEqual([`00000001/${three}.zst`, `00000001/${four}.zst`]);
  });
});

describe("after a kill", () => {
  it("uploads go on where the location's newest object ends, and leftovers are removed", async () => {
    await receive(0, 100);
    await upload(await lineTo());
    await receive(100, SEGMENT_BYTES + 7);
    location.refusesRemoval = true;
    await upload(await lineTo());
    location.refusesRemoval = false;
    await receive(SEGMENT_BYTES + 7, SEGMENT_BYTES + 20);
    const line = await lineTo();
    expect(line.position).toEqual({ timeline: 1, lsn: addBytes(START, SEGMENT_BYTES + 7) });
    await upload(line);
    expect(durable(line)).toBe(at(SEGMENT_BYTES + 20));
    expect(await names()).toEqual([`00000001/${three}.zst`, `00000001/${four}/0-7.zst`, `00000001/${four}/7-20.zst`]);
  });

  it("a spool that knows less than the location waits until it has caught up", async () => {
    await receive(0, 100);
    await upload(await lineTo());
    spool.close();
    await rm(join(directory, "spool"), { recursive: true });
    spool = await Spool.open(join(directory, "spool"));
    await receive(0, 50);
    const line = await lineTo();
    await upload(line);
    expect(durable(line)).toBeNull();
    await receive(50, 120);
    await upload(line);
    expect(durable(line)).toBe(at(120));
    expect(await names()).toEqual([`00000001/${three}/0-100.zst`, `00000001/${three}/100-120.zst`]);
  });

  it("pieces with other bytes than PostgreSQL sends now stop the uploads", async () => {
    await putWal(location, `${FOLDER}00000001/${three}/0-100.zst`, randomBytes(100), never);
    await receive(0, 200);
    const line = await lineTo();
    await expect(upload(line)).rejects.toMatchObject({ code: "backup_damaged", details: { reason: "other_bytes" } });
    expect(await names()).toEqual([`00000001/${three}/0-100.zst`]);
  });
});

describe("home and database that were put back together, and the location was not", () => {
  /** The location holds so much; the spool then so much of another history, of which nothing is known to be stored. */
  async function putBack(stored: number, received: number, known = true): Promise<UploadLine> {
    await receive(0, stored);
    await upload(await lineTo());
    spool.close();
    await rm(join(directory, "spool"), { recursive: true });
    spool = await Spool.open(join(directory, "spool"));
    server = known ? { timeline: 1, lsn: START } : null;
    await receiveOther(0, received);
    return await lineTo();
  }

  async function receiveOther(from: number, to: number): Promise<void> {
    spool.write({ timeline: 1, lsn: addBytes(START, from) }, Buffer.alloc(to - from, 7));
    await spool.sync();
    if (server) server = { ...server, lsn: addBytes(START, to) };
  }

  const holds = (line: UploadLine) => spool.segments().some((segment) => line.has(segment));

  it.each([2 * SEGMENT_BYTES, 2 * SEGMENT_BYTES + 100])(
    "are told, and nothing counts as stored, up to %i",
    async (end) => {
      const line = await putBack(end, SEGMENT_BYTES + 50);
      const stored = await names();
      await upload(line);
      expect(line.problem).toContain(
        `up to ${at(end)} on timeline 1, but PostgreSQL is only at ${at(SEGMENT_BYTES + 50)}`,
      );
      expect({ durable: durable(line), position: line.position, holds: holds(line) }).toEqual({
        durable: null,
        position: null,
        holds: false,
      });
      // Also once PostgreSQL has written beyond it, and for who starts then.
      await receiveOther(SEGMENT_BYTES + 50, end + 200);
      for (const one of [line, await lineTo()]) {
        await expect(upload(one)).rejects.toMatchObject({ code: "backup_damaged", details: { reason: "other_bytes" } });
        await one.takeStock(never);
        expect({ durable: durable(one), holds: holds(one) }).toEqual({ durable: null, holds: false });
      }
      expect(await names()).toEqual(stored);
    },
  );

  it("let nothing count as stored while nobody knows where PostgreSQL is", async () => {
    const line = await putBack(2 * SEGMENT_BYTES, SEGMENT_BYTES + 50, false);
    await upload(line);
    expect({ durable: durable(line), holds: holds(line) }).toEqual({ durable: null, holds: false });
  });
});

describe("what ended exactly at a segment's boundary", () => {
  it("counts as stored once the segment before is seen to be the same", async () => {
    await receive(0, SEGMENT_BYTES);
    await upload(await lineTo());
    const line = await lineTo();
    expect(durable(line)).toBeNull();
    await upload(line);
    expect(durable(line)).toBe(at(SEGMENT_BYTES));
  });

  it("goes on where the spool no longer has that segment", async () => {
    await receive(0, SEGMENT_BYTES + 5);
    const first = await lineTo();
    await first.step(never);
    await spool.remove(spool.segments()[0] as SpoolSegment);
    const line = await lineTo();
    await upload(line);
    expect(durable(line)).toBe(at(SEGMENT_BYTES + 5));
  });

  it("and cannot be read any more keeps nothing from going on", async () => {
    await receive(0, SEGMENT_BYTES);
    await upload(await lineTo());
    await location.remove(`${FOLDER}00000001/${three}.zst`);
    await location.put(`${FOLDER}00000001/${three}.zst`, Buffer.from("rotten"));
    const line = await lineTo();
    await receive(SEGMENT_BYTES, SEGMENT_BYTES + 5);
    await upload(line);
    expect(durable(line)).toBe(at(SEGMENT_BYTES + 5));
  });
});

describe("an object of the same name that is there already", () => {
  it("with the same bytes is as good as stored", async () => {
    const line = await lineTo();
    await putWal(location, `${FOLDER}00000001/${three}.zst`, Buffer.from(wal.subarray(0, SEGMENT_BYTES)), never);
    await receive(0, SEGMENT_BYTES);
    await upload(line);
    expect(durable(line)).toBe(at(SEGMENT_BYTES));
  });

  it("with other bytes stops the uploads, and nothing is called durable", async () => {
    const line = await lineTo();
    await putWal(location, `${FOLDER}00000001/${three}.zst`, randomBytes(SEGMENT_BYTES), never);
    await receive(0, SEGMENT_BYTES);
    await expect(upload(line)).rejects.toMatchObject({ code: "backup_damaged" });
    expect(durable(line)).toBeNull();
  });
});

describe("what the spool let go of", () => {
  it("is taken from a location that has it", async () => {
    const other = await folder("secondary");
    await receive(0, 3 * SEGMENT_BYTES + 10);
    await upload(await lineTo(other));
    await receive(3 * SEGMENT_BYTES + 10, 3 * SEGMENT_BYTES + 20);
    const line = await lineTo(location, [other]);
    await line.step(never);
    for (const segment of spool.segments().slice(0, 3)) await spool.remove(segment);
    await upload(line);
    expect(gaps).toEqual([]);
    expect(durable(line)).toBe(at(3 * SEGMENT_BYTES + 20));
    const [first, second] = await names();
    expect([first, second]).toEqual([`00000001/${three}.zst`, `00000001/${four}.zst`]);
    expect(
      (await readWal(location, `${FOLDER}00000001/${four}.zst`, never)).equals(
        wal.subarray(SEGMENT_BYTES, 2 * SEGMENT_BYTES),
      ),
    ).toBe(true);
  });

  it("is a gap where nobody has it, and the newest WAL goes on", async () => {
    const away = new FickleLocation(await folder("secondary"));
    away.away = true;
    await receive(0, 100);
    const line = await lineTo(location, [away]);
    await upload(line);
    await receive(100, 2 * SEGMENT_BYTES + 10);
    for (const segment of spool.segments().slice(0, 2)) await spool.remove(segment);
    await upload(line);
    expect(gaps).toEqual([`${at(100)} ${at(2 * SEGMENT_BYTES)}`]);
    expect(durable(line)).toBe(at(2 * SEGMENT_BYTES + 10));
    expect(await names()).toContain(`00000001/${five}/0-10.zst`);
  });
});

describe("a new timeline", () => {
  const newFour = "000000020000000000000004";

  it("begins with its history, then the segment in which it left the old one", async () => {
    const line = await lineTo();
    await receive(0, SEGMENT_BYTES + 100);
    await upload(line);
    await spool.keepHistory(2, "1\t0/4000064\tno reason\n");
    await receive(SEGMENT_BYTES, SEGMENT_BYTES + 300, 2);
    await upload(line);
    expect(await names()).toEqual([
      `00000001/${three}.zst`,
      `00000001/${four}/0-100.zst`,
      "00000002.history",
      `00000002/${newFour}/0-300.zst`,
    ]);
    expect(await text(await location.get(`${FOLDER}00000002.history`))).toBe("1\t0/4000064\tno reason\n");
    expect(durable(line)).toBe(at(SEGMENT_BYTES + 300));
    expect(gaps).toEqual([]);
    expect(spool.segments().map((segment) => line.has(segment))).toEqual([true, true, false]);
  });

  it("that left the old one exactly at a segment's end lacks nothing", async () => {
    const line = await lineTo();
    await receive(0, SEGMENT_BYTES);
    await upload(line);
    await receive(SEGMENT_BYTES, SEGMENT_BYTES + 5, 2);
    await upload(line);
    expect(gaps).toEqual([]);
    expect(await names()).toEqual([`00000001/${three}.zst`, `00000002/${newFour}/0-5.zst`]);
  });
});
