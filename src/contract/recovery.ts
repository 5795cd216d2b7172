/** What guardian, command line and server tell each other about backups and restores. */
import { z } from "zod";
import type { ErrorBody } from "./errors.ts";

/** What the guardian does for others, one at a time. */
export const jobVerbs = ["backup", "restore", "drill", "verify"] as const;
export type JobVerb = (typeof jobVerbs)[number];

const instant = z.iso.datetime({ offset: true });
const lsn = z.string().regex(/^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/, "must be a position such as 0/3000028");
const backupId = z.string().regex(/^\d{8}T\d{6}Z-[0-9a-f]{4,16}$/, "must be the id of a backup (promptlib info)");

export const backupOptions = z.strictObject({
  reason: z.enum(["schedule", "manual", "first", "restored", "wal_lost"]).default("manual"),
});
/** At most one of at, lsn and point; none: everything there is. */
export const restoreOptions = z.strictObject({
  backup: backupId.optional(),
  at: instant.optional(),
  lsn: lsn.optional(),
  point: z.string().max(63).optional(),
  /** Only say what would be done. */
  plan: z.boolean().optional(),
});
export const drillOptions = z.strictObject({ scenario: z.enum(["database-failure"]) });
export const verifyOptions = z.strictObject({ backup: backupId.optional() });

export const jobRequest = z.discriminatedUnion("verb", [
  z.strictObject({ verb: z.literal("backup"), options: backupOptions }),
  z.strictObject({ verb: z.literal("restore"), options: restoreOptions }),
  z.strictObject({ verb: z.literal("drill"), options: drillOptions }),
  z.strictObject({ verb: z.literal("verify"), options: verifyOptions }),
]);

export type BackupOptions = z.infer<typeof backupOptions>;
export type RestoreOptions = z.infer<typeof restoreOptions>;
export type DrillOptions = z.infer<typeof drillOptions>;
export type VerifyOptions = z.infer<typeof verifyOptions>;
export type JobRequest = z.infer<typeof jobRequest>;

/** Where a job is. Bytes; null where nobody can tell. */
export interface Progress {
  phase: string;
  done: number | null;
  total: number | null;
}

export interface PhaseTime {
  phase: string;
  seconds: number;
}

export interface Job {
  id: string;
  verb: JobVerb;
  options: unknown;
  state: "running" | "done" | "failed";
  /** ISO 8601, UTC. */
  startedAt: string;
  endedAt: string | null;
  progress: Progress | null;
  /** What `--json` prints; null until it is done. */
  result: unknown;
  error: ErrorBody["error"] | null;
}

export type Level = "ok" | "warning" | "critical";

/** docs/recovery.md says when each is told. */
export const READINESS_CODES = [
  "nothing_elsewhere",
  "no_backup_elsewhere",
  "same_disk",
  "location_problem",
  "location_lags",
  "wal_not_received",
  "wal_lost",
  "backups_unknown",
  "no_backup",
  "backup_old",
  "backup_failed",
  "not_attested",
  "backup_warnings",
  "no_checksums",
  "drill_failed",
  "never_drilled",
  "drill_old",
  "recovery_slow",
  "export_failed",
] as const;

/** Why data at risk or time to recover is not as promised, and what mends it. */
export interface ReadinessReason {
  code: (typeof READINESS_CODES)[number];
  level: Exclude<Level, "ok">;
  message: string;
  remedy: string;
}

/** How safe everything is now. */
export interface Readiness {
  /** ISO 8601, UTC. */
  at: string;
  level: Level;
  /** What would be lost if this machine vanished now; `everything` where no copy lies elsewhere. Seconds. */
  dataAtRisk: { ifMachineVanishes: number | "everything" | null; ifDatabaseVanishes: number | "everything" | null };
  /** Measured by the last drill or restore, never estimated; null: never measured. */
  timeToRecover: { seconds: number; measuredAt: string; by: "drill" | "restore" } | null;
  lastBackup: { id: string; end: string; attested: boolean } | null;
  locations: {
    name: string;
    url: string;
    domain: string;
    riskSeconds: number | null;
    lagBytes: number | null;
    problem: string | null;
  }[];
  reasons: ReadinessReason[];
}
