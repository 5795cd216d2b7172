/**
 * A line: the one way through incarnations and timelines to a state of the database. Along it timelines only grow, for
 * PostgreSQL gives every recovery the next free number. Pure.
 */
import { type Branch, type Lsn, lsn, parseLsn, type Timeline } from "../postgres/lsn.ts";
import { chainOf, type Life } from "./lineage.ts";

/** One timeline of one incarnation, as far as it belongs to the line. */
export interface Span {
  incarnation: string;
  systemId: string;
  timeline: Timeline;
  from: Lsn;
  /** Where the line left it, exclusively; null: it was not left. */
  to: Lsn | null;
  /** It began at this time or shortly before; null: nobody knows. */
  since: Date | null;
}

/**
 * Oldest first, each beginning where the one before ends; only the last one may be open. So positions grow along a
 * line, and one position is one place on it.
 */
export type Line = readonly Span[];

export interface TimelineHistory {
  incarnation: string;
  timeline: Timeline;
  branches: readonly Branch[];
  /** When the history file was stored; null: unknown. */
  stored: Date | null;
}

export interface Known {
  lives: ReadonlyMap<string, Life>;
  histories: readonly TimelineHistory[];
}

/** The line to the end of this timeline of this incarnation, or up to `to`, exclusively. */
export function lineTo(end: { life: Life; timeline: Timeline; to?: Lsn | null }, known: Known): Line {
  const spans: Span[] = [];
  let { timeline, to = null } = end;
  // Back from the end: each incarnation was left where the next one began.
  for (const life of chainOf(end.life, known.lives)) {
    spans.unshift(...ownSpans(life, timeline, to, known.histories));
    if (!life.from) break;
    to = forkOf(life, timeline, known.histories);
    timeline = life.from.timeline;
  }
  // What was left before it had anything of its own is no part of the way.
  return spans.filter((span) => span.to === null || span.to > span.from);
}

/** The spans that an incarnation itself adds on the way to one of its timelines. */
function ownSpans(life: Life, timeline: Timeline, to: Lsn | null, histories: readonly TimelineHistory[]): Span[] {
  const own = branchesOf(life, timeline, histories).filter(
    (branch) => !life.from || branch.timeline > life.from.timeline,
  );
  const ends: { timeline: Timeline; lsn: Lsn | null }[] = [...own, { timeline, lsn: to }];
  let from = life.from ? forkOf(life, timeline, histories) : lsn(0n);
  return ends.map((end, index) => {
    const stored = histories.find((known) => known.incarnation === life.incarnation && known.timeline === end.timeline);
    const claimed = index === 0 && life.from && life.since ? new Date(life.since) : null;
    const span: Span = {
      incarnation: life.incarnation,
      systemId: life.systemId,
      timeline: end.timeline,
      from,
      to: end.lsn,
      since: earliest(claimed, stored?.stored ?? null),
    };
    from = end.lsn ?? from;
    return span;
  });
}

/** Where its origin was left: PostgreSQL's own word in the history file, else the claim's. */
function forkOf(life: Life, timeline: Timeline, histories: readonly TimelineHistory[]): Lsn {
  if (!life.from) throw new Error(`${life.incarnation} has no origin`);
  const { timeline: left, lsn: claimed } = life.from;
  return branchesOf(life, timeline, histories).find((branch) => branch.timeline === left)?.lsn ?? parseLsn(claimed);
}

function branchesOf(life: Life, timeline: Timeline, histories: readonly TimelineHistory[]): readonly Branch[] {
  const known = histories.find((one) => one.incarnation === life.incarnation && one.timeline === timeline);
  return known?.branches ?? [];
}

function earliest(one: Date | null, other: Date | null): Date | null {
  if (!one || !other) return one ?? other;
  return one < other ? one : other;
}
