/** Whether there is a backup that is young enough. Pure. */
import type { ReadinessReason } from "../contract/recovery.ts";
import { hasNotCome } from "./lost-wal.ts";

export interface AgeInput {
  now: Date;
  /** Seconds between backups. */
  interval: number;
  /** At least one location could be read. */
  backupsKnown: boolean;
  backup: { end: Date } | null;
}

export function ageReasons({ backup, backupsKnown, now, interval }: AgeInput): ReadinessReason[] {
  const remedy = "Make one with promptlib backup; logs/jobs.log of the home says why none was made.";
  if (!backup && !backupsKnown) {
    return [
      {
        code: "backups_unknown",
        level: "critical",
        message: "No location could be read so far, so nobody knows which backups there are.",
        remedy: "promptlib info says what is wrong with each.",
      },
    ];
  }
  if (!backup) {
    return [{ code: "no_backup", level: "critical", message: "There is no backup of this database yet.", remedy }];
  }
  if (hasNotCome(backup.end, now)) {
    return [
      {
        code: "clock_set_back",
        level: "critical",
        message: `The newest backup ended at ${backup.end.toISOString()}, which has not come yet: nobody knows how old it is.`,
        remedy:
          "Look at the clock of this machine. If it is right now, a backup is made by itself; or make it now with promptlib backup.",
      },
    ];
  }
  const age = (now.getTime() - backup.end.getTime()) / 1000;
  if (age <= 2 * interval) return [];
  const message = `The newest backup is ${Math.round(age / 60)} minutes old, which is more than two intervals.`;
  return [{ code: "backup_old", level: "critical", message, remedy }];
}
