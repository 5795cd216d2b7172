/** The plan in sentences, as --plan prints it. Pure. */
import { size } from "../contract/size.ts";
import type { RestorePlan } from "./restore-plan-shapes.ts";

export function stepsOf(plan: Omit<RestorePlan, "steps">): string[] {
  const { backup, locations, walNeeded, recovery, lost } = plan;
  const [first, ...others] = locations;
  const elsewhere = others.length === 0 ? "" : `; if it cannot be read there, from ${others.join(" or ")}`;
  return [
    `Read the backup ${backup.id} (${size(backup.tar.size)}, as the database was at ${backup.end.at}) from ${first}${elsewhere}, and check every byte of it.`,
    ...walSteps(walNeeded),
    `Let PostgreSQL ${backup.postgres.major} recover it on timeline ${recovery.timeline}, ${untilWhere(plan)}.`,
    ...(lost ? [`Leave out what was written from ${lost.from} to ${lost.to}: ${lossReasons[lost.reason]}.`] : []),
  ];
}

const lossReasons = {
  target: "it is later than what is asked for, and stays where it is",
  gap: "WAL before it is missing",
};

function walSteps(walNeeded: RestorePlan["walNeeded"]): string[] {
  const byTimeline = Map.groupBy(walNeeded, ({ incarnation, timeline }) => `${incarnation}, timeline ${timeline}`);
  return [...byTimeline].map(([whose, segments]) => {
    const [first, last] = [segments[0]?.segment, segments.at(-1)?.segment];
    const count =
      segments.length === 1
        ? `one segment of WAL, ${first}`
        : `${segments.length} segments of WAL, ${first} to ${last}`;
    return `Fetch ${count} (incarnation ${whose}).`;
  });
}

function untilWhere({ recovery: { target }, reaches, walNeeded }: Omit<RestorePlan, "steps">): string {
  const written = reaches.notLaterThan === null ? "" : `, written not later than ${reaches.notLaterThan}`;
  if (target === null) {
    return `${walNeeded.length === 0 ? "with the WAL that it brings" : "to the end of that WAL"}: ${reaches.lsn}${written}`;
  }
  if ("time" in target) return `up to the last transaction that was committed by ${target.time}`;
  if ("name" in target) return `to the attested point ${target.name} at ${reaches.lsn}`;
  return `up to the position ${reaches.lsn}, exclusively`;
}
