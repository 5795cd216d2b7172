/** When the next backup is due. Pure. */
import type { BackupOptions } from "../contract/recovery.ts";

export interface ScheduleState {
  now: Date;
  /** Seconds. */
  interval: number;
  /** Of the present life of the database; null: it has none yet. */
  newest: { start: Date } | null;
  /** Whether any life of the database has a backup. */
  any: boolean;
  /** When WAL was lost that nothing can be replayed across; null: never. */
  gapAt: Date | null;
  /** The last try that failed since the last backup, and how many there were. */
  failed: { at: Date; times: number } | null;
}

const FIRST_PAUSE_S = 30;
const LONGEST_PAUSE_S = 900;

/** Why a backup is due now, or null. */
export function backupDue(state: ScheduleState): BackupOptions["reason"] | null {
  if (state.failed && secondsSince(state.failed.at, state) < pauseAfter(state.failed.times)) return null;
  const { newest, gapAt } = state;
  if (!newest) return state.any ? "restored" : "first";
  if (gapAt && newest.start <= gapAt) return "wal_lost";
  return secondsSince(newest.start, state) >= state.interval ? "schedule" : null;
}

function pauseAfter(times: number): number {
  return Math.min(FIRST_PAUSE_S * 2 ** Math.max(0, times - 1), LONGEST_PAUSE_S);
}

function secondsSince(at: Date, { now }: ScheduleState): number {
  return (now.getTime() - at.getTime()) / 1000;
}
