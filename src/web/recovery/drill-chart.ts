/** The chart of how long recoveries took, phase by phase. Pure: seconds in, pixels out. */
import type { DrillReport } from "../../sdk/index.ts";

/** Up to here a restore in earnest does the same; what follows only a drill does. In the order of the work. */
export const RECOVERY_PHASES = ["plan", "fetch backup", "fetch WAL", "replay"] as const;
export type RecoveryPhase = (typeof RECOVERY_PHASES)[number];

export interface Chart {
  bars: Bar[];
  /** Seconds, with where they stand. */
  lines: { y: number; seconds: number }[];
}

export interface Bar {
  report: DrillReport;
  x: number;
  width: number;
  /** From the bottom up; none where the drill failed and measured nothing. */
  pieces: { phase: RecoveryPhase; y: number; height: number }[];
}

interface Room {
  width: number;
  height: number;
}

const LEAST_STEP = 14;
const WIDEST_BAR = 40;

/** `reports`: the newest first; as many of the newest as there is room for stand there, the newest on the right. */
export function chartOf(reports: readonly DrillReport[], { width, height }: Room): Chart {
  const shown = reports.slice(0, Math.max(1, Math.floor(width / LEAST_STEP))).reverse();
  const top = niceAbove(Math.max(...shown.map(({ timeToRecover }) => timeToRecover ?? 0), 0));
  const step = width / Math.max(1, shown.length);
  const barWidth = Math.min(WIDEST_BAR, step * 0.7);
  const bars = shown.map((report, index): Bar => {
    let y = height;
    const pieces = piecesOf(report).map(({ phase, seconds }) => {
      const length = (seconds / top) * height;
      y -= length;
      return { phase, y, height: length };
    });
    return { report, x: step * index + (step - barWidth) / 2, width: barWidth, pieces };
  });
  return { bars, lines: [0, top / 2, top].map((seconds) => ({ seconds, y: height - (seconds / top) * height })) };
}

function piecesOf({ timeToRecover, phases }: DrillReport): { phase: RecoveryPhase; seconds: number }[] {
  if (timeToRecover === null) return [];
  return RECOVERY_PHASES.map((phase) => ({
    phase,
    seconds: phases.filter((one) => one.phase === phase).reduce((sum, { seconds }) => sum + seconds, 0),
  }));
}

/** 1, 2, 5, 10, 20 …: an axis that is easily read. */
function niceAbove(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((factor) => factor * power >= value) ?? 10);
}
