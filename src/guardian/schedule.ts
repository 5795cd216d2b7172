/** When the next backup is due. Pure. */
import type { BackupOptions } from "../contract/recovery.ts";
import type { Lsn } from "../postgres/lsn.ts";
import { hasNotCome, isLostBehind, type LostWal } from "../recovery/lost-wal.ts";

export interface ScheduleState {
  now: Date;
  /** Seconds. */
  interval: number;
  /** Of the present life of the database; null: it has none yet. */
  newest: { start: Date; lsn: Lsn } | null;
  /** Whether any life of the database has a backup. */
  any: boolean;
  /** WAL of this life that nothing can be replayed across; null: none. */
  lost: LostWal | null;
  /** The last try that failed since the last backup, and how many there were. */
  failed: { at: Date; times: number } | null;
}

const FIRST_PAUSE_S = 30;
const LONGEST_PAUSE_S = 900;

/** Why a backup is due now, or null. */
export function backupDue(state: ScheduleState): BackupOptions["reason"] | null {
  const { newest, lost, failed, now } = state;
  if (failed && !hasNotCome(failed.at, now) && secondsSince(failed.at, state) < pauseAfter(failed.times)) return null;
  if (!newest) return state.any ? "restored" : "first";
  if (lost && isLostBehind(lost, { at: newest.start, lsn: newest.lsn }, now)) return "wal_lost";
  // Made while the clock was ahead: nobody knows how old it is.
  if (hasNotCome(newest.start, now)) return "schedule";
  return secondsSince(newest.start, state) >= state.interval ? "schedule" : null;
}

function pauseAfter(times: number): number {
  return Math.min(FIRST_PAUSE_S * 2 ** Math.max(0, times - 1), LONGEST_PAUSE_S);
}

function secondsSince(at: Date, { now }: ScheduleState): number {
  return (now.getTime() - at.getTime()) / 1000;
}
