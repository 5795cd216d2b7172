/** What guardian, command line and server tell each other about backups and restores. */
import { z } from "zod";
import type { ErrorBody } from "./errors.ts";
import { errorBody } from "./shapes.ts";

/** What the guardian does for others, one at a time. */
export const jobVerbs = ["backup", "restore", "drill", "verify"] as const;
export type JobVerb = (typeof jobVerbs)[number];

const instant = z.iso.datetime({ offset: true });
const lsn = z.string().regex(/^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/, "must be a position such as 0/3000028");
export const backupId = z
  .string()
  .regex(/^\d{8}T\d{6}Z-[0-9a-f]{4,16}$/, "must be the id of a backup (promptlib info)");

export const backupOptions = z.strictObject({
  reason: z.enum(["schedule", "manual", "first", "restored", "wal_lost"]).default("manual"),
});
/** At most one of at, lsn and point; none: everything there is. */
export const restoreOptions = z.strictObject({
  backup: backupId.optional(),
  at: instant.optional(),
  lsn: lsn.optional(),
  point: z.string().max(63).optional(),
  timeline: z
    .int()
    .positive()
    .max(0xffff_ffff)
    .optional()
    .describe(
      "with at or lsn: on this timeline, also one that was left; none: on the line of the database that counts",
    ),
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

/** What may be ordered through the server. Restoring stays with the command line: it needs neither server nor sign-in. */
export const jobOrder = z.discriminatedUnion("verb", [
  z.strictObject({ verb: z.literal("backup"), options: z.strictObject({}).default({}) }),
  z.strictObject({ verb: z.literal("drill"), options: drillOptions }),
  z.strictObject({ verb: z.literal("verify"), options: verifyOptions.default({}) }),
]);
export type JobOrder = z.input<typeof jobOrder>;

/** Where a job is. Bytes; null where nobody can tell. */
export const progress = z.object({
  phase: z.string(),
  done: z.number().nullable().describe("bytes; null: nobody can tell"),
  total: z.number().nullable(),
});
export type Progress = z.infer<typeof progress>;

export const phaseTime = z.object({ phase: z.string(), seconds: z.number() });
export type PhaseTime = z.infer<typeof phaseTime>;

export const job = z.object({
  id: z.string(),
  verb: z.enum(jobVerbs),
  options: z.unknown(),
  by: z.string().describe("who ordered it: user:NAME, local:OS-USER; guardian: it was due"),
  state: z.enum(["running", "done", "failed"]),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  progress: progress.nullable(),
  result: z.unknown().describe("what --json prints; null until it is done"),
  error: errorBody.shape.error.nullable(),
});
export interface Job extends Omit<z.infer<typeof job>, "error"> {
  error: ErrorBody["error"] | null;
}
/** In a list: without what came of it, which may be long. */
export const listedJob = job.omit({ result: true });
export type ListedJob = z.infer<typeof listedJob>;

/** What a person ordered, until the audit log has it. `cancel`: that a job be ended. */
export const recoveryDeed = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  by: z.string(),
  address: z.string().nullable(),
  deed: z.enum([...jobVerbs, "cancel"]),
  job: z.string(),
  options: z.unknown(),
});
export type RecoveryDeed = z.infer<typeof recoveryDeed>;

/** docs/recovery.md says when each is told. */
export const READINESS_CODES = [
  "postgres_down",
  "nothing_elsewhere",
  "no_backup_elsewhere",
  "same_disk",
  "location_problem",
  "location_lags",
  "location_without_backup",
  "wal_not_received",
  "wal_problem",
  "wal_lost",
  "backups_unknown",
  "no_backup",
  "backup_old",
  "clock_set_back",
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
const readinessReason = z.object({
  code: z.enum(READINESS_CODES),
  level: z.enum(["warning", "critical"]),
  message: z.string(),
  remedy: z.string(),
});
export type ReadinessReason = z.infer<typeof readinessReason>;

const level = z.enum(["ok", "warning", "critical"]);
export type Level = z.infer<typeof level>;

const risk = z.union([z.number(), z.literal("everything")]).nullable();

/** How safe everything is now. */
export const readiness = z.object({
  at: z.iso.datetime(),
  level,
  dataAtRisk: z
    .object({ ifMachineVanishes: risk, ifDatabaseVanishes: risk })
    .describe("seconds that would be lost now; everything: no copy lies elsewhere; null: nobody knows"),
  timeToRecover: z
    .object({ seconds: z.number(), measuredAt: z.iso.datetime(), by: z.enum(["drill", "restore"]) })
    .nullable()
    .describe("measured by the last drill or restore, never estimated; null: never measured"),
  lastBackup: z.object({ id: z.string(), end: z.string(), attested: z.boolean() }).nullable(),
  locations: z.array(
    z.object({
      name: z.string(),
      url: z.string(),
      domain: z.string(),
      riskSeconds: z.number().nullable(),
      lagBytes: z.number().nullable(),
      problem: z.string().nullable(),
    }),
  ),
  reasons: z.array(readinessReason),
});
export type Readiness = z.infer<typeof readiness>;
