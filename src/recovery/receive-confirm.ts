/** Which position PostgreSQL is told: what it may let go of. Pure. */

import type { FailureDomain } from "../base/locations-url.ts";
import type { Lsn } from "../postgres/lsn.ts";

export interface HeldBy {
  durable: Lsn | null;
  domain: FailureDomain;
  required: boolean;
  fenced: boolean;
}

export interface Confirmation {
  /** null: nothing may go yet. */
  flushed: Lsn | null;
  /** Locations lag so far that PostgreSQL's disk is at stake: what only our spool has is confirmed. */
  alarm: boolean;
}

/**
 * The position that is durable in all required locations; where none is required, in any that lies outside of
 * PostgreSQL's disk; where all lie there, in any. When that is more than half of `keepBytes` (what PostgreSQL keeps for
 * a slot) behind, the spool's end counts: better than a slot that is given up. Never more than the spool holds.
 * `began`: where we began to receive, for as long as no location has anything.
 */
export function confirmation({
  locations,
  received,
  began,
  server,
  keepBytes,
}: {
  locations: readonly HeldBy[];
  received: Lsn;
  began: Lsn;
  server: Lsn;
  keepBytes: bigint;
}): Confirmation {
  const held = durableWhereItCounts(locations.filter(({ fenced }) => !fenced));
  const alarm = server - (held ?? began) > keepBytes / 2n;
  const flushed = alarm ? received : held;
  return { flushed: flushed !== null && flushed > received ? received : flushed, alarm };
}

function durableWhereItCounts(locations: readonly HeldBy[]): Lsn | null {
  const required = locations.filter((location) => location.required);
  if (required.length > 0) return lowest(required.map(({ durable }) => durable));
  const outside = locations.filter(({ domain }) => domain !== "disk");
  return highest((outside.length > 0 ? outside : locations).map(({ durable }) => durable));
}

function lowest(positions: readonly (Lsn | null)[]): Lsn | null {
  return positions.includes(null) ? null : (sorted(positions).at(0) ?? null);
}

function highest(positions: readonly (Lsn | null)[]): Lsn | null {
  return sorted(positions).at(-1) ?? null;
}

function sorted(positions: readonly (Lsn | null)[]): Lsn[] {
  return positions.filter((position) => position !== null).sort((a, b) => (a < b ? -1 : 1));
}
