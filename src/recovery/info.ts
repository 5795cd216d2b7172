/** What promptlib info tells: which locations there are, what they hold, and what can be returned to. */

import { now } from "../base/clock.ts";
import type { BackupInfo, LifeInfo, LocationInfo, RecoveryInfo } from "../contract/recovery-shapes.ts";
import { formatLsn } from "../postgres/lsn.ts";
import { isAway, type ListedBackup } from "./backups.ts";
import { type Gathered, gatherRecoverable } from "./info-recoverable.ts";
import { readTried, type Tried } from "./info-tried.ts";
import { BACKUPS, WAL } from "./layout.ts";
import type { Location } from "./location.ts";
import { presentLine, windowOf } from "./restore-plan-window.ts";

type Stored = LocationInfo["backups"];

const NOTHING: Stored = { objects: 0, bytes: 0 };
const NOTHING_TRIED: Tried = { compared: new Map(), verified: new Map() };

/**
 * Never throws for what locations hold or because one is away; `interrupted` when the signal is aborted. `recovery`:
 * the directory of that name in the home, for what only its spool holds, and what was tried.
 */
export async function readInfo(
  locations: readonly Location[],
  { recovery = null, signal }: { recovery?: string | null; signal?: AbortSignal } = {},
): Promise<RecoveryInfo> {
  const tried = recovery === null ? NOTHING_TRIED : await readTried(recovery);
  const gathered = await gatherRecoverable(locations, { recovery, ...(signal ? { signal } : {}) });
  const { lineage, backups, unreachable } = gathered;
  const claims = gathered.claims.flatMap((one) => one.claims);
  const newest = claims.find(({ incarnation }) => incarnation === lineage.present?.incarnation);
  return {
    at: now().toISOString(),
    library: newest?.library ?? backups.findLast(({ manifest }) => manifest)?.manifest?.library ?? null,
    incarnation: lineage.present?.incarnation ?? null,
    systemId: lineage.present?.systemId ?? null,
    locations: await Promise.all(locations.map((location) => locationInfo(location, gathered, signal))),
    backups: backups.map((backup) => backupInfo(backup, tried)),
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

function backupInfo(
  { id, state, manifest, attested, in: where, problems }: ListedBackup,
  { compared, verified }: Tried,
): BackupInfo {
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
    compared: compared.get(id) ?? null,
    verified: verified.get(id) ?? null,
  };
}

function lifeInfo({ incarnation, since, host, from }: LifeInfo): LifeInfo {
  return { incarnation, since, host, from };
}

function walInfo(gathered: Gathered): RecoveryInfo["wal"] {
  return presentLine(gathered).flatMap(({ incarnation, timeline }) =>
    (gathered.coverages.get(incarnation)?.ranges(timeline) ?? []).map(({ from, to }) => ({
      incarnation,
      timeline,
      from: formatLsn(from),
      to: formatLsn(to),
    })),
  );
}
