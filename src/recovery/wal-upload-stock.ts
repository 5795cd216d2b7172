/** What a location holds of an incarnation's WAL, and where its uploads go on. Pure. */
import {
  addBytes,
  formatLsn,
  type Lsn,
  parseSegmentName,
  SEGMENT_BYTES,
  segmentName,
  type Timeline,
  type WalPosition,
} from "../postgres/lsn.ts";
import { parseWalObject } from "./layout.ts";
import type { ByteRange } from "./location.ts";

/** The segment that the next bytes for a location belong to. */
export interface UploadPoint {
  timeline: Timeline;
  /** Where the segment begins. */
  start: Lsn;
  /** So many bytes from its start are stored. */
  done: number;
  /** The fragments that are stored of it. */
  fragments: ByteRange[];
}

export interface Stock {
  /** null: nothing yet. Uploads follow the order of the WAL, so what comes after the newest object is missing. */
  point: UploadPoint | null;
  /** Fragments of segments that are there as a whole: we were killed before they were removed. */
  leftovers: string[];
}

export function takeStock(folder: string, names: readonly string[]): Stock {
  const whole = new Set<string>();
  const fragments = new Map<string, (ByteRange & { name: string })[]>();
  for (const name of names) {
    const object = parseWalObject(folder, name);
    if (object?.kind === "segment") whole.add(object.segment);
    if (object?.kind !== "fragment") continue;
    const { from, to } = object;
    fragments.set(object.segment, [...(fragments.get(object.segment) ?? []), { from, to, name }]);
  }
  const newest = [...whole, ...fragments.keys()].sort().at(-1);
  return {
    point: newest === undefined ? null : pointAt(newest, whole.has(newest), fragments.get(newest) ?? []),
    leftovers: [...whole].flatMap((segment) => fragments.get(segment) ?? []).map(({ name }) => name),
  };
}

/** The segment after it, on the same timeline. */
export function nextPoint({ timeline, start }: UploadPoint): UploadPoint {
  return { timeline, start: addBytes(start, SEGMENT_BYTES), done: 0, fragments: [] };
}

export function nameAt({ timeline, start }: UploadPoint): string {
  return segmentName({ timeline, lsn: start });
}

/** Up to here the location has everything. */
export function positionOf({ start, done }: UploadPoint): Lsn {
  return addBytes(start, done);
}

/**
 * PostgreSQL cannot be behind what it sent: home and database were put back together, and the location was not. The
 * sentence that says so; null: it is not so, or nobody knows yet where PostgreSQL is. A location on an older timeline is
 * none of it: PostgreSQL left that one at a failover.
 */
export function beyondServer(name: string, point: UploadPoint | null, server: WalPosition | null): string | null {
  if (!server || !point || point.timeline < server.timeline) return null;
  const held = { timeline: point.timeline, lsn: positionOf(point) };
  if (held.timeline === server.timeline && held.lsn <= server.lsn) return null;
  const shown = ({ timeline, lsn }: WalPosition) => `${formatLsn(lsn)} on timeline ${timeline}`;
  return `The location ${name} holds WAL of this life of the database up to ${shown(held)}, but PostgreSQL is only at ${shown(server)}: the home was put back to an earlier state, or is a copy of another one. Nothing is stored there. A new life of the database, with what the locations hold, begins with: promptlib restore latest.`;
}

/** The end of what the ranges cover from 0 on without a hole. */
export function coveredFromStart(ranges: readonly ByteRange[]): number {
  let end = 0;
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    if (from > end) break;
    end = Math.max(end, to);
  }
  return end;
}

function pointAt(segment: string, whole: boolean, fragments: ByteRange[]): UploadPoint {
  const place = parseSegmentName(segment);
  if (!place) throw new Error(`${segment} is no segment`);
  const ranges = fragments.map(({ from, to }) => ({ from, to }));
  const point = { timeline: place.timeline, start: place.lsn, done: coveredFromStart(ranges), fragments: ranges };
  return whole ? nextPoint(point) : point;
}
