/** What a restore says of itself afterwards. Pure. */
import type { RestoreReport } from "../contract/recovery-shapes.ts";
import { formatLsn, parseLsn, type Timeline } from "../postgres/lsn.ts";
import { totalSeconds } from "./phases.ts";
import type { Restored } from "./restore-look.ts";
import type { RestorePlan, RestoreTarget } from "./restore-plan-shapes.ts";

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

/** All that is not known is null. */
type Loss = NonNullable<RestoreReport["lost"]>;

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

/** PostgreSQL takes WAL that it cannot read for its end, without a word; a later target is then not reached. */
export function shortfall({ mustRead }: Pick<RestorePlan, "mustRead">, { branch, targetReached }: Restored): string[] {
  if (targetReached || parseLsn(branch.lsn) >= parseLsn(mustRead)) return [];
  return [
    `WAL is there up to ${mustRead}, and PostgreSQL read it up to ${branch.lsn}: what lies between is a record that was never finished, or is damaged (promptlib verify tells which).`,
  ];
}

export function targetWords(target: RestoreTarget): string {
  switch (target.kind) {
    case "latest":
      return "everything there is";
    case "time":
      return `the state at ${target.time}${ofTimeline(target.timeline ?? null)}`;
    case "lsn":
      return `the state at position ${formatLsn(target.lsn)}${ofTimeline(target.timeline)}`;
    case "point":
      return `the point ${target.name}`;
    case "backup":
      return `the backup ${target.id} as it is`;
  }
}

function ofTimeline(timeline: Timeline | null): string {
  return timeline === null ? "" : ` of timeline ${timeline}`;
}
