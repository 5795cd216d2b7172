import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fuzz } from "../../test/support/library.ts";
import { backupDue, type ScheduleState } from "./schedule.ts";

const NOW = new Date("2026-11-22T06:00:00Z");
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);
const due = (changes: Partial<ScheduleState>) =>
  backupDue({
    now: NOW,
    interval: 3_600,
    newest: { start: ago(60) },
    any: true,
    gapAt: null,
    failed: null,
    ...changes,
  });

describe("a backup", () => {
  it("is due at once where there is none, and after a restore, whose life of the database has none", () => {
    expect(due({ newest: null, any: false })).toBe("first");
    expect(due({ newest: null, any: true })).toBe("restored");
  });

  it("is due when an interval has passed since the last one began, to the second", () => {
    expect(due({ newest: { start: ago(3_599) } })).toBeNull();
    expect(due({ newest: { start: ago(3_600) } })).toBe("schedule");
  });

  it("is due when WAL was lost after, or just when, the newest one began", () => {
    expect(due({ newest: { start: ago(60) }, gapAt: ago(61) })).toBeNull();
    expect(due({ newest: { start: ago(60) }, gapAt: ago(60) })).toBe("wal_lost");
    expect(due({ newest: { start: ago(60) }, gapAt: ago(59) })).toBe("wal_lost");
  });

  it("that failed is tried again later and later, at the latest after a quarter of an hour", () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 60, 5_000].map((times) => {
      const tried = (seconds: number) => due({ newest: null, any: false, failed: { at: ago(seconds), times } });
      return [...Array(1_000).keys()].find((seconds) => tried(seconds) !== null);
    });
    expect(pauses).toEqual([30, 60, 120, 240, 480, 900, 900, 900, 900]);
  });

  it("that failed holds up every reason alike, and none for longer than that", () => {
    const instant = fc.integer({ min: 0, max: 10_000_000 }).map(ago);
    const state = fc.record({
      newest: fc.option(fc.record({ start: instant })),
      any: fc.boolean(),
      gapAt: fc.option(instant),
      failed: fc.option(fc.record({ at: instant, times: fc.integer({ min: 0, max: 2_000 }) })),
    });
    fc.assert(
      fc.property(state, (one) => {
        const unhindered = due({ ...one, failed: null });
        const waits = one.failed !== null && NOW.getTime() - one.failed.at.getTime() < 900_000;
        if (waits) expect([null, unhindered]).toContain(due(one));
        else expect(due(one)).toBe(unhindered);
      }),
      fuzz,
    );
  });
});
