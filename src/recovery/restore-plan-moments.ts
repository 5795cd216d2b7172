/** What is known to have been written when. Pure. */
import type { Lsn } from "../postgres/lsn.ts";
import type { ListedBackup } from "./backups.ts";
import type { Line, Span } from "./lineage-line.ts";
import { positionOf } from "./manifest-shapes.ts";
import type { Coverages } from "./restore-plan-reach.ts";
import { microseconds } from "./restore-plan-time.ts";

/** The database was at this position at this time, by its own clock. */
export interface Known {
  at: number;
  lsn: Lsn;
}

/** Where the backup's `end` lies on the line; null: not on it. */
export function spanOf(line: Line, incarnation: string, timeline: number, position: Lsn): Span | null {
  const span = line.find((one) => one.incarnation === incarnation && one.timeline === timeline);
  return span && span.from <= position && (span.to === null || position <= span.to) ? span : null;
}

/** Positions whose time is known, from the backups on the line and their attested points. */
export function knownMoments(line: Line, backups: readonly ListedBackup[]): Known[] {
  return backups.flatMap(({ manifest, attested }) => {
    if (!manifest) return [];
    return [manifest.start, manifest.end, ...(attested ? [attested] : [])].flatMap((moment) => {
      const at = microseconds(moment.at);
      const lsn = positionOf(moment);
      return at !== null && spanOf(line, manifest.incarnation, moment.timeline, lsn) ? [{ at, lsn }] : [];
    });
  });
}

/** Clocks are set now and then, by less than this: a moment proves nothing about times that are so near. */
const CLOCK_STEP = 60 * 1_000_000;

/** What was committed up to the time lies before this position; null: nobody knows such a position. */
export function certainlyAfter(time: number, moments: readonly Known[]): Lsn | null {
  let first: Lsn | null = null;
  for (const { at, lsn } of moments) {
    if (at > time + CLOCK_STEP && (first === null || lsn < first)) first = lsn;
  }
  return first;
}

/**
 * The line as far as it may matter for the time: a span that only began after it has nothing to give, and recovering
 * along its timeline to a place before it would give the restored cluster a history that contradicts itself.
 */
export function lineAtTime(line: Line, time: number, coverages: Coverages): Line {
  for (let index = line.length - 1; index > 0; index--) {
    const [before, span] = [line[index - 1], line[index]];
    if (!before || !span) continue;
    const written = writtenBy(before, span.from, coverages);
    const begins = Math.min(written ?? Number.POSITIVE_INFINITY, span.since?.getTime() ?? Number.POSITIVE_INFINITY);
    if (begins === Number.POSITIVE_INFINITY || time >= begins * 1000) return line.slice(0, index + 1);
  }
  return line.slice(0, 1);
}

/** Milliseconds since 1970 by which the byte before the position was written; null: nothing tells. */
export function writtenBy({ incarnation, timeline }: Span, lsn: Lsn, coverages: Coverages): number | null {
  return coverages.get(incarnation)?.writtenBy({ timeline, lsn })?.getTime() ?? null;
}
