/** What promptlib info tells: which locations there are, what they hold, and what can be returned to. */

import type { FailureDomain } from "../base/locations-url.ts";
import { formatLsn } from "../postgres/lsn.ts";
import { isAway, type ListedBackup } from "./backups.ts";
import { type Gathered, gatherRecoverable } from "./info-recoverable.ts";
import type { BackupManifest, Claim } from "./layout.ts";
import { BACKUPS, WAL } from "./layout.ts";
import type { Location } from "./location.ts";
import { presentLine, type Window, windowOf } from "./restore-plan-window.ts";

/** One JSON value; fields are added, never renamed. Times are ISO 8601, sizes bytes, positions as PostgreSQL writes them. */
export interface Info {
  /** null: nothing has been claimed or backed up yet. */
  library: string | null;
  /** The incarnation of the database that writes now, or wrote last. */
  incarnation: string | null;
  systemId: string | null;
  locations: LocationInfo[];
  /** Oldest first. */
  backups: BackupInfo[];
  /** The lives of the database on the line that counts, oldest first; `abandoned`: those that nobody continues. */
  lineage: { chain: LifeInfo[]; abandoned: LifeInfo[] };
  /** WAL on the line that counts, without gaps within each; from the spool, too. */
  wal: { incarnation: string; timeline: number; from: string; to: string }[];
  /** What can be returned to with the locations that could be read. */
  window: Window;
  /** What is odd, in sentences. */
  warnings: string[];
}

export interface LocationInfo {
  name: string;
  url: string;
  domain: FailureDomain;
  required: boolean;
  reachable: boolean;
  /** What keeps it from being used as it should be, in a sentence; null: nothing. */
  problem: string | null;
  /** Bytes that can still be stored; null: unknown. */
  free: number | null;
  backups: Stored;
  wal: Stored;
  /** The newest claim. */
  claim: Pick<Claim, "number" | "incarnation" | "since" | "host"> | null;
}

interface Stored {
  objects: number;
  bytes: number;
}

export interface BackupInfo {
  id: string;
  state: ListedBackup["state"];
  start: BackupManifest["start"] | null;
  end: BackupManifest["end"] | null;
  incarnation: string | null;
  /** As PostgreSQL says it: 18.4 */
  postgres: string | null;
  reason: BackupManifest["reason"] | null;
  /** Bytes of the archive before compression, and as one location stores it. */
  size: number | null;
  stored: number | null;
  parts: number | null;
  /** The locations that hold it whole. */
  in: string[];
  /** The point at which the exact content is known; null: none. */
  attested: { point: string; at: string; lsn: string } | null;
  problems: ListedBackup["problems"];
  /** What PostgreSQL warned of while it was read. */
  warnings: string[];
}

export interface LifeInfo {
  incarnation: string;
  since: string | null;
  host: string | null;
  from: Claim["from"];
}

const NOTHING: Stored = { objects: 0, bytes: 0 };

/**
 * Never throws for what locations hold or because one is away; `interrupted` when the signal is aborted. `recovery`:
 * the directory of that name in the home, for what only its spool holds.
 */
export async function readInfo(
  locations: readonly Location[],
  { recovery = null, signal }: { recovery?: string | null; signal?: AbortSignal } = {},
): Promise<Info> {
  const gathered = await gatherRecoverable(locations, { recovery, ...(signal ? { signal } : {}) });
  const { lineage, backups, unreachable } = gathered;
  const claims = gathered.claims.flatMap((one) => one.claims);
  const newest = claims.find(({ incarnation }) => incarnation === lineage.present?.incarnation);
  return {
    library: newest?.library ?? backups.findLast(({ manifest }) => manifest)?.manifest?.library ?? null,
    incarnation: lineage.present?.incarnation ?? null,
    systemId: lineage.present?.systemId ?? null,
    locations: await Promise.all(locations.map((location) => locationInfo(location, gathered, signal))),
    backups: backups.map(backupInfo),
    lineage: { chain: lineage.chain.map(lifeInfo), abandoned: lineage.abandoned.map(lifeInfo) },
    wal: walInfo(gathered),
    window: windowOf(
      gathered,
      backups.filter(({ state }) => state === "whole"),
    ),
    warnings: [...lineage.warnings, ...unreachable.map(({ problem }) => problem)],
  };
}

async function locationInfo(
  location: Location,
  { claims, unreachable }: Gathered,
  signal?: AbortSignal,
): Promise<LocationInfo> {
  const { name, url, domain, required } = location;
  const claim = claims.find((one) => one.location === name)?.claims.at(-1);
  const known = {
    name,
    url,
    domain,
    required,
    claim: claim
      ? { number: claim.number, incarnation: claim.incarnation, since: claim.since, host: claim.host }
      : null,
  };
  try {
    const [backups, wal] = [await storedBelow(location, BACKUPS, signal), await storedBelow(location, WAL, signal)];
    const free = await location.freeSpace();
    const problem = unreachable.find((one) => one.location === name)?.problem ?? null;
    return { ...known, reachable: true, problem, free, backups, wal };
  } catch (error) {
    if (!isAway(error)) throw error;
    return { ...known, reachable: false, problem: error.message, free: null, backups: NOTHING, wal: NOTHING };
  }
}

async function storedBelow(location: Location, prefix: string, signal?: AbortSignal): Promise<Stored> {
  const objects = await location.list(prefix, signal);
  return { objects: objects.length, bytes: objects.reduce((sum, { size }) => sum + size, 0) };
}

function backupInfo({ id, state, manifest, attested, in: where, problems }: ListedBackup): BackupInfo {
  return {
    id,
    state,
    start: manifest?.start ?? null,
    end: manifest?.end ?? null,
    incarnation: manifest?.incarnation ?? null,
    postgres: manifest?.postgres.version ?? null,
    reason: manifest?.reason ?? null,
    size: manifest?.tar.size ?? null,
    stored: manifest?.parts.reduce((sum, part) => sum + part.size, 0) ?? null,
    parts: manifest?.parts.length ?? null,
    in: where,
    attested: attested ? { point: attested.point, at: attested.at, lsn: attested.lsn } : null,
    problems,
    warnings: manifest?.warnings ?? [],
  };
}

function lifeInfo({ incarnation, since, host, from }: LifeInfo): LifeInfo {
  return { incarnation, since, host, from };
}

function walInfo(gathered: Gathered): Info["wal"] {
  return presentLine(gathered).flatMap(({ incarnation, timeline }) =>
    (gathered.coverages.get(incarnation)?.ranges(timeline) ?? []).map(({ from, to }) => ({
      incarnation,
      timeline,
      from: formatLsn(from),
      to: formatLsn(to),
    })),
  );
}
