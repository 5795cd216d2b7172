/**
 * The replication slot: keeps WAL in PostgreSQL until we have it, and is the lock against a second receiver. And where
 * the stream begins.
 */
import { PromptlibError } from "../contract/errors.ts";
import { type Branch, formatLsn, type Lsn, segmentStart, type WalPosition } from "../postgres/lsn.ts";
import type { Replication, SystemIdentity } from "../postgres/replication.ts";
import { sqlstateOf } from "../postgres/replication-link.ts";

export const SLOT = "promptlib";

/**
 * What was lost of the WAL that we asked for: `slot`: PostgreSQL gave up the slot (55000), perhaps not yet the WAL.
 * `wal`: it is removed (58P01).
 */
export type Loss = "slot" | "wal";

export function lossIn(error: unknown): Loss | null {
  const state = sqlstateOf(error);
  return state === "55000" ? "slot" : state === "58P01" ? "wal" : null;
}

/** Makes the slot where there is none. `restart`: from here on PostgreSQL keeps WAL for us; null: for lost. */
export async function takeSlot(
  replication: Replication,
): Promise<{ restart: WalPosition | null; outcome: "created" | "exists" }> {
  const outcome = await replication.createSlot(SLOT);
  return { restart: (await replication.readSlot(SLOT))?.restart ?? null, outcome };
}

/** In place of one that PostgreSQL gave up. Answers from where on there is WAL again. */
export async function renewSlot(replication: Replication): Promise<WalPosition> {
  await replication.dropSlot(SLOT);
  const { restart } = await takeSlot(replication);
  if (restart) return restart;
  throw new PromptlibError("replication_failed", {
    message: "PostgreSQL keeps no WAL for a new replication slot.",
    hint: "See whether max_slot_wal_keep_size is set too low.",
  });
}

export interface Start {
  /** A segment's start: only whole segments can be put together again. */
  position: WalPosition;
  /** PostgreSQL left our timeline at this position, before the end of what was received: that tail is its no more. */
  forkedAt: Lsn | null;
}

/**
 * Where to go on after `received`, on a server that came to its timeline by `branches` (none on the first timeline).
 * Throws `replication_failed` with details.reason `other_history` where it cannot have sent what was received.
 */
export function startAfter(received: WalPosition, server: SystemIdentity, branches: readonly Branch[]): Start {
  if (received.timeline === server.timeline) {
    if (received.lsn > server.lsn) throw otherHistory(received, server);
    return { position: atSegment(received), forkedAt: null };
  }
  const index = branches.findIndex(({ timeline }) => timeline === received.timeline);
  const branch = branches[index];
  if (!branch) throw otherHistory(received, server);
  if (received.lsn <= branch.lsn) return { position: atSegment(received), forkedAt: null };
  const timeline = branches[index + 1]?.timeline ?? server.timeline;
  return { position: atSegment({ timeline, lsn: branch.lsn }), forkedAt: branch.lsn };
}

export function atSegment({ timeline, lsn }: WalPosition): WalPosition {
  return { timeline, lsn: segmentStart(lsn) };
}

function otherHistory(received: WalPosition, server: SystemIdentity): PromptlibError {
  const shown = ({ timeline, lsn }: WalPosition) => `${formatLsn(lsn)} on timeline ${timeline}`;
  return new PromptlibError("replication_failed", {
    message: `PostgreSQL is at ${shown(server)}, which cannot follow on what was received from it (${shown(received)}): its data directory was put back to an earlier state, or another server took its place.`,
    hint: "What was received is kept. Begin a new life of the database with: promptlib restore latest.",
    details: { reason: "other_history" },
  });
}
