/** What a plan for a time says of branches that a restore left, where the database may have been then. Pure. */
import { formatLsn, segmentStart, type Timeline } from "../postgres/lsn.ts";
import type { Life } from "./lineage.ts";
import type { Line } from "./lineage-line.ts";
import type { Aim } from "./restore-plan-aim.ts";
import { writtenBy } from "./restore-plan-moments.ts";
import type { PlanInput } from "./restore-plan-shapes.ts";

/** A time between two timelines: the database went on for a while on a branch that a restore then left. */
export function branchWarnings(aim: Aim, main: Line, input: PlanInput): string[] {
  const { coverages, target } = input;
  if (aim.stop !== "time" || (target.kind === "time" && (target.timeline ?? null) !== null)) return [];
  const given = givenUpAt(aim.at, input);
  if (given !== null) {
    return [
      `At this time the database may have been on timeline ${given}, which a later restore left. What it wrote there is not restored; it is reached with --at and --timeline ${given}.`,
    ];
  }
  return main.flatMap((span, index) => {
    const before = main[index - 1];
    if (!before || !span.since || aim.at >= span.since.getTime() * 1000) return [];
    const left =
      coverages.get(before.incarnation)?.coveredFrom({ timeline: before.timeline, lsn: span.from }) ?? span.from;
    // When exactly it passed the fork nobody knows, only when the segment before was stored.
    const written = writtenBy(before, segmentStart(span.from), coverages);
    if (left === span.from || (written !== null && aim.at < written * 1000)) return [];
    return [
      `At this time the database may have been on a branch that was left at ${formatLsn(span.from)}. What it wrote there up to ${formatLsn(left)} is not restored; it is reached with --lsn or --at and --timeline ${before.timeline}.`,
    ];
  });
}

/** The timeline of the incarnation that wrote then, where nobody continues it; null: another one wrote. */
function givenUpAt(at: number, input: PlanInput): Timeline | null {
  const { lives, abandoned } = input.lineage;
  const since = (life: Life) => (life.since === null ? Number.NaN : Date.parse(life.since) * 1000);
  const begun = [...lives.values()].filter((life) => since(life) <= at);
  const life = begun.reduce<Life | null>((last, one) => (last && since(last) >= since(one) ? last : one), null);
  if (!life || !abandoned.includes(life)) return null;
  const last = input.coverages.get(life.incarnation)?.timelines.at(-1) ?? 0;
  // Nothing of its own was received: there is nothing to reach.
  return last > (life.from?.timeline ?? 0) ? last : null;
}
