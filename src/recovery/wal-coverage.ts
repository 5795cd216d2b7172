/**
 * Which WAL of one incarnation there is, from the names of what holds it: whole segments, and fragments of a segment,
 * which may overlap. Pure.
 */
import {
  addBytes,
  type Lsn,
  parseSegmentName,
  SEGMENT_BYTES,
  segmentName,
  type Timeline,
  type WalPosition,
} from "../postgres/lsn.ts";
import { parseWalObject } from "./layout.ts";
import type { StoredObject } from "./location.ts";

/** Bytes `from` up to and without `to` of a segment, and what holds them. */
export interface WalPiece {
  timeline: Timeline;
  segment: string;
  from: number;
  to: number;
  /** Its name in the location, or the file of the spool. */
  object: string;
  modified: Date;
}

/** Positions `from` up to and without `to`. */
export interface LsnRange {
  from: Lsn;
  to: Lsn;
}

/** What the objects below `folder` hold of the WAL; history files and what is not ours are passed over. */
export function walPieces(folder: string, objects: readonly StoredObject[]): WalPiece[] {
  return objects.flatMap(({ name, size, modified }) => {
    const found = parseWalObject(folder, name);
    // Nothing compressed is empty: such an object holds nothing, whatever it is called.
    if (!found || found.kind === "history" || size === 0 || !parseSegmentName(found.segment)) return [];
    const { from, to } = found.kind === "fragment" ? found : { from: 0, to: SEGMENT_BYTES };
    return [{ timeline: found.timeline, segment: found.segment, from, to, object: name, modified }];
  });
}

export class WalCoverage {
  readonly #pieces = new Map<string, WalPiece[]>();
  readonly #ranges = new Map<Timeline, LsnRange[]>();

  constructor(pieces: Iterable<WalPiece>) {
    const found = new Map<Timeline, LsnRange[]>();
    for (const piece of pieces) {
      const start = parseSegmentName(piece.segment);
      if (!start) throw new RangeError(`${piece.segment} is no segment`);
      getOrAdd(this.#pieces, piece.segment).push(piece);
      getOrAdd(found, start.timeline).push({
        from: addBytes(start.lsn, piece.from),
        to: addBytes(start.lsn, piece.to),
      });
    }
    for (const [timeline, ranges] of found) this.#ranges.set(timeline, merged(ranges));
  }

  /** Ascending. */
  get timelines(): Timeline[] {
    return [...this.#ranges.keys()].sort((one, other) => one - other);
  }

  /** Without gaps in each, with one between any two; ascending. */
  ranges(timeline: Timeline): readonly LsnRange[] {
    return this.#ranges.get(timeline) ?? [];
  }

  /** Where the WAL that begins at the position ends, without a gap; the position itself when its byte is missing. */
  coveredFrom({ timeline, lsn }: WalPosition): Lsn {
    const range = this.#rangeAfter(timeline, lsn);
    return range && range.from <= lsn ? range.to : lsn;
  }

  /** The first byte at or behind the position that is there; null: none. */
  nextAt({ timeline, lsn }: WalPosition): Lsn | null {
    const range = this.#rangeAfter(timeline, lsn);
    if (!range) return null;
    return range.from > lsn ? range.from : lsn;
  }

  /**
   * When the byte before the position was certainly written: the earliest time at which something that holds it was
   * stored. null where nothing does.
   */
  writtenBy({ timeline, lsn }: WalPosition): Date | null {
    if (lsn === 0n) return null;
    const last = addBytes(lsn, -1);
    const offset = Number(last % BigInt(SEGMENT_BYTES));
    const times = this.piecesOf(segmentName({ timeline, lsn: last }))
      .filter(({ from, to }) => from <= offset && offset < to)
      .map(({ modified }) => modified.getTime());
    return times.length === 0 ? null : new Date(Math.min(...times));
  }

  /** Everything that holds bytes of the segment. */
  piecesOf(segment: string): readonly WalPiece[] {
    return this.#pieces.get(segment) ?? [];
  }

  /** The range with the position or, where its byte is missing, the next one. */
  #rangeAfter(timeline: Timeline, position: Lsn): LsnRange | undefined {
    const ranges = this.ranges(timeline);
    let [low, high] = [0, ranges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const range = ranges[middle];
      if (range && range.to <= position) low = middle + 1;
      else high = middle;
    }
    return ranges[low];
  }
}

/** The fewest pieces that hold as much of the beginning of their segment as all of them do, in order. */
export function coveringPieces<Piece extends { from: number; to: number }>(pieces: readonly Piece[]): Piece[] {
  const chosen: Piece[] = [];
  for (let end = 0; ; ) {
    let best: Piece | null = null;
    for (const piece of pieces) {
      if (piece.from <= end && piece.to > end && (!best || piece.to > best.to)) best = piece;
    }
    if (!best) return chosen;
    chosen.push(best);
    end = best.to;
  }
}

/** Bytes from the start of the segment that the pieces hold without a gap. */
export function coveredBytes(pieces: readonly { from: number; to: number }[]): number {
  return coveringPieces(pieces).at(-1)?.to ?? 0;
}

function merged(ranges: readonly LsnRange[]): LsnRange[] {
  const joined: LsnRange[] = [];
  for (const range of ranges.toSorted((one, other) => (one.from < other.from ? -1 : one.from > other.from ? 1 : 0))) {
    const last = joined.at(-1);
    if (!last || range.from > last.to) joined.push({ ...range });
    else if (range.to > last.to) last.to = range.to;
  }
  return joined;
}

function getOrAdd<Key, Item>(map: Map<Key, Item[]>, key: Key): Item[] {
  const found = map.get(key);
  if (found) return found;
  const made: Item[] = [];
  map.set(key, made);
  return made;
}
