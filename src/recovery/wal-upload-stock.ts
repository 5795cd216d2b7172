/** What a location holds of an incarnation's WAL, and where its uploads go on. Pure. */
import { addBytes, type Lsn, parseSegmentName, SEGMENT_BYTES, segmentName, type Timeline } from "../postgres/lsn.ts";
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
