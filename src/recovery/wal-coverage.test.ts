import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addBytes, type Lsn, lsn, parseLsn, SEGMENT_BYTES, segmentName } from "../postgres/lsn.ts";
import { fragmentObject, segmentObject } from "./layout.ts";
import { coveredBytes, coveringPieces, WalCoverage, type WalPiece, walPieces } from "./wal-coverage.ts";

const FOLDER = "wal/7300000000000000001-0a1b2c3d/";
const fuzz = process.env.FUZZ_SEED ? { seed: Number(process.env.FUZZ_SEED) } : {};

function stored(name: string, { size = 100, modified = "2026-11-22T06:00:00Z" } = {}) {
  return { name, size, modified: new Date(modified) };
}

function segment(number: number, timeline = 1): string {
  return segmentName({ timeline, lsn: addBytes(lsn(0n), number * SEGMENT_BYTES) });
}

function position(number: number, offset = 0): Lsn {
  return addBytes(lsn(0n), number * SEGMENT_BYTES + offset);
}

describe("the WAL of an incarnation", () => {
  it("is what the names of segments and fragments say, and nothing else in the folder", () => {
    const pieces = walPieces(FOLDER, [
      stored(segmentObject(FOLDER, 1, segment(4))),
      stored(fragmentObject(FOLDER, 1, segment(5), { from: 0, to: 1048576 })),
      stored(`${FOLDER}00000002.history`),
      stored(`${FOLDER}index/20261122T06.json`),
      stored("wal/7300000000000000001-ffffffff/00000001/000000010000000000000006.zst"),
      stored(`${FOLDER}00000001/0000000100000000000001FF.zst`),
      stored(segmentObject(FOLDER, 1, segment(7)), { size: 0 }),
    ]);
    expect(pieces.map(({ segment: name, from, to }) => [name, from, to])).toEqual([
      [segment(4), 0, SEGMENT_BYTES],
      [segment(5), 0, 1048576],
    ]);
  });

  it("goes on over segments and overlapping fragments up to the first byte that is missing", () => {
    const coverage = new WalCoverage(
      walPieces(FOLDER, [
        stored(segmentObject(FOLDER, 1, segment(4))),
        stored(fragmentObject(FOLDER, 1, segment(5), { from: 0, to: 5000 })),
        stored(fragmentObject(FOLDER, 1, segment(5), { from: 4000, to: 9000 })),
        stored(fragmentObject(FOLDER, 1, segment(5), { from: 9001, to: 9500 })),
        stored(segmentObject(FOLDER, 2, segment(5, 2))),
      ]),
    );
    expect(coverage.timelines).toEqual([1, 2]);
    expect(coverage.coveredFrom({ timeline: 1, lsn: parseLsn("0/4000000") })).toBe(position(5, 9000));
    expect(coverage.coveredFrom({ timeline: 1, lsn: position(5, 9000) })).toBe(position(5, 9000));
    expect(coverage.nextAt({ timeline: 1, lsn: position(5, 9000) })).toBe(position(5, 9001));
    expect(coverage.nextAt({ timeline: 1, lsn: position(5, 9500) })).toBeNull();
    expect(coverage.nextAt({ timeline: 1, lsn: position(5, 42) })).toBe(position(5, 42));
    expect(coverage.coveredFrom({ timeline: 3, lsn: position(5) })).toBe(position(5));
  });

  it("was written by the time at which the first object with it was stored", () => {
    const fragment = fragmentObject(FOLDER, 1, segment(5), { from: 0, to: 5000 });
    const coverage = new WalCoverage(
      walPieces(FOLDER, [
        stored(fragment, { modified: "2026-11-22T06:00:00Z" }),
        stored(segmentObject(FOLDER, 1, segment(5)), { modified: "2026-11-22T06:09:00Z" }),
      ]),
    );
    const by = (offset: number) => coverage.writtenBy({ timeline: 1, lsn: position(5, offset) })?.toISOString();
    expect(by(5000)).toBe("2026-11-22T06:00:00.000Z");
    expect(by(5001)).toBe("2026-11-22T06:09:00.000Z");
    expect(coverage.writtenBy({ timeline: 1, lsn: position(5) })).toBeNull();
    expect(coverage.writtenBy({ timeline: 1, lsn: lsn(0n) })).toBeNull();
  });
});

describe("random pieces of WAL", () => {
  const UNIT = SEGMENT_BYTES / 8;
  const piece = fc
    .record({
      number: fc.integer({ min: 0, max: 3 }),
      from: fc.integer({ min: 0, max: 7 }),
      length: fc.integer({ min: 1, max: 8 }),
    })
    .map(({ number, from, length }): WalPiece => {
      const to = Math.min(8, from + length);
      return {
        timeline: 1,
        segment: segment(number),
        from: from * UNIT,
        to: to * UNIT,
        object: "",
        modified: new Date(0),
      };
    });

  it("cover what a look at each eighth of a segment says", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 0, max: 32 }), (pieces, start) => {
        const isThere = (unit: number) =>
          pieces.some(
            ({ segment: name, from, to }) =>
              name === segment(Math.floor(unit / 8)) && from <= (unit % 8) * UNIT && (unit % 8) * UNIT < to,
          );
        let end = start;
        while (isThere(end)) end += 1;
        let next: number | null = start;
        while (next !== null && !isThere(next)) next = next < 32 ? next + 1 : null;
        const coverage = new WalCoverage(pieces);
        const at = { timeline: 1, lsn: addBytes(lsn(0n), start * UNIT) };
        expect(Number(coverage.coveredFrom(at)) / UNIT).toBe(end);
        const found = coverage.nextAt(at);
        expect(found === null ? null : Number(found) / UNIT).toBe(next);
      }),
      fuzz,
    );
  });

  it("of one segment: the fewest are chosen that reach as far as all", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 7 }), (pieces) => {
        const reach = (some: readonly WalPiece[]) => {
          let end = 0;
          for (let grew = true; grew; ) {
            grew = false;
            for (const { from, to } of some) if (from <= end && to > end) [end, grew] = [to, true];
          }
          return end;
        };
        const chosen = coveringPieces(pieces);
        expect(coveredBytes(pieces)).toBe(reach(pieces));
        expect(reach(chosen)).toBe(reach(pieces));
        const subsets = [...Array(2 ** pieces.length).keys()].map((bits) =>
          pieces.filter((_, index) => (bits >> index) & 1),
        );
        const fewest = Math.min(...subsets.filter((some) => reach(some) === reach(pieces)).map(({ length }) => length));
        expect(chosen.length).toBe(fewest);
      }),
      fuzz,
    );
  });
});
