import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fuzz } from "../../test/support/library.ts";
import { parseLsn as lsn } from "../postgres/lsn.ts";
import { backupDue, type ScheduleState } from "./schedule.ts";

const NOW = new Date("2026-11-22T06:00:00Z");
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);
const due = (changes: Partial<ScheduleState>) =>
  backupDue({
    now: NOW,
    interval: 3_600,
    newest: { start: ago(60), lsn: lsn("0/5000000") },
    any: true,
    lost: null,
    made: null,
    failed: null,
    ...changes,
  });

const begun = (start: Date) => ({ newest: { start, lsn: lsn("0/5000000") } });

describe("a backup", () => {
  it("is due at once where there is none, and after a restore, whose life of the database has none", () => {
    expect(due({ newest: null, any: false })).toBe("first");
    expect(due({ newest: null, any: true })).toBe("restored");
  });

  it("is due when an interval has passed since the last one began, to the second", () => {
    expect(due(begun(ago(3_599)))).toBeNull();
    expect(due(begun(ago(3_600)))).toBe("schedule");
  });

  it("is due when WAL was lost after, or just when, the newest one began", () => {
    const lost = (seconds: number) => due({ lost: { at: ago(seconds), to: lsn("0/5000000") } });
    expect(lost(61)).toBeNull();
    expect(lost(60)).toBe("wal_lost");
    expect(lost(59)).toBe("wal_lost");
  });

  it("is due when the newest one began at a moment that has not come yet: the clock was ahead then", () => {
    expect(due(begun(ago(-300)))).toBeNull();
    expect(due(begun(ago(-301)))).toBe("schedule");
    expect(due(begun(ago(-30 * 86_400)))).toBe("schedule");
  });

  it("is due when WAL was lost behind the newest one, whatever the clock was when either was noted", () => {
    const lost = (at: Date, to: string) => due({ ...begun(ago(-30 * 86_400)), lost: { at, to: lsn(to) } });
    expect(lost(ago(60), "0/6000000")).toBe("wal_lost");
    expect(lost(ago(60), "0/5000000")).toBe("schedule");
    expect(due({ lost: { at: ago(-30 * 86_400), to: lsn("0/5000000") } })).toBeNull();
    expect(due({ lost: { at: ago(-30 * 86_400), to: lsn("0/5000001") } })).toBe("wal_lost");
  });

  it("that was made just now is followed by none, though one lies further ahead that is old, or WAL that was lost", () => {
    const old = begun(ago(7_200));
    const made = (seconds: number, reason = "schedule") => ({ made: { seconds, reason } });
    expect(due({ ...old, ...made(10) })).toBeNull();
    expect(due({ ...old, ...made(3_600) })).toBe("schedule");
    expect(due({ ...begun(ago(-30 * 86_400)), ...made(10) })).toBeNull();
    const lost = { lost: { at: ago(5), to: lsn("0/9000000") } };
    expect(due({ ...old, ...lost, ...made(10) })).toBe("wal_lost");
    expect(due({ ...old, ...lost, ...made(10, "wal_lost") })).toBeNull();
    expect(due({ ...old, ...lost, ...made(900, "wal_lost") })).toBe("wal_lost");
  });

  it("that failed while the clock was ahead holds up nothing", () => {
    expect(due({ newest: null, any: false, failed: { at: ago(-30 * 86_400), times: 1 } })).toBe("first");
  });

  it("that failed is tried again later and later, at the latest after a quarter of an hour", () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 60, 5_000].map((times) => {
      const tried = (seconds: number) => due({ newest: null, any: false, failed: { at: ago(seconds), times } });
      return [...Array(1_000).keys()].find((seconds) => tried(seconds) !== null);
    });
    expect(pauses).toEqual([30, 60, 120, 240, 480, 900, 900, 900, 900]);
  });

  it("that failed holds up every reason alike, and none for longer than that", () => {
    const instant = fc.integer({ min: -10_000_000, max: 10_000_000 }).map(ago);
    const position = fc.bigInt({ min: 0n, max: 99n }).map((number) => lsn(`0/${number}`));
    const state = fc.record({
      newest: fc.option(fc.record({ start: instant, lsn: position })),
      any: fc.boolean(),
      lost: fc.option(fc.record({ at: instant, to: position })),
      failed: fc.option(fc.record({ at: instant, times: fc.integer({ min: 0, max: 2_000 }) })),
    });
    fc.assert(
      fc.property(state, (one) => {
        const unhindered = due({ ...one, failed: null });
        const since = one.failed && NOW.getTime() - one.failed.at.getTime();
        const waits = since !== null && since >= -300_000 && since < 900_000;
        if (waits) expect([null, unhindered]).toContain(due(one));
        else expect(due(one)).toBe(unhindered);
      }),
      fuzz,
    );
  });
});
