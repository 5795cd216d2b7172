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
  /**
   * The last backup that this guardian saw made, if it is still there: seconds since it began. It need not be the newest by
   * its position, where the database was put back to an earlier state.
   */
  made: { seconds: number; reason: string } | null;
  /** The last try that failed since the last backup, and how many there were. */
  failed: { at: Date; times: number } | null;
}

const FIRST_PAUSE_S = 30;
const LONGEST_PAUSE_S = 900;

/** Why a backup is due now, or null. */
export function backupDue(state: ScheduleState): BackupOptions["reason"] | null {
  const { newest, lost, made, failed, now, interval } = state;
  if (failed && !hasNotCome(failed.at, now) && secondsSince(failed.at, state) < pauseAfter(failed.times)) return null;
  if (!newest) return state.any ? "restored" : "first";
  const isMadeForLost = made?.reason === "wal_lost" && made.seconds < Math.min(interval, LONGEST_PAUSE_S);
  if (lost && !isMadeForLost && isLostBehind(lost, { at: newest.start, lsn: newest.lsn }, now)) return "wal_lost";
  // Whatever clocks and positions say: else one would follow the other until the disks are full.
  if (made && made.seconds < interval) return null;
  // Made while the clock was ahead: nobody knows how old it is.
  if (hasNotCome(newest.start, now)) return "schedule";
  return secondsSince(newest.start, state) >= interval ? "schedule" : null;
}

function pauseAfter(times: number): number {
  return Math.min(FIRST_PAUSE_S * 2 ** Math.max(0, times - 1), LONGEST_PAUSE_S);
}

function secondsSince(at: Date, { now }: ScheduleState): number {
  return (now.getTime() - at.getTime()) / 1000;
}
