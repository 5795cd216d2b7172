import fc from "fast-check";
import { expect, it } from "vitest";
import { visibleRows } from "./visible-rows.ts";

it("draws the rows in view and some around them, never the 100,000", () => {
  expect(visibleRows({ above: 0, height: 900, rowHeight: 60, count: 100_000 })).toEqual({ from: 0, to: 25 });
  expect(visibleRows({ above: 600_000, height: 900, rowHeight: 60, count: 100_000 })).toEqual({
    from: 9_990,
    to: 10_025,
  });
  expect(visibleRows({ above: 5_999_400, height: 900, rowHeight: 60, count: 100_000 })).toEqual({
    from: 99_980,
    to: 100_000,
  });
});

it("draws no other rows than those in view, where these shall be seen first", () => {
  const view = { above: -200, height: 900, rowHeight: 60, count: 100_000 };
  expect(visibleRows(view, 0)).toEqual({ from: 0, to: 12 });
  expect(visibleRows({ ...view, above: 6_030 }, 0)).toEqual({ from: 100, to: 116 });
});

it("draws every row that is in view, wherever one has scrolled to", () => {
  const views = fc.record({
    above: fc.integer({ min: -2_000, max: 7_000_000 }),
    height: fc.integer({ min: 1, max: 4_000 }),
    rowHeight: fc.integer({ min: 20, max: 120 }),
    count: fc.integer({ min: 0, max: 100_000 }),
  });
  fc.assert(
    fc.property(views, fc.integer({ min: 0, max: 100_000 }), (view, row) => {
      const { from, to } = visibleRows(view);
      expect(from).toBeGreaterThanOrEqual(0);
      expect(to).toBeLessThanOrEqual(view.count);
      const top = row * view.rowHeight - view.above;
      const inView = row < view.count && top + view.rowHeight > 0 && top < view.height;
      if (inView) expect(row >= from && row < to).toBe(true);
      expect(to - from).toBeLessThanOrEqual(Math.ceil(view.height / view.rowHeight) + 22);
    }),
  );
});
