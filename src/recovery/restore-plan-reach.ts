/** How far a backup and the WAL behind it lead along a line, and which segments that takes. Pure. */
import {
  addBytes,
  type Lsn,
  SEGMENT_BYTES,
  segmentName,
  segmentOffset,
  segmentStart,
  type Timeline,
} from "../postgres/lsn.ts";
import type { Line, Span } from "./lineage-line.ts";
import type { WalCoverage } from "./wal-coverage.ts";

/** By incarnation. */
export type Coverages = ReadonlyMap<string, WalCoverage>;

/** What is known along a line. */
export interface Ground {
  coverages: Coverages;
  /** Positions that backups on the line tell of, usable or not: it certainly went on up to there. */
  marks: readonly Lsn[];
}

/** One segment that the recovery is given, padded with zeros to its full size. */
export interface NeededSegment {
  incarnation: string;
  systemId: string;
  timeline: Timeline;
  segment: string;
  /** Bytes from its start that it may hold: what lies behind them belongs to a branch that is not restored. */
  upTo: number;
}

/** WAL of one span, from the start of a segment up to and without `to`, without a gap. */
export interface Leg {
  span: Span;
  from: Lsn;
  to: Lsn;
}

export interface Reach {
  /** Everything before it can be restored. */
  lsn: Lsn;
  span: Span;
  legs: Leg[];
  /** There is more of the line behind what is missing; null: this is all there is. */
  gap: MissingWal | null;
}

export interface MissingWal {
  /** The first byte that is missing, and the segment it lies in. */
  at: Lsn;
  segment: string;
  /** Here something is known of the line again: WAL, or what a backup tells. */
  until: Lsn;
}

/**
 * `end`: where a backup on the line ends. It brings the WAL up to there itself; what follows must begin at the start of
 * that segment, because PostgreSQL prefers what it is given to what the backup brought.
 */
export function reachOf(line: Line, end: Lsn, ground: Ground): Reach {
  const legs: Leg[] = [];
  let at = end;
  let first = segmentStart(end);
  for (let index = line.findIndex(({ to }) => to === null || to >= end); ; ) {
    const span = line[index];
    if (!span) throw new RangeError("the backup does not lie on the line");
    const reached = smaller(larger(at, coveredIn(span, first, ground)), span.to);
    const next = successorOf(line, index, reached, ground);
    const found = next === null ? undefined : line[next];
    if (next === null || !found) {
      if (reached > at) legs.push({ span, from: first, to: reached });
      return { lsn: reached, span, legs, gap: gapBehind(line.slice(index), reached, ground) };
    }
    const shared = segmentStart(found.from);
    legs.push({ span, from: first, to: shared });
    first = larger(first, shared);
    at = found.from;
    index = next;
  }
}

/**
 * The span that goes on where this one is left, or null. The first segment of a timeline also holds the bytes of those
 * before, up to the fork: so only what lies before that segment is needed of them, and where several forks lie in one
 * segment, that of the last one will do.
 */
function successorOf(line: Line, index: number, reached: Lsn, ground: Ground): number | null {
  const fork = line[index]?.to ?? null;
  if (fork === null || (reached < segmentStart(fork) && !isPadding(reached, fork))) return null;
  for (let next = line.length - 1; next > index; next--) {
    const span = line[next];
    if (!span || segmentStart(span.from) !== segmentStart(fork)) continue;
    if (coveredIn(span, segmentStart(fork), ground) > span.from) return next;
  }
  return null;
}

/**
 * What lies between the end of what there is and a fork at the very start of a segment: a life that ended with a switch
 * of segments went on at the next one, and the zeros that fill up the one before need not have been received. Were they
 * anything else, the recovery would end before the fork, which is noticed.
 */
function isPadding(at: Lsn, fork: Lsn): boolean {
  return segmentOffset(fork) === 0 && at < fork && fork - at < BigInt(SEGMENT_BYTES);
}

function coveredIn({ incarnation, timeline }: Span, from: Lsn, { coverages }: Ground): Lsn {
  return coverages.get(incarnation)?.coveredFrom({ timeline, lsn: from }) ?? from;
}

/** The segments of the legs, as far as `stop`: those up to the one that holds it, and `beyond` more. */
export function neededSegments(legs: readonly Leg[], stop: Lsn | null, beyond = 0): NeededSegment[] {
  const enough = stop === null ? null : addBytes(segmentStart(stop), (1 + beyond) * SEGMENT_BYTES);
  const needed: NeededSegment[] = [];
  for (const { span, from, to } of legs) {
    const { incarnation, systemId, timeline } = span;
    const end = smaller(to, enough);
    for (let at = from; at < end; at = addBytes(at, SEGMENT_BYTES)) {
      const cut = span.to !== null && segmentStart(span.to) === at ? segmentOffset(span.to) : SEGMENT_BYTES;
      needed.push({ incarnation, systemId, timeline, segment: segmentName({ timeline, lsn: at }), upTo: cut });
    }
  }
  return needed;
}

function gapBehind(rest: Line, at: Lsn, { coverages, marks }: Ground): MissingWal | null {
  const wal = rest.flatMap((span) => {
    const from = larger(at, span.from);
    const next = coverages.get(span.incarnation)?.nextAt({ timeline: span.timeline, lsn: from }) ?? null;
    return next === null || (span.to !== null && next >= span.to) ? [] : [next];
  });
  const end = rest.at(-1)?.to ?? null;
  // Where the line was left the database has been, whatever was kept of the way there.
  const left = end !== null && end > at && !isPadding(at, end) ? [end] : [];
  const known = [...wal, ...left, ...marks.filter((mark) => mark > at && (end === null || mark <= end))];
  const missingIn = rest.find(({ to }) => to === null || to > at);
  if (known.length === 0 || !missingIn) return null;
  const until = known.reduce((nearest, next) => smaller(nearest, next));
  return { at, segment: segmentName({ timeline: missingIn.timeline, lsn: at }), until };
}

export function larger(one: Lsn, other: Lsn): Lsn {
  return one > other ? one : other;
}

/** `other` null: no limit. */
export function smaller(one: Lsn, other: Lsn | null): Lsn {
  return other !== null && other < one ? other : one;
}
