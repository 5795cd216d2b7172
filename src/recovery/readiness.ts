/**
 * Readiness: what would be lost now, how long recovery takes, and every reason why either is not as promised. Pure, and
 * honest: what nobody knows or measured is a reason, too.
 */

import type { FailureDomain } from "../base/locations-url.ts";
import type { Level, Readiness, ReadinessReason } from "../contract/recovery.ts";
import type { Lsn } from "../postgres/lsn.ts";
import { hasNotCome, isLostBehind, type LostWal } from "./lost-wal.ts";
import { type AgeInput, ageReasons } from "./readiness-age.ts";

export interface ReadinessInput extends AgeInput {
  /** `down`: since when, and why, where that is known; null: it runs, or nobody has looked yet. */
  postgres: { running: boolean; checksums: boolean | null; down: { since: Date; problem: string | null } | null };
  /** `streamedAt`: when it last said that it gets what is written; null: not yet. */
  receiver: { state: string; problem: string | null; lost: LostWal | null; streamedAt: Date | null } | null;
  locations: readonly LocationFacts[];
  /** The newest backup that is whole somewhere, of the present life of the database. */
  backup: { id: string; end: Date; endLsn: Lsn; attested: boolean; warnings: number } | null;
  lastFailure: { at: Date; message: string } | null;
  /** The newest, whatever became of it. */
  lastDrill: { at: Date; ok: boolean } | null;
  /** The newest of each that succeeded. */
  drill: { at: Date; seconds: number } | null;
  restore: { at: Date; seconds: number } | null;
  /** What is wrong with the nightly export, in a sentence. */
  exportProblem: string | null;
}

export interface LocationFacts {
  name: string;
  url: string;
  domain: FailureDomain;
  /** Whether it holds a whole backup to which its WAL belongs, and no gap between the two. */
  hasBackup: boolean;
  riskSeconds: number | null;
  lagBytes: number | null;
  problem: string | null;
}

/** The plan's promises, in seconds: recovery point, recovery time, drills. */
const RPO_S = 3_600;
const RTO_S = 4 * 3_600;
const DRILL_S = 92 * 86_400;
/** A location that is behind by more is told of, long before the promise is broken. */
const LAG_S = 60;

export function readiness(found: ReadinessInput): Readiness {
  const input = { ...found, locations: withWhatNobodySaw(found) };
  const reasons = [
    ...postgresReasons(input),
    ...locationReasons(input),
    ...walReasons(input),
    ...backupReasons(input),
    ...recoveryReasons(input),
    ...exportReasons(input),
  ];
  return {
    at: input.now.toISOString(),
    level: worst(reasons),
    dataAtRisk: {
      ifMachineVanishes: atRisk(input.locations.filter(({ domain }) => domain === "elsewhere")),
      ifDatabaseVanishes: atRisk(input.locations),
    },
    timeToRecover: measured(input),
    lastBackup: input.backup
      ? { id: input.backup.id, end: input.backup.end.toISOString(), attested: input.backup.attested }
      : null,
    locations: input.locations.map(({ hasBackup: _, ...location }) => location),
    reasons,
  };
}

/** What PostgreSQL may have written since the receiver saw it last is at risk as well. */
function withWhatNobodySaw({ locations, postgres, receiver, now }: ReadinessInput): LocationFacts[] {
  const since = receiver?.state === "streaming" || !postgres.running ? now : (receiver?.streamedAt ?? now);
  const unseen = Math.max(0, (now.getTime() - since.getTime()) / 1000);
  return locations.map(({ riskSeconds, ...location }) => ({
    ...location,
    riskSeconds: riskSeconds === null ? null : riskSeconds + unseen,
  }));
}

/** The best copy counts. null: there are copies, and nobody knows how far they are. */
function atRisk(locations: readonly LocationFacts[]): number | "everything" | null {
  const usable = locations.filter(({ hasBackup }) => hasBackup);
  if (usable.length === 0) return "everything";
  const known = usable.flatMap(({ riskSeconds }) => (riskSeconds === null ? [] : [riskSeconds]));
  return known.length === 0 ? null : Math.min(...known);
}

function measured({ drill, restore }: ReadinessInput): Readiness["timeToRecover"] {
  const found = [
    ...(drill ? [{ by: "drill" as const, ...drill }] : []),
    ...(restore ? [{ by: "restore" as const, ...restore }] : []),
  ].sort((one, other) => other.at.getTime() - one.at.getTime())[0];
  return found ? { seconds: found.seconds, measuredAt: found.at.toISOString(), by: found.by } : null;
}

function postgresReasons({ postgres: { down }, now }: ReadinessInput): ReadinessReason[] {
  if (!down) return [];
  const since = Math.max(0, Math.round((now.getTime() - down.since.getTime()) / 1000));
  const why = down.problem === null ? "" : `: ${down.problem.replace(/\.$/, "")}`;
  return [
    {
      code: "postgres_down",
      level: "critical",
      message: `The database has not been running for ${since} s${why}. Reading goes on from the mirror.`,
      remedy:
        "It is started again by itself. Where it does not come up, logs/postgres.log of the home says why; what is damaged comes back with: promptlib restore latest",
    },
  ];
}

function locationReasons({ locations }: ReadinessInput): ReadinessReason[] {
  const reasons: ReadinessReason[] = [];
  if (!locations.some(({ domain }) => domain === "elsewhere")) {
    reasons.push({
      code: "nothing_elsewhere",
      level: "critical",
      message: "Nothing is stored outside this machine: if it vanished, everything would be lost.",
      remedy: "Name a location elsewhere, such as BACKUP_LOCATIONS=file:///mnt/other-machine?domain=elsewhere.",
    });
  } else if (!locations.some(({ domain, hasBackup }) => domain === "elsewhere" && hasBackup)) {
    reasons.push({
      code: "no_backup_elsewhere",
      level: "critical",
      message: "No location outside this machine is known to hold a whole backup that can be brought up to now.",
      remedy: "Make one with promptlib backup, and look at what promptlib info says of the location.",
    });
  }
  if (locations.every(({ domain }) => domain === "disk")) {
    reasons.push({
      code: "same_disk",
      level: "critical",
      message: "Every copy lies on the disk of the database: if it breaks, everything is lost.",
      remedy: "Put BACKUP_DIR or a location of BACKUP_LOCATIONS on another disk.",
    });
  }
  for (const { name, domain, problem, riskSeconds, hasBackup } of locations) {
    if (problem !== null) {
      reasons.push({
        code: "location_problem",
        level: "warning",
        message: problem.startsWith(`The location ${name} `) ? problem : `The location ${name}: ${problem}`,
        remedy: "Mend it; what it missed is filled in by itself.",
      });
    } else if (riskSeconds !== null && riskSeconds > LAG_S) {
      reasons.push({
        code: "location_lags",
        level: riskSeconds > RPO_S ? "critical" : "warning",
        message: `The location ${name} is ${Math.round(riskSeconds)} s behind.`,
        remedy: "Look at its speed and at the network.",
      });
    } else if (!hasBackup && locations.some((other) => other.hasBackup && isNoNearer(other.domain, domain))) {
      reasons.push({
        code: "location_without_backup",
        level: "warning",
        message: `The location ${name} holds no whole backup that can be brought up to now; others do.`,
        remedy:
          "It is copied there after the next backup; make one now with promptlib backup, which says what is wrong.",
      });
    }
  }
  return reasons;
}

/** That nothing elsewhere has one is told for all of them. */
function isNoNearer(other: FailureDomain, domain: FailureDomain): boolean {
  return domain !== "elsewhere" || other === "elsewhere";
}

function walReasons({ receiver, backup, now }: ReadinessInput): ReadinessReason[] {
  const reasons: ReadinessReason[] = [];
  if (receiver?.state !== "streaming") {
    reasons.push({
      code: "wal_not_received",
      level: "critical",
      message: `What is written now is not stored elsewhere: the receiver is ${receiver?.state ?? "not running"}${receiver?.problem ? ` (${receiver.problem})` : ""}.`,
      remedy: "It tries again by itself; logs/receive.log of the home says more.",
    });
  }
  if (receiver?.state === "streaming" && receiver.problem !== null) {
    reasons.push({
      code: "wal_problem",
      level: "warning",
      message: `What is written is not received as it should be: ${receiver.problem}`,
      remedy: "Look at the disk of the home and at the locations; logs/receive.log of the home says more.",
    });
  }
  if (receiver?.lost && (!backup || isLostBehind(receiver.lost, { at: backup.end, lsn: backup.endLsn }, now))) {
    reasons.push({
      code: "wal_lost",
      level: "critical",
      message: "WAL was lost, and no backup was made since: nothing after it can be restored.",
      remedy: "A backup is made by itself; or make it now with promptlib backup.",
    });
  }
  return reasons;
}

function backupReasons(input: ReadinessInput): ReadinessReason[] {
  const { backup, lastFailure, postgres, now } = input;
  const reasons = ageReasons(input);
  if (lastFailure && (!backup || hasNotCome(backup.end, now) || lastFailure.at > backup.end)) {
    reasons.push({
      code: "backup_failed",
      level: "warning",
      message: `The last backup was not made: ${lastFailure.message}`,
      remedy: "It is tried again by itself.",
    });
  }
  if (backup && !backup.attested) {
    reasons.push({
      code: "not_attested",
      level: "warning",
      message: "It is not known what exactly must be in the newest backup, so a drill cannot compare it.",
      remedy: "The next backup tries again; make one now with promptlib backup.",
    });
  }
  if (backup && backup.warnings > 0) {
    reasons.push({
      code: "backup_warnings",
      level: "warning",
      message: "PostgreSQL warned while the newest backup was read.",
      remedy: "promptlib info shows what it said; look at the disk.",
    });
  }
  if (postgres.checksums === false) {
    reasons.push({
      code: "no_checksums",
      level: "warning",
      message: "The database has no page checksums: a page that rots cannot be seen.",
      remedy: "Turn them on with pg_checksums --enable while PostgreSQL is stopped.",
    });
  }
  return reasons;
}

function recoveryReasons(input: ReadinessInput): ReadinessReason[] {
  const { lastDrill, now } = input;
  const found = measured(input);
  const reasons: ReadinessReason[] = [];
  if (lastDrill && !lastDrill.ok) {
    reasons.push({
      code: "drill_failed",
      level: "critical",
      message: "The last drill failed.",
      remedy:
        "Its report lies in recovery/drills of the home. Make a new backup, and run: promptlib drill database-failure",
    });
  }
  if (!found) {
    reasons.push({
      code: "never_drilled",
      level: "warning",
      message: "Nobody has measured how long a recovery takes.",
      remedy: "Measure it with: promptlib drill database-failure",
    });
  } else if ((now.getTime() - Date.parse(found.measuredAt)) / 1000 > DRILL_S) {
    reasons.push({
      code: "drill_old",
      level: "warning",
      message: "The last recovery was measured more than three months ago.",
      remedy: "Measure it again with: promptlib drill database-failure",
    });
  }
  if (found && found.seconds > RTO_S) {
    reasons.push({
      code: "recovery_slow",
      level: "critical",
      message: `The last recovery took ${Math.round(found.seconds / 60)} minutes, which is more than promised.`,
      remedy: "Put a location nearer, or on a faster disk.",
    });
  }
  return reasons;
}

function exportReasons({ exportProblem }: ReadinessInput): ReadinessReason[] {
  if (exportProblem === null) return [];
  const remedy = "It is tried again by itself; make one now with: promptlib nightly";
  return [{ code: "export_failed", level: "warning", message: exportProblem, remedy }];
}

function worst(reasons: readonly ReadinessReason[]): Level {
  if (reasons.some(({ level }) => level === "critical")) return "critical";
  return reasons.length > 0 ? "warning" : "ok";
}
