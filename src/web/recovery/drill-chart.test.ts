import { describe, expect, it } from "vitest";
import type { DrillReport } from "../../sdk/index.ts";
import { chartOf } from "./drill-chart.ts";

const drill = (day: number, seconds: number | null): DrillReport => ({
  ...{
    at: `2026-11-${day}T06:00:00.000Z`,
    scenario: "database-failure",
    ok: seconds !== null,
    backup: "x",
    point: null,
  },
  ...{ compared: { tables: 1, rows: "1" }, differences: [], notCompared: [], warnings: [], seconds: 9, failure: null },
  timeToRecover: seconds,
  phases: [
    { phase: "plan", seconds: 0 },
    { phase: "fetch backup", seconds: (seconds ?? 0) / 2 },
    { phase: "fetch WAL", seconds: 0 },
    { phase: "replay", seconds: (seconds ?? 0) / 2 },
    { phase: "compare", seconds: 5 },
  ],
});
const room = { width: 140, height: 100 };

describe("the chart of drills", () => {
  it("stacks what a recovery took, without what only a drill does, on an axis that is easily read", () => {
    const { bars, lines } = chartOf([drill(22, 1.6)], room);
    expect(lines).toEqual([
      { seconds: 0, y: 100 },
      { seconds: 1, y: 50 },
      { seconds: 2, y: 0 },
    ]);
    expect(bars[0]?.pieces.map(({ phase, y, height }) => [phase, y, height])).toEqual([
      ["plan", 100, 0],
      ["fetch backup", 60, 40],
      ["fetch WAL", 60, 0],
      ["replay", 20, 40],
    ]);
  });

  it("has as many of the newest as there is room for, the newest on the right", () => {
    const { bars } = chartOf(
      Array.from({ length: 20 }, (_, index) => drill(30 - index, 1)),
      room,
    );
    expect(bars).toHaveLength(10);
    expect(bars.at(-1)?.report.at).toContain("2026-11-30");
    expect(bars.every(({ x, width }) => x >= 0 && x + width <= 140)).toBe(true);
  });

  it("draws nothing for one that failed, and stands without any that measured something", () => {
    const { bars, lines } = chartOf([drill(22, null)], room);
    expect([bars[0]?.pieces, lines.at(-1)]).toEqual([[], { seconds: 1, y: 0 }]);
  });
});
