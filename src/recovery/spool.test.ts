import { randomBytes } from "node:crypto";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/support/cluster.ts";
import { fuzz } from "../../test/support/library.ts";
import { addBytes, formatLsn, parseLsn, SEGMENT_BYTES, segmentName, type Timeline } from "../postgres/lsn.ts";
import { Spool, type SpoolSegment } from "./spool.ts";
import { makeRoom } from "./spool-room.ts";

const START = parseLsn("0/3000000");
/** Two segments and a half. Never zero, so that nothing of it looks like padding. */
const wal = Buffer.from(randomBytes(2.5 * SEGMENT_BYTES).map((byte) => byte || 1));

let directory: string;
let spool: Spool;
beforeEach(async () => {
  directory = await temporaryDirectory();
  spool = await Spool.open(directory);
});
afterEach(async () => {
  spool.close();
  await rm(directory, { recursive: true });
});

async function reopen(): Promise<void> {
  spool.close();
  spool = await Spool.open(directory);
}

/** Bytes `from` to `to` of our WAL arrive. */
function arrive(from: number, to: number, timeline: Timeline = 1, bytes = wal): void {
  spool.write({ timeline, lsn: addBytes(START, from) }, bytes.subarray(from, to));
}

function end(): string | null {
  return spool.end && `${spool.end.timeline} ${formatLsn(spool.end.lsn)}`;
}

function at(offset: number, timeline = 1): string {
  return `${timeline} ${formatLsn(addBytes(START, offset))}`;
}

async function files(): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name !== "boot-id").sort();
}

function segments(): string[] {
  return spool.segments().map(({ name, length, closed }) => `${name} ${length}${closed ? " closed" : ""}`);
}

const nameAt = (offset: number, timeline = 1) => segmentName({ timeline, lsn: addBytes(START, offset) });
const failed = expect.objectContaining({ code: "replication_failed" });

describe("what arrives", () => {
  it("counts once it is synced, and not before", async () => {
    arrive(0, 1_000);
    expect(end()).toBeNull();
    await spool.sync();
    expect(end()).toBe(at(1_000));
  });

  it("is said to those who wait, once a sync", async () => {
    let grown = 0;
    spool.on("grown", () => {
      grown += 1;
    });
    arrive(0, 1_000);
    arrive(1_000, 2_000);
    await spool.sync();
    await spool.sync();
    expect(grown).toBe(1);
  });

  it("goes on in the next file at the end of a segment, and the one before is whole on disk first", async () => {
    arrive(0, SEGMENT_BYTES + 5);
    expect(end()).toBe(at(SEGMENT_BYTES));
    await spool.sync();
    expect(end()).toBe(at(SEGMENT_BYTES + 5));
    expect(segments()).toEqual([`${nameAt(0)} ${SEGMENT_BYTES} closed`, `${nameAt(SEGMENT_BYTES)} 5`]);
  });

  it("again and the same is fine", async () => {
    arrive(0, 5_000);
    await spool.sync();
    await reopen();
    arrive(0, 9_000);
    await spool.sync();
    expect(end()).toBe(at(9_000));
    expect((await readFile(join(directory, nameAt(0)))).equals(wal.subarray(0, 9_000))).toBe(true);
  });

  it("again and different is refused, and what was there stays", async () => {
    arrive(0, 5_000);
    await spool.sync();
    const other = Buffer.from(wal);
    other.writeUInt8(other.readUInt8(4_999) ^ 1, 4_999);
    expect(() => arrive(0, 9_000, 1, other)).toThrow(failed);
    expect((await readFile(join(directory, nameAt(0)))).equals(wal.subarray(0, 5_000))).toBe(true);
  });

  it("with a hole before it is refused", () => {
    arrive(0, 1_000);
    expect(() => arrive(1_001, 2_000)).toThrow(failed);
    expect(() => arrive(SEGMENT_BYTES + 1, SEGMENT_BYTES + 2)).toThrow(failed);
  });

  it("on a newer timeline ends the segment of the older one, once something of it is here", async () => {
    arrive(0, 1_000);
    await spool.sync();
    arrive(0, 1_200, 2);
    expect(segments()).toEqual([`${nameAt(0)} 1000`, `${nameAt(0, 2)} 0`]);
    expect(end()).toBe(at(1_000));
    await spool.sync();
    expect(segments()).toEqual([`${nameAt(0)} 1000 closed`, `${nameAt(0, 2)} 1200`]);
    expect(end()).toBe(at(1_200, 2));
  });

  it("in any pieces, with any kills in between, is what was sent", async () => {
    const piece = fc.record({
      size: fc.integer({ min: 1, max: SEGMENT_BYTES }),
      after: fc.constantFrom("", "sync", "kill"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 8 }), async (pieces) => {
        await rm(directory, { recursive: true });
        await reopen();
        let [arrived, furthest] = [0, 0];
        for (const { size, after } of pieces) {
          const to = Math.min(arrived + size, wal.length);
          arrive(arrived, to);
          arrived = to;
          furthest = Math.max(furthest, to);
          if (after !== "") await spool.sync();
          if (after !== "kill") continue;
          await reopen();
          expect(end()).toBe(at(furthest));
          // As after a reconnect: again from the start of the segment.
          arrived = furthest - (furthest % SEGMENT_BYTES);
        }
        await spool.sync();
        const files = await Promise.all(spool.segments().map((one) => spool.read(one, 0, one.length)));
        expect(
          Buffer.concat(files).equals(
            wal.subarray(
              0,
              files.reduce((sum, { length }) => sum + length, 0),
            ),
          ),
        ).toBe(true);
      }),
      { ...fuzz, numRuns: 15 },
    );
  });
});

it("after a kill of the process alone, zeros at the end count like all that it wrote", async () => {
  arrive(0, 4_096, 1, Buffer.concat([wal.subarray(0, 100), Buffer.alloc(3_996)]));
  await reopen();
  expect(end()).toBe(at(4_096));
});

describe("after the machine died", () => {
  beforeEach(async () => {
    await writeFile(join(directory, "boot-id"), "another life of this machine");
  });

  it("nothing of the newest file counts, for it may have holes, until all of it has come again", async () => {
    arrive(0, SEGMENT_BYTES + 5_000);
    await spool.sync();
    const holes = Buffer.from(wal.subarray(SEGMENT_BYTES, SEGMENT_BYTES + 5_000)).fill(0, 1_000, 2_000);
    await writeFile(join(directory, nameAt(SEGMENT_BYTES)), holes);
    await reopen();
    expect(end()).toBe(at(SEGMENT_BYTES));
    arrive(SEGMENT_BYTES, SEGMENT_BYTES + 500);
    await spool.sync();
    expect(end()).toBe(at(SEGMENT_BYTES + 500));
    // A process that ends now leaves the hole to the next one.
    await reopen();
    expect(end()).toBe(at(SEGMENT_BYTES));
    arrive(SEGMENT_BYTES, SEGMENT_BYTES + 5_000);
    await spool.sync();
    await reopen();
    expect(end()).toBe(at(SEGMENT_BYTES + 5_000));
    expect(
      (await readFile(join(directory, nameAt(SEGMENT_BYTES)))).equals(
        wal.subarray(SEGMENT_BYTES, SEGMENT_BYTES + 5_000),
      ),
    ).toBe(true);
  });

  it("a newest file that PostgreSQL was told of as a whole counts, with the zeros it was padded with", async () => {
    const padded = Buffer.concat([wal.subarray(0, 500), Buffer.alloc(SEGMENT_BYTES - 500)]);
    arrive(0, SEGMENT_BYTES, 1, padded);
    await spool.sync();
    await reopen();
    expect(end()).toBe(at(0));
    await spool.vouch(addBytes(START, SEGMENT_BYTES - 8));
    expect(end()).toBe(at(0));
    await spool.vouch(addBytes(START, SEGMENT_BYTES));
    expect(segments()).toEqual([`${nameAt(0)} ${SEGMENT_BYTES} closed`]);
    await reopen();
    expect(end()).toBe(at(SEGMENT_BYTES));
  });

  it("a newest file that is not whole is nobody's to vouch for", async () => {
    arrive(0, 5_000);
    await spool.sync();
    await reopen();
    await spool.vouch(addBytes(START, 2 * SEGMENT_BYTES));
    expect(end()).toBe(at(0));
  });

  it("zeros that end an older file are what PostgreSQL padded it with", async () => {
    const padded = Buffer.concat([wal.subarray(0, 500), Buffer.alloc(SEGMENT_BYTES - 500), Buffer.from("next")]);
    arrive(0, padded.length, 1, padded);
    await spool.sync();
    await reopen();
    expect(segments()).toEqual([`${nameAt(0)} ${SEGMENT_BYTES} closed`, `${nameAt(SEGMENT_BYTES)} 0`]);
  });

  it("history files and foreign files are told apart", async () => {
    await spool.keepHistory(2, "1\t0/3000100\tno reason\n");
    await writeFile(join(directory, "gap.json"), "{}");
    await reopen();
    expect([...spool.histories]).toEqual([[2, "1\t0/3000100\tno reason\n"]]);
    expect(spool.segments()).toEqual([]);
  });
});

describe("room in the spool", () => {
  beforeEach(async () => {
    arrive(0, 2 * SEGMENT_BYTES + 10);
    await spool.sync();
  });

  const holder = (names: string[], fenced = false) => {
    return { fenced, has: ({ name }: SpoolSegment) => names.includes(name) };
  };
  const [first, second, third] = [nameAt(0), nameAt(SEGMENT_BYTES), nameAt(2 * SEGMENT_BYTES)];

  it("a segment goes when every location has it, and the newest never", async () => {
    const holders = [holder([first, second, third]), holder([first, third])];
    expect(await makeRoom(spool, holders, Number.MAX_SAFE_INTEGER)).toBe(true);
    expect(await files()).toEqual([second, third]);
    expect(end()).toBe(at(2 * SEGMENT_BYTES + 10));
  });

  it("a fenced location is not waited for, and gives no reason to let go", async () => {
    expect(await makeRoom(spool, [holder([first]), holder([], true)], Number.MAX_SAFE_INTEGER)).toBe(true);
    expect(await files()).toEqual([second, third]);
    await makeRoom(spool, [holder([second], true)], 0);
    expect(await files()).toEqual([second, third]);
  });

  it("over the cap the oldest goes once one location has it; what none has stays, and there is no room", async () => {
    const holders = [holder([first, second]), holder([])];
    expect(await makeRoom(spool, holders, 1.5 * SEGMENT_BYTES)).toBe(true);
    expect(await files()).toEqual([second, third]);
    expect(await makeRoom(spool, [holder([]), holder([])], 10)).toBe(false);
    expect((await stat(join(directory, second))).size).toBe(SEGMENT_BYTES);
  });
});
