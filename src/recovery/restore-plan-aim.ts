/** From a place on a line to the plan that leads there: which backup, which WAL, how PostgreSQL is to stop. Pure. */
import { formatLsn, type Lsn, lsn, SEGMENT_BYTES, segmentName, segmentOffset, timelineName } from "../postgres/lsn.ts";
import type { ListedBackup } from "./backups.ts";
import type { BackupManifest } from "./layout.ts";
import type { Line, Span } from "./lineage-line.ts";
import { certainlyAfter, knownMoments, writtenBy } from "./restore-plan-moments.ts";
import { type NeededSegment, neededSegments, type Reach, reachOf, smaller } from "./restore-plan-reach.ts";
import type { Moment, PlanInput, RestorePlan } from "./restore-plan-shapes.ts";
import { microseconds } from "./restore-plan-time.ts";
import { type Candidate, candidatesOn, endOfLine, groundOf, momentAt, momentOf } from "./restore-plan-window.ts";
import { stepsOf } from "./restore-plan-words.ts";

/** Where to: the last span of the line, up to what. */
export type Aim = { line: Line } & (
  | { stop: "end" }
  | { stop: "backup"; manifest: BackupManifest }
  | { stop: "time"; time: string; at: number }
  | { stop: "lsn"; lsn: Lsn }
  | { stop: "point"; lsn: Lsn; name: string; written: string }
);

/** Why there is no way, in a sentence. */
export interface NoWay {
  reason: string;
}

/**
 * PostgreSQL stops at an LSN when it has read a whole record that begins there or behind; the next record may begin in
 * the next segment, and go over into one more.
 */
const BEYOND_LSN = 2;

/** `usable`: the backups that may be taken. `main`: the line that counts, of which the plan says what is lost. */
export function planAim(aim: Aim, usable: readonly ListedBackup[], main: Line, input: PlanInput): RestorePlan | NoWay {
  const ground = groundOf(aim.line, input);
  const moments = knownMoments(aim.line, input.backups);
  const enough = aim.stop === "time" ? certainlyAfter(aim.at, moments) : null;
  const best = candidatesOn(aim.line, usable).find((candidate) => isBefore(aim, candidate, enough));
  if (!best) return noBackup(aim, usable);
  const itself: Reach = { lsn: best.end, span: best.span, legs: [], gap: null };
  const reach = aim.stop === "backup" ? itself : reachOf(aim.line, best.end, ground);
  const found = wayOf(aim, best, reach, enough, input);
  if ("reason" in found) return found;
  const { end, ...way } = found;
  // A time that is so far behind is reached before.
  const certain = aim.stop === "time" && enough !== null && reach.lsn >= enough;
  const { span } = reach;
  const { incarnation, timeline, systemId } = span;
  const bytes = best.manifest.tar.size + way.walNeeded.length * SEGMENT_BYTES;
  if (input.free !== null && input.free < bytes) {
    return { reason: `It needs ${bytes} bytes on the disk, and ${input.free} are free` };
  }
  const plan: Omit<RestorePlan, "steps"> = {
    kind: "plan",
    backup: best.manifest,
    locations: best.locations,
    ...way,
    history: historyOf(aim.line, span, input),
    reaches: { lsn: end.lsn, timeline, incarnation, systemId, notLaterThan: end.at },
    mustRead: certain ? formatLsn(enough) : end.lsn,
    bytes,
    lost: lossOf(aim, best, reach, main, input),
  };
  return { ...plan, steps: stepsOf(plan) };
}

function isBefore(aim: Aim, { manifest, end }: Candidate, enough: Lsn | null): boolean {
  if (aim.stop === "end") return true;
  if (aim.stop === "backup") return manifest === aim.manifest;
  if (aim.stop !== "time") return end <= aim.lsn;
  const at = microseconds(manifest.end.at);
  return at !== null && at <= aim.at && (enough === null || end <= enough);
}

function noBackup(aim: Aim, usable: readonly ListedBackup[]): NoWay {
  const which =
    usable.length === 0 ? "There is no backup that can be used" : "No backup that can be used ends before it";
  return {
    reason: aim.stop === "end" ? "No backup that can be used lies on the line of the database that counts" : which,
  };
}

type Way = Pick<RestorePlan, "walNeeded" | "recovery" | "warnings"> & { end: Moment };

function wayOf(aim: Aim, best: Candidate, reach: Reach, enough: Lsn | null, input: PlanInput): Way | NoWay {
  const { timeline } = reach.span;
  const farthest = reach.lsn === best.end ? momentOf(best.manifest) : momentAt(reach.span, reach.lsn, input.coverages);
  if (aim.stop === "end" || aim.stop === "backup") {
    return {
      walNeeded: neededSegments(reach.legs, null),
      recovery: { timeline, target: null, unreached: "fail" },
      warnings: reach.gap ? [`${missing(reach)}; this restore ends there.`] : [],
      end: farthest,
    };
  }
  if (aim.stop === "time") return wayToTime(aim, reach, farthest, enough);
  if (reach.span !== aim.line.at(-1) || reach.lsn < aim.lsn) {
    if (reach.gap) return { reason: missing(reach) };
    return { reason: `It lies behind everything that was received, which ends at ${formatLsn(reach.lsn)}` };
  }
  if (aim.stop === "point") {
    return {
      walNeeded: neededSegments(reach.legs, aim.lsn),
      recovery: { timeline, target: { name: aim.name }, unreached: "fail" },
      warnings: [],
      end: { ...farthest, at: aim.written, lsn: formatLsn(aim.lsn) },
    };
  }
  const needed = neededSegments(reach.legs, aim.lsn, BEYOND_LSN);
  // Nothing begins behind the end of what there is, so PostgreSQL would wait for it in vain.
  const isAll = aim.lsn === reach.lsn && needed.length > 0;
  return {
    walNeeded: isAll ? cutAt(needed, aim.lsn) : needed,
    recovery: { timeline, target: isAll ? null : { lsn: formatLsn(aim.lsn) }, unreached: isAll ? "fail" : "end" },
    warnings: [],
    end: aim.lsn === best.end ? momentOf(best.manifest) : momentAt(reach.span, aim.lsn, input.coverages),
  };
}

function wayToTime(aim: Aim & { stop: "time" }, reach: Reach, farthest: Moment, enough: Lsn | null): Way | NoWay {
  const written = farthest.at === null ? null : microseconds(farthest.at);
  const certain = enough !== null && reach.lsn >= enough;
  const beyond = !certain && written !== null && aim.at > written;
  if (reach.gap && beyond)
    return { reason: `${missing(reach)}, and what there is before was written by ${farthest.at}` };
  const warnings: string[] = [];
  if (reach.gap && !certain) {
    warnings.push(
      `${missing(reach)}. If nothing was committed between this time and there, PostgreSQL cannot tell: restore to that position then.`,
    );
  } else if (beyond) {
    warnings.push(`Nothing later than ${farthest.at} was received: this restores all there is.`);
  }
  return {
    walNeeded: neededSegments(reach.legs, enough),
    recovery: {
      timeline: reach.span.timeline,
      target: { time: aim.time },
      unreached: reach.gap && !certain ? "fail" : "end",
    },
    warnings,
    end: { ...farthest, at: beyond ? farthest.at : aim.time },
  };
}

function missing({ gap, lsn: at, span }: Reach): string {
  const from = `WAL is missing from ${formatLsn(at)} on`;
  if (!gap) return `${from}, in the segment ${segmentName({ timeline: span.timeline, lsn: at })}`;
  if (gap.until === at) return `${from}: the beginning of the segment ${gap.segment} is not there`;
  return `${from}, in the segment ${gap.segment}, and goes on at ${formatLsn(gap.until)}`;
}

/** Nothing behind the position is given, whatever else its segment holds by the time it is fetched. */
function cutAt(needed: readonly NeededSegment[], position: Lsn): NeededSegment[] {
  return needed.map((one) => {
    const holds = one.segment === segmentName({ timeline: one.timeline, lsn: position });
    return holds ? { ...one, upTo: Math.min(one.upTo, segmentOffset(position)) } : one;
  });
}

/** As PostgreSQL left it in the folder of the incarnation or, where that is lost, as the line tells it. */
function historyOf(line: Line, { incarnation, timeline }: Span, { histories }: PlanInput): RestorePlan["history"] {
  const known = histories.find((one) => one.incarnation === incarnation && one.timeline === timeline);
  const told = line.flatMap((span) =>
    span.timeline < timeline && span.to !== null ? [{ ...span, lsn: span.to }] : [],
  );
  const branches = known && known.branches.length > 0 ? known.branches : told;
  const lines = branches.map((branch) => `${branch.timeline}\t${formatLsn(branch.lsn)}\trestored\n`);
  return lines.length === 0 ? null : { name: `${timelineName(timeline)}.history`, content: lines.join("") };
}

function lossOf(aim: Aim, best: Candidate, reach: Reach, main: Line, input: PlanInput): RestorePlan["lost"] {
  const to = endOfLine(main, groundOf(main, input));
  if (to === null) return null;
  const shared = sharedUpTo(main, aim.line, reach.lsn);
  if (aim.stop === "end") return reach.gap ? { from: formatLsn(reach.lsn), to: formatLsn(to), reason: "gap" } : null;
  if (aim.stop === "time") {
    const written = writtenBy(reach.span, reach.lsn, input.coverages);
    if (reach.lsn >= to && (written === null || aim.at > written * 1000)) return null;
    return { from: formatLsn(smaller(best.end, shared)), to: formatLsn(to), reason: "target" };
  }
  const from = smaller(aim.stop === "backup" ? best.end : aim.lsn, shared);
  return from < to ? { from: formatLsn(from), to: formatLsn(to), reason: "target" } : null;
}

/** Up to here both lines are the same, `reached` at most. */
function sharedUpTo(main: Line, line: Line, reached: Lsn): Lsn {
  let end = lsn(0n);
  for (const [index, span] of line.entries()) {
    const other = main[index];
    if (other?.incarnation !== span.incarnation || other.timeline !== span.timeline) return end;
    end = smaller(reached, other.to);
    if (other.to !== span.to) return end;
  }
  return end;
}
