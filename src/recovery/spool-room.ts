/** What may leave the spool, so that there is room for more. */
import type { Spool, SpoolSegment } from "./spool.ts";

export interface Holder {
  has(segment: SpoolSegment): boolean;
  readonly fenced: boolean;
}

/**
 * Removes segments that every location has that we write to. Over `cap` bytes also, oldest first, those that at least
 * one has: a location that was away takes them from there. Answers whether the spool is within `cap` then. The newest
 * segment always stays.
 */
export async function makeRoom(spool: Spool, holders: readonly Holder[], cap: number): Promise<boolean> {
  const writing = holders.filter(({ fenced }) => !fenced);
  for (const segment of spool.segments().slice(0, -1)) {
    const having = writing.filter((holder) => holder.has(segment)).length;
    if (having > 0 && (having === writing.length || spool.bytes > cap)) await spool.remove(segment);
  }
  return spool.bytes <= cap;
}
