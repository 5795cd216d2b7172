/** What the receiver tells of itself. */
import { formatLsn, type Lsn, type Timeline } from "../postgres/lsn.ts";
import { type Positions, riskSeconds } from "./positions.ts";
import type { WalUpload } from "./wal-upload.ts";

/**
 * connecting: on the way to PostgreSQL. streaming: WAL comes as it is written. waiting: PostgreSQL is away, or another
 * receiver has the slot; tried again by itself. fenced: somebody else writes to every location. failed: a human is
 * needed; tried again by itself, too. Uploads of what was received go on in all of them but `fenced`.
 */
export type ReceiverState = "connecting" | "streaming" | "waiting" | "fenced" | "failed";

export interface ReceiverStatus {
  state: ReceiverState;
  problem: string | null;
  /** When this state began; ISO 8601, UTC. */
  since: string;
  systemId: string | null;
  incarnation: string | null;
  timeline: Timeline | null;
  /** The newest position of PostgreSQL that is known, and when by its own clock. */
  position: string | null;
  sampledAt: string | null;
  /** Synced in the spool. */
  received: string | null;
  locations: LocationStatus[];
  gap: Gap | null;
}

export interface LocationStatus {
  name: string;
  /** Everything before it that this incarnation received is stored there; null: nothing, or nobody knows yet. */
  durable: string | null;
  /** Data at risk if all but this location vanished now; null: nobody can tell yet. */
  riskSeconds: number | null;
  /** Bytes of WAL that it lacks. */
  lagBytes: number | null;
  problem: string | null;
  fenced: boolean;
}

/** WAL from `from` to `to` was lost: nothing can be replayed across it, so a new backup must follow. */
export interface Gap {
  /** When it was found; ISO 8601, UTC. */
  at: string;
  from: string;
  to: string;
}

export function locationStatus(
  upload: WalUpload,
  { positions, position, now }: { positions: Positions; position: Lsn | null; now: number },
): LocationStatus {
  const { durable, problem, fenced } = upload;
  return {
    name: upload.location.name,
    durable: shownLsn(durable),
    riskSeconds: riskSeconds(positions.samples, durable, now),
    lagBytes: durable === null || position === null ? null : Math.max(0, Number(position - durable)),
    problem,
    fenced,
  };
}

export function shownLsn(position: Lsn | null): string | null {
  return position === null ? null : formatLsn(position);
}

export function furthest(...all: readonly (Lsn | null)[]): Lsn | null {
  return (
    all
      .filter((position) => position !== null)
      .sort((a, b) => (a < b ? -1 : 1))
      .at(-1) ?? null
  );
}
