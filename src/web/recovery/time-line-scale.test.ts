import { describe, expect, it } from "vitest";
import type { BackupInfo, DrillReport, RecoveryInfo } from "../../sdk/index.ts";
import { barOf, marksOf, reachedUntil, scaleOf, spanFor, stretchesOf, ticksOf } from "./time-line-scale.ts";

const HOUR = 3_600_000;
const NOW = Date.parse("2026-11-26T12:00:00Z");
const moment = (hoursAgo: number | null) => ({
  at: hoursAgo === null ? null : new Date(NOW - hoursAgo * HOUR).toISOString(),
  ...{ lsn: "0/0", timeline: 1, incarnation: "a" },
});
type Window = RecoveryInfo["window"];
const window = (more: Partial<Window> = {}): Window => ({ earliest: moment(48), latest: moment(1), gaps: [], ...more });
const hours = (stretches: { from: number; to: number }[]) =>
  stretches.map(({ from, to }) => [(NOW - from) / HOUR, (NOW - to) / HOUR]);

describe("what can be returned to", () => {
  it("reaches from the first backup to the last that was written, or until now where nothing is at risk", () => {
    expect(hours(stretchesOf(window(), null))).toEqual([[48, 1]]);
    expect(hours(stretchesOf(window(), NOW))).toEqual([[48, 0]]);
    expect(stretchesOf(window({ earliest: null, latest: null }), NOW)).toEqual([]);
  });

  it("reaches no further than what was last heard, however long that is ago", () => {
    const heard = (risk: number | null) => ({
      value: { dataAtRisk: { ifMachineVanishes: null, ifDatabaseVanishes: risk } },
      at: NOW - 3 * HOUR,
    });
    expect(hours(stretchesOf(window({ latest: moment(5) }), reachedUntil(heard(1800))))).toEqual([[48, 3.5]]);
    expect(reachedUntil(heard(null))).toBeNull();
    expect(reachedUntil({ value: null, at: null })).toBeNull();
  });

  it("has a hole for each gap, and an end where nothing follows the last one", () => {
    const gap = { from: moment(30), to: moment(20), missing: "x" };
    expect(hours(stretchesOf(window({ gaps: [gap] }), NOW))).toEqual([
      [48, 30],
      [20, 0],
    ]);
    const end = { from: moment(10), to: null, missing: "y" };
    expect(hours(stretchesOf(window({ gaps: [gap, end] }), NOW))).toEqual([
      [48, 30],
      [20, 10],
    ]);
  });
});

describe("the time line", () => {
  it("shows as much as there is, at most 30 days", () => {
    const from = (days: number) => [{ from: NOW - days * 24 * HOUR, to: NOW }];
    expect([0.1, 2, 9, 90].map((days) => spanFor(from(days), NOW))).toEqual([1, 7, 30, 30]);
    expect(spanFor([], NOW)).toBe(1);
  });

  it("draws a stretch within its borders, never so thin that nobody sees it", () => {
    const scale = scaleOf(1, NOW, 240);
    expect(barOf({ from: NOW - 12 * HOUR, to: NOW }, scale)).toEqual({ x: 120, width: 120 });
    expect(barOf({ from: NOW - 90 * HOUR, to: NOW - 12 * HOUR }, scale)).toEqual({ x: 0, width: 120 });
    expect(barOf({ from: NOW - 1_000, to: NOW }, scale)).toEqual({ x: 237, width: 3 });
    expect(barOf({ from: NOW - 90 * HOUR, to: NOW - 80 * HOUR }, scale)).toBeNull();
  });

  it.each([1, 7, 30] as const)(
    "has texts for %d days that do not run into each other, on a phone and on a wall",
    (days) => {
      for (const width of [300, 700, 3_000]) {
        const ticks = ticksOf(days, scaleOf(days, NOW, width));
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        const steps = ticks.slice(1).map(({ x }, index) => x - (ticks[index]?.x ?? 0));
        expect(Math.min(...steps)).toBeGreaterThan(45);
        expect(ticks.every(({ x }) => x >= 0 && x <= width)).toBe(true);
      }
    },
  );

  it("marks backups and drills within it, and what is wrong with them", () => {
    const compared = { at: "", ok: true, tables: 1, rows: "1", seconds: 1 };
    const backup = (hoursAgo: number, more: Partial<BackupInfo> = {}) =>
      ({ state: "whole", end: moment(hoursAgo), compared: null, ...more }) as BackupInfo;
    const drill = (hoursAgo: number, ok: boolean) => ({ at: moment(hoursAgo).at, ok }) as DrillReport;
    const backups = [
      backup(90),
      backup(18),
      backup(12, { compared }),
      backup(6, { state: "damaged" }),
      backup(3, { state: "unfinished" }),
    ];
    expect(marksOf(backups, [drill(12, true), drill(6, false)], scaleOf(1, NOW, 240))).toEqual([
      { x: 60, kind: "whole" },
      { x: 120, kind: "compared" },
      { x: 180, kind: "damaged" },
      { x: 120, kind: "drill" },
      { x: 180, kind: "failed drill" },
    ]);
  });
});
