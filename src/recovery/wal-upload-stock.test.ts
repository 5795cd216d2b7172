import fc from "fast-check";
import { expect, it } from "vitest";
import { fuzz } from "../../test/support/library.ts";
import { formatLsn, lsn, parseLsn, SEGMENT_BYTES } from "../postgres/lsn.ts";
import { fragmentObject, historyObject, segmentObject } from "./layout.ts";
import { beyondServer, coveredFromStart, nameAt, positionOf, takeStock } from "./wal-upload-stock.ts";

const FOLDER = "wal/7-0a1b2c3d/";
const four = "000000010000000000000004";
const five = "000000010000000000000005";
const whole = (segment: string, timeline = 1) => segmentObject(FOLDER, timeline, segment);
const piece = (segment: string, from: number, to: number) => fragmentObject(FOLDER, 1, segment, { from, to });

function stock(...names: string[]) {
  const { point, leftovers } = takeStock(FOLDER, names);
  return { at: point && nameAt(point), position: point && formatLsn(positionOf(point)), leftovers };
}

it("a location with nothing, or with what is not ours, has no place to go on from", () => {
  expect(stock("promptlib.json", `${FOLDER}readme`, historyObject(FOLDER, 2)).at).toBeNull();
});

it("after a whole segment the next one is missing", () => {
  expect(stock(whole(four))).toEqual({ at: five, position: "0/5000000", leftovers: [] });
});

it("after fragments the rest of their segment is missing", () => {
  const names = [whole(four), piece(five, 0, 100), piece(five, 100, 250)];
  expect(stock(...names)).toEqual({ at: five, position: "0/50000FA", leftovers: [] });
});

it("bytes after a hole between fragments do not count", () => {
  expect(stock(piece(five, 0, 100), piece(five, 101, 250)).position).toBe("0/5000064");
});

it("fragments of a segment that is there as a whole are left over", () => {
  const left = piece(four, 0, 100);
  expect(stock(left, whole(four))).toEqual({ at: five, position: "0/5000000", leftovers: [left] });
});

it("a newer timeline comes after an older one, also at a lower position", () => {
  expect(stock(whole(five), whole("000000020000000000000003", 2)).at).toBe("000000020000000000000004");
});

it("what overlapping ranges cover is covered, and not a byte more", () => {
  const range = fc.tuple(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 10 }));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), (ranges) => {
      const covered = new Set(
        ranges.flatMap(([from, size]) => Array.from({ length: size }, (_, index) => from + index)),
      );
      let end = 0;
      while (covered.has(end)) end += 1;
      expect(coveredFromStart(ranges.map(([from, size]) => ({ from, to: from + size })))).toBe(end);
    }),
    fuzz,
  );
});

it("the last segment of a file number leads to the first of the next", () => {
  const last = "0000000100000000000000FF";
  const { point } = takeStock(FOLDER, [whole(last)]);
  expect(point?.start).toBe(lsn(256n * BigInt(SEGMENT_BYTES)));
  expect(point && nameAt(point)).toBe("000000010000000100000000");
});

it("is beyond PostgreSQL only on its timeline or a later one, and where it is known", () => {
  const point = (timeline: number) => ({ timeline, start: parseLsn("0/5000000"), done: 100, fragments: [] });
  const server = (timeline: number, at: string) => ({ timeline, lsn: parseLsn(at) });
  expect(beyondServer("nas", point(1), server(1, "0/5000063"))).toContain(
    "The location nas holds WAL of this life of the database up to 0/5000064 on timeline 1, but PostgreSQL is only at 0/5000063",
  );
  expect(beyondServer("nas", point(2), server(1, "0/9000000"))).not.toBeNull();
  expect(beyondServer("nas", point(1), server(1, "0/5000064"))).toBeNull();
  expect(beyondServer("nas", point(1), server(2, "0/4000000"))).toBeNull();
  expect(beyondServer("nas", point(1), null)).toBeNull();
  expect(beyondServer("nas", null, server(1, "0/4000000"))).toBeNull();
});
