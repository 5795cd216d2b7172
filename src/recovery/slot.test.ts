import { describe, expect, it } from "vitest";
import { formatLsn, parseHistory, parseLsn, type WalPosition } from "../postgres/lsn.ts";
import { startAfter } from "./slot.ts";

const position = (timeline: number, text: string): WalPosition => ({ timeline, lsn: parseLsn(text) });
const server = (timeline: number, text: string) => ({ systemId: "7", ...position(timeline, text) });
const history = parseHistory("1\t0/5000100\tno recovery target specified\n2\t0/7000200\tbefore 2026-01-01\n");

function started(received: WalPosition, at: ReturnType<typeof server>, branches = history) {
  const { position: start, forkedAt } = startAfter(received, at, branches);
  return { start: `${start.timeline} ${formatLsn(start.lsn)}`, forkedAt: forkedAt && formatLsn(forkedAt) };
}

describe("where the stream goes on", () => {
  it("on the same timeline: at the start of the segment in which receiving ended", () => {
    expect(started(position(1, "0/3000028"), server(1, "0/4000000"), [])).toEqual({
      start: "1 0/3000000",
      forkedAt: null,
    });
    expect(started(position(1, "0/4000000"), server(1, "0/4000000"), [])).toEqual({
      start: "1 0/4000000",
      forkedAt: null,
    });
  });

  it("after PostgreSQL went on to other timelines: first the rest of ours", () => {
    expect(started(position(1, "0/5000100"), server(3, "0/8000000"))).toEqual({ start: "1 0/5000000", forkedAt: null });
    expect(started(position(2, "0/6000000"), server(3, "0/8000000"))).toEqual({ start: "2 0/6000000", forkedAt: null });
  });

  it("after it forked off before the end of what was received: on the timeline that it went to, and said so", () => {
    expect(started(position(1, "0/6000000"), server(3, "0/8000000"))).toEqual({
      start: "2 0/5000000",
      forkedAt: "0/5000100",
    });
    expect(started(position(2, "0/7000201"), server(3, "0/8000000"))).toEqual({
      start: "3 0/7000000",
      forkedAt: "0/7000200",
    });
  });

  it("a server that is behind, or that never was on our timeline, is refused", () => {
    const refused = expect.objectContaining({ code: "replication_failed", details: { reason: "other_history" } });
    expect(() => started(position(1, "0/4000001"), server(1, "0/4000000"), [])).toThrow(refused);
    expect(() => started(position(4, "0/4000000"), server(3, "0/8000000"))).toThrow(refused);
    expect(() => started(position(2, "0/4000000"), server(1, "0/8000000"), [])).toThrow(refused);
  });
});
