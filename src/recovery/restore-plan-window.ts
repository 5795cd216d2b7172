/** Everything that can be returned to on the line that counts. Pure. */
import { formatLsn, type Lsn, type Timeline } from "../postgres/lsn.ts";
import type { ListedBackup } from "./backups.ts";
import type { BackupManifest } from "./layout.ts";
import type { Lineage } from "./lineage.ts";
import { type Line, lineTo, type Span, type TimelineHistory } from "./lineage-line.ts";
import { positionOf } from "./manifest-shapes.ts";
import { knownMoments, spanOf, writtenBy } from "./restore-plan-moments.ts";
import { type Coverages, type Ground, larger, type Reach, reachOf } from "./restore-plan-reach.ts";
import type { Moment } from "./restore-plan-shapes.ts";

export interface Recoverable {
  backups: readonly ListedBackup[];
  lineage: Lineage;
  coverages: Coverages;
  histories: readonly TimelineHistory[];
}

export interface Window {
  earliest: Moment | null;
  latest: Moment | null;
  /** Nothing between `from` and `to` can be returned to; `to` null: nothing behind it either. */
  gaps: { from: Moment; to: Moment | null; missing: string }[];
}

/** A backup on a line. */
export interface Candidate {
  manifest: BackupManifest;
  locations: string[];
  span: Span;
  end: Lsn;
}

/** The line that counts: to the newest timeline of the present incarnation. */
export function presentLine({ lineage, coverages, histories, backups }: Recoverable): Line {
  const life = lineage.present;
  if (!life) return [];
  // Its number when nothing is known that it wrote; the line then ends where it began.
  const least = life.from ? life.from.timeline + 1 : 1;
  const timeline = Math.max(least, ...timelinesOf(life.incarnation, { coverages, histories, backups }));
  return lineTo({ life, timeline }, { lives: lineage.lives, histories });
}

/** Every timeline that something tells of, ascending. */
export function timelinesOf(
  incarnation: string,
  { coverages, histories, backups }: Pick<Recoverable, "coverages" | "histories" | "backups">,
): Timeline[] {
  // The history files of its ancestors lie in its folder, too; none of them has a number as high as its own.
  const found = new Set<Timeline>([
    ...(coverages.get(incarnation)?.timelines ?? []),
    ...histories.filter((known) => known.incarnation === incarnation).map(({ timeline }) => timeline),
    ...backups.flatMap(({ manifest }) => (manifest?.incarnation === incarnation ? [manifest.end.timeline] : [])),
  ]);
  return [...found].sort((one, other) => one - other);
}

/** Those that lie on the line, the one that ends last first. */
export function candidatesOn(line: Line, backups: readonly ListedBackup[]): Candidate[] {
  const found = backups.flatMap(({ manifest, in: locations }) => {
    if (!manifest) return [];
    const end = positionOf(manifest.end);
    const span = spanOf(line, manifest.incarnation, manifest.end.timeline, end);
    return span ? [{ manifest, locations, span, end }] : [];
  });
  return found.sort((one, other) => (one.end < other.end ? 1 : one.end > other.end ? -1 : 0));
}

export function groundOf(line: Line, { backups, coverages }: Pick<Recoverable, "backups" | "coverages">): Ground {
  return { coverages, marks: knownMoments(line, backups).map(({ lsn }) => lsn) };
}

/** The farthest position of the line that anything tells of, gaps or not; null: nothing does. */
export function endOfLine(line: Line, { coverages, marks }: Ground): Lsn | null {
  const ends = line.flatMap(({ incarnation, timeline, from, to }) =>
    (coverages.get(incarnation)?.ranges(timeline) ?? [])
      .filter((range) => range.to > from)
      .map((range) => (to !== null && to < range.to ? to : range.to)),
  );
  return [...ends, ...marks].reduce<Lsn | null>((far, end) => (far === null ? end : larger(far, end)), null);
}

/** `usable`: what of the backups a restore would take. */
export function windowOf(recoverable: Recoverable, usable: readonly ListedBackup[]): Window {
  const line = presentLine(recoverable);
  const ground = groundOf(line, recoverable);
  const candidates = candidatesOn(line, usable).reverse();
  const [first] = candidates;
  const gaps: Window["gaps"] = [];
  let reached: { reach: Reach; moment: Moment } | null = null;
  for (const candidate of candidates) {
    const end = momentOf(candidate.manifest);
    if (reached && reached.reach.lsn < candidate.end) {
      gaps.push({ from: reached.moment, to: end, missing: reached.reach.gap?.segment ?? "" });
    }
    const reach: Reach = reachOf(line, candidate.end, ground);
    reached = {
      reach,
      moment: reach.lsn === candidate.end ? end : momentAt(reach.span, reach.lsn, recoverable.coverages),
    };
  }
  if (reached?.reach.gap) gaps.push({ from: reached.moment, to: null, missing: reached.reach.gap.segment });
  return { earliest: first ? momentOf(first.manifest) : null, latest: reached?.moment ?? null, gaps };
}

export function momentOf({ end, incarnation }: BackupManifest): Moment {
  return { ...end, incarnation };
}

export function momentAt(span: Span, lsn: Lsn, coverages: Coverages): Moment {
  const written = writtenBy(span, lsn, coverages);
  return {
    at: written === null ? null : new Date(written).toISOString(),
    lsn: formatLsn(lsn),
    timeline: span.timeline,
    incarnation: span.incarnation,
  };
}
