/**
 * WAL that was lost, and whether a backup stands behind it. Pure. Positions of one life of the database only grow, while
 * a clock that was ahead is set back: what it noted then has not come yet.
 */
import type { Lsn } from "../postgres/lsn.ts";

export interface LostWal {
  /** When it was found. */
  at: Date;
  /** Nothing is lost from here on; 0/0: nobody knows. */
  to: Lsn;
}

/** More than what clocks are apart that are in order. */
const SLACK_S = 300;

export function hasNotCome(at: Date, now: Date): boolean {
  return at.getTime() - now.getTime() > SLACK_S * 1000;
}

/** Of the same life of the database. `backup`: its beginning or its end. */
export function isLostBehind(lost: LostWal, backup: { at: Date; lsn: Lsn }, now: Date): boolean {
  // By time also what is lost for one location alone asks for a backup: that one may hold an older one.
  return backup.lsn < lost.to || (lost.at <= now && backup.at <= lost.at);
}
