/** What locations hold, what was tried, and what a restore would do: as the guardian tells it, and the command line prints. */
import { z } from "zod";
import { backupId, phaseTime } from "./recovery.ts";

/** As exactly as it is known, so with microseconds or without. */
const time = z.string().describe("ISO 8601");
const domain = z.enum(["disk", "host", "elsewhere"]).describe("what is lost together with the database's disk");
const bytes = z.number();

/** A state of the database. */
const moment = z.object({ at: time.nullable(), lsn: z.string(), timeline: z.int(), incarnation: z.string() });
const position = z.object({ at: time, timeline: z.int(), lsn: z.string() });
const stored = z.object({ objects: z.int(), bytes });

const locationInfo = z.object({
  name: z.string(),
  url: z.string(),
  domain,
  required: z.boolean(),
  reachable: z.boolean(),
  problem: z.string().nullable().describe("what keeps it from being used as it should be, in a sentence"),
  free: bytes.nullable().describe("bytes that can still be stored; null: unknown"),
  backups: stored,
  wal: stored,
  claim: z
    .object({ number: z.int(), incarnation: z.string(), since: z.string(), host: z.string() })
    .nullable()
    .describe("the newest one"),
});

const backupInfo = z.object({
  id: z.string(),
  state: z
    .enum(["whole", "unfinished", "damaged"])
    .describe("whole: at least one location has all of it; unfinished: it is none yet"),
  start: position.nullable(),
  end: position.nullable(),
  incarnation: z.string().nullable(),
  postgres: z.string().nullable().describe("as PostgreSQL says it: 18.4"),
  reason: z.enum(["schedule", "manual", "first", "restored", "wal_lost"]).nullable(),
  size: bytes.nullable().describe("bytes of the archive before compression"),
  stored: bytes.nullable().describe("bytes of it in one location"),
  parts: z.int().nullable(),
  in: z.array(z.string()).describe("the locations that hold it whole"),
  attested: z
    .object({ point: z.string(), at: time, lsn: z.string() })
    .nullable()
    .describe("the point at which the exact content is known"),
  problems: z.array(z.object({ location: z.string(), object: z.string(), problem: z.string() })),
  warnings: z.array(z.string()).describe("what PostgreSQL warned of while it was read"),
  compared: z
    .object({ at: time, ok: z.boolean(), tables: z.int(), rows: z.string(), seconds: z.number() })
    .nullable()
    .describe("by the last drill that restored it; null: none, as far as this home knows"),
  verified: z
    .object({ at: time, ok: z.boolean(), locations: z.array(z.string()) })
    .nullable()
    .describe("when it was last read back, every byte; null: never, as far as this home knows"),
});

const lifeInfo = z.object({
  incarnation: z.string(),
  since: z.string().nullable(),
  host: z.string().nullable(),
  from: z.object({ incarnation: z.string(), timeline: z.int(), lsn: z.string() }).nullable(),
});

const recoveryWindow = z.object({
  earliest: moment.nullable(),
  latest: moment.nullable(),
  gaps: z
    .array(z.object({ from: moment, to: moment.nullable(), missing: z.string() }))
    .describe("nothing between from and to can be returned to; to null: nothing behind it either"),
});

/** One JSON value; fields are added, never renamed. Sizes are bytes, positions as PostgreSQL writes them. */
export const recoveryInfo = z.object({
  at: z.iso.datetime().describe("when the locations were looked at"),
  library: z.string().nullable().describe("null: nothing has been claimed or backed up yet"),
  incarnation: z.string().nullable().describe("of the database that writes now, or wrote last"),
  systemId: z.string().nullable(),
  locations: z.array(locationInfo),
  backups: z.array(backupInfo).describe("oldest first"),
  lineage: z
    .object({ chain: z.array(lifeInfo), abandoned: z.array(lifeInfo) })
    .describe("the lives of the database on the line that counts, oldest first, and those that nobody continues"),
  wal: z
    .array(z.object({ incarnation: z.string(), timeline: z.int(), from: z.string(), to: z.string() }))
    .describe("on the line that counts, without gaps within each"),
  window: recoveryWindow.describe("what can be returned to with the locations that could be read"),
  warnings: z.array(z.string()).describe("what is odd, in sentences"),
});

const difference = z.object({
  kind: z.enum(["missing", "added", "rows", "content", "behind", "unreadable"]),
  database: z.string(),
  name: z.string().nullable().describe("the table or sequence; null: the database itself"),
  attested: z.string().nullable(),
  restored: z.string().nullable(),
  sentence: z.string(),
});

export const drillReport = z.object({
  at: z.iso.datetime().describe("when it ended"),
  scenario: z.literal("database-failure"),
  ok: z.boolean(),
  backup: z.string().nullable(),
  point: z
    .object({ name: z.string(), at: time, lsn: z.string() })
    .nullable()
    .describe("the attested point that it was restored to, and when that was"),
  compared: z.object({ tables: z.int(), rows: z.string() }).describe("tables and rows that were compared"),
  differences: z.array(difference),
  notCompared: z.array(z.string()).describe("what was not compared, a sentence each"),
  timeToRecover: z
    .number()
    .nullable()
    .describe("seconds from the order until a PostgreSQL with the restored state answered"),
  seconds: z.number().describe("in all, the comparison included"),
  phases: z.array(phaseTime),
  warnings: z.array(z.string()),
  failure: z.string().nullable().describe("why it ended early; null: it did not"),
});

const loss = z.object({
  bytes: bytes.describe("of WAL that PostgreSQL is known to have written and that is not there"),
  seconds: z
    .number()
    .nullable()
    .describe("from the last commit that is there to the last moment at which PostgreSQL was seen writing"),
});

export const restoreReport = z.object({
  at: z.iso.datetime().describe("when PostgreSQL answered again"),
  target: z.string().describe("in words"),
  backup: z.string(),
  reached: z
    .object({ timeline: z.int(), lsn: z.string(), newTimeline: z.int(), lastCommit: time.nullable() })
    .describe("everything before lsn of timeline is there"),
  lost: loss.nullable().describe("null: what is missing was asked for, or nobody saw how far PostgreSQL was"),
  downtime: z.number().describe("seconds from when PostgreSQL was last known to answer until it answered again"),
  seconds: z.number().describe("that all phases took together"),
  phases: z.array(phaseTime),
  oldState: z.string().nullable().describe("the directory with the old data directory; null: there was none"),
  warnings: z.array(z.string()),
});

/** What a plan is made for: the newest state where nothing is said. */
export const planRequest = z
  .strictObject({
    at: z.iso.datetime({ offset: true }).optional().describe("as it was at this time"),
    backup: backupId.optional().describe("a backup as it is"),
  })
  .refine((body) => body.at === undefined || body.backup === undefined, "a restore has one target: at or backup");

const plan = z.object({
  kind: z.literal("plan"),
  backup: z.object({ id: z.string(), end: position, tar: z.object({ size: bytes }) }),
  locations: z.array(z.string()).describe("that hold the backup, the one to try first in front"),
  walNeeded: z.int().describe("segments of WAL"),
  reaches: z.object({
    lsn: z.string(),
    timeline: z.int(),
    notLaterThan: time.nullable().describe("everything restored was written by then; null: nothing tells"),
  }),
  bytes: bytes.describe("that it writes, at least"),
  lost: z
    .object({ from: z.string(), to: z.string(), reason: z.enum(["target", "gap"]) })
    .nullable()
    .describe("WAL that is known and not restored; for a time at most this; null: nothing"),
  warnings: z.array(z.string()),
  steps: z.array(z.string()).describe("what will be done, a sentence each"),
});

const impossible = z.object({
  kind: z.literal("impossible"),
  message: z.string(),
  hint: z.string(),
  earliest: moment.nullable(),
  latest: moment.nullable(),
  warnings: z.array(z.string()),
});

export const restorePlan = z.discriminatedUnion("kind", [plan, impossible]);

export type RecoveryInfo = z.infer<typeof recoveryInfo>;
export type LocationInfo = z.infer<typeof locationInfo>;
export type BackupInfo = z.infer<typeof backupInfo>;
export type LifeInfo = z.infer<typeof lifeInfo>;
export type DrillReport = z.infer<typeof drillReport>;
export type RestoreReport = z.infer<typeof restoreReport>;
export type PlanRequest = z.infer<typeof planRequest>;
/** As a plan is told: `RestorePlan` of the engine has more. */
export type ToldPlan = z.infer<typeof restorePlan>;
