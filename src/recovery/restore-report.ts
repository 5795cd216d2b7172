/** What a restore says of itself afterwards. Pure. */
import type { PhaseTime } from "../contract/recovery.ts";
import { formatLsn, parseLsn } from "../postgres/lsn.ts";
import { totalSeconds } from "./phases.ts";
import type { Restored } from "./restore-look.ts";
import type { RestoreTarget } from "./restore-plan-shapes.ts";

export interface RestoreReport {
  /** When PostgreSQL answered again; ISO 8601, UTC. */
  at: string;
  /** In words. */
  target: string;
  backup: string;
  /** Everything before `lsn` of `timeline` is there. */
  reached: { timeline: number; lsn: string; newTimeline: number; lastCommit: string | null };
  lost: Loss | null;
  /** Seconds from when PostgreSQL was last known to answer until it answered again. */
  downtime: number;
  /** Seconds that all phases took together. */
  seconds: number;
  phases: PhaseTime[];
  /** The directory with the old data directory; null: there was none. */
  oldState: string | null;
  warnings: string[];
}

/** All of a report that is known when the restored state is about to be put in place. */
export type ReportDraft = Omit<RestoreReport, "at" | "downtime" | "seconds"> & {
  /** Since when PostgreSQL does not answer; ISO 8601, UTC. */
  downSince: string;
};

/** The report of a restore that was killed when all but the start of PostgreSQL was done. null: it said nothing. */
export function reportOf(draft: unknown, answered: Date): RestoreReport | null {
  if (typeof draft !== "object" || draft === null || !("downSince" in draft)) return null;
  const known = draft as ReportDraft;
  const downtime = (answered.getTime() - Date.parse(known.downSince)) / 1000;
  const report = completed(known, answered, downtime);
  return { ...report, warnings: [...report.warnings, "The restore itself was killed before PostgreSQL answered."] };
}

/** `downtime`: seconds. */
export function completed({ downSince: _, ...known }: ReportDraft, at: Date, downtime: number): RestoreReport {
  return { ...known, at: at.toISOString(), downtime, seconds: totalSeconds(known.phases) };
}

/** WAL that PostgreSQL is known to have written and that is not there. All that is not known is null. */
export interface Loss {
  /** 0: nothing. */
  bytes: number;
  /** From the last commit that is there to the last moment at which PostgreSQL was seen writing. */
  seconds: number | null;
}

/** null: what is missing was asked for, or nobody saw how far PostgreSQL was. */
export function lossOf(
  target: RestoreTarget,
  { branch, lastCommit }: Restored,
  lastSeen: { lsn: string; at: string } | null,
): Loss | null {
  if (target.kind !== "latest" || lastSeen === null) return null;
  const missing = parseLsn(lastSeen.lsn) - parseLsn(branch.lsn);
  if (missing <= 0n) return { bytes: 0, seconds: 0 };
  const seconds = lastCommit === null ? null : Math.max(0, (Date.parse(lastSeen.at) - Date.parse(lastCommit)) / 1000);
  return { bytes: Number(missing), seconds };
}

export function targetWords(target: RestoreTarget): string {
  switch (target.kind) {
    case "latest":
      return "everything there is";
    case "time":
      return `the state at ${target.time}`;
    case "lsn":
      return `the state at position ${formatLsn(target.lsn)}`;
    case "point":
      return `the point ${target.name}`;
    case "backup":
      return `the backup ${target.id} as it is`;
  }
}
