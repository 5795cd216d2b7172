import { expect, it } from "vitest";
import { exportName } from "../base/export-folder.ts";
import { exportDue } from "./nightly-schedule.ts";

/** The local clock of whoever runs this. */
const at = (day: number, hour: number, minute = 0) => new Date(2027, 0, day, hour, minute);
const due = (now: Date, made: Date | null, failed: Date | null = null) =>
  exportDue(
    {
      whole: made ? [exportName(at(1, 0)), exportName(made)] : [],
      last: failed && { at: failed.toISOString(), problem: "The disk is full." },
    },
    { hour: 2, minute: 30 },
    now,
  );

it("an export is due once a night, at its hour", () => {
  expect(due(at(10, 2, 29), at(9, 2, 30))).toBe(false);
  expect(due(at(10, 2, 30), at(9, 2, 30))).toBe(true);
  expect(due(at(10, 2, 31), at(10, 2, 30))).toBe(false);
  expect(due(at(10, 23), at(10, 2, 30))).toBe(false);
});

it("one that was missed, and the very first, is due at once", () => {
  expect(due(at(10, 14), at(9, 2, 30))).toBe(true);
  expect(due(at(10, 1), at(8, 2, 30))).toBe(true);
  expect(due(at(10, 14), null)).toBe(true);
});

it("one that was made by hand counts for the night before, not for the next", () => {
  expect(due(at(10, 1), at(9, 18))).toBe(false);
  expect(due(at(10, 2, 30), at(9, 18))).toBe(true);
});

it("one that failed is tried again after a quarter of an hour", () => {
  expect(due(at(10, 2, 44), at(9, 2, 30), at(10, 2, 30))).toBe(false);
  expect(due(at(10, 2, 45), at(9, 2, 30), at(10, 2, 30))).toBe(true);
});

it("one that a clock which was wrong dated later than now does not count", () => {
  expect(due(at(10, 2, 30), at(300, 2, 30))).toBe(true);
});
