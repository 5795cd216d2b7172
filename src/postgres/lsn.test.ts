import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fuzz } from "../../test/support/library.ts";
import {
  addBytes,
  formatLsn,
  lsn,
  parseHistory,
  parseLsn,
  parseSegmentName,
  SEGMENT_BYTES,
  segmentName,
  segmentOffset,
  segmentStart,
  timelineName,
} from "./lsn.ts";

const anyLsn = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(lsn);
/** Beyond these a segment's number has no name of 24 digits. */
const anyTimeline = fc.integer({ min: 1, max: 0xffff_ffff });

describe("a position", () => {
  it("is read back as what was written, whatever it is", () => {
    fc.assert(
      fc.property(anyLsn, (position) => {
        expect(parseLsn(formatLsn(position))).toBe(position);
      }),
      fuzz,
    );
  });

  it("is written as PostgreSQL writes it", () => {
    expect(formatLsn(lsn(0x3000028n))).toBe("0/3000028");
    expect(formatLsn(lsn(0xab_0000_0001n))).toBe("AB/1");
    expect(parseLsn("AB/00000001")).toBe(0xab_0000_0001n);
    expect(parseLsn("ffffffff/ffffffff")).toBe((1n << 64n) - 1n);
  });

  it.each(["", "0", "0/", "/0", "0/100000000", "0x1/2", "0/1 ", "-1/2", "0/1\n", "g/0"])("is not %j", (text) => {
    expect(() => parseLsn(text)).toThrow(RangeError);
  });

  it("stays within 64 bits", () => {
    expect(() => lsn(-1n)).toThrow(RangeError);
    expect(() => addBytes(lsn((1n << 64n) - 1n), 1)).toThrow(RangeError);
  });

  it("lies within its segment", () => {
    fc.assert(
      fc.property(anyLsn, (position) => {
        const start = segmentStart(position);
        expect(start % BigInt(SEGMENT_BYTES)).toBe(0n);
        expect(addBytes(start, segmentOffset(position))).toBe(position);
        expect(segmentOffset(position)).toBeLessThan(SEGMENT_BYTES);
      }),
      fuzz,
    );
  });
});

describe("the name of a segment", () => {
  it("tells where the segment begins, whichever it is", () => {
    fc.assert(
      fc.property(anyLsn, anyTimeline, (position, timeline) => {
        const name = segmentName({ timeline, lsn: position });
        expect(name).toMatch(/^[0-9A-F]{24}$/);
        expect(parseSegmentName(name)).toEqual({ timeline, lsn: segmentStart(position) });
      }),
      fuzz,
    );
  });

  it("is PostgreSQL's own", () => {
    expect(segmentName({ timeline: 1, lsn: parseLsn("0/4000028") })).toBe("000000010000000000000004");
    expect(segmentName({ timeline: 0x1f, lsn: parseLsn("2/FFFFFFFF") })).toBe("0000001F00000002000000FF");
    expect(timelineName(31)).toBe("0000001F");
  });

  it("sorts as the positions do", () => {
    fc.assert(
      fc.property(anyLsn, anyLsn, (one, other) => {
        const [first, second] = [one, other].map((position) => segmentName({ timeline: 1, lsn: position }));
        if (segmentStart(one) < segmentStart(other)) expect(first && second && first < second).toBe(true);
      }),
      fuzz,
    );
  });

  it.each([
    "",
    "000000010000000000000100",
    "000000000000000000000001",
    "000000010000000000000004.partial",
    "00000002.history",
    "00000001000000000000000g",
    "000000010000000000000004\n",
  ])("is not %j", (name) => {
    expect(parseSegmentName(name)).toBeNull();
  });
});

it("a history file tells each branch, and skips what is no line of one", () => {
  const content =
    "1\t0/5000158\tno recovery target specified\n\n# 7\t0/1\t\n  2\t1/A0\tbefore 2000-01-01 00:00:00+00\n";
  expect(parseHistory(content)).toEqual([
    { timeline: 1, lsn: parseLsn("0/5000158") },
    { timeline: 2, lsn: parseLsn("1/A0") },
  ]);
  expect(parseHistory("")).toEqual([]);
});
