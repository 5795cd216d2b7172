/** What a restore plan is made from, and what it says. Pure. */
import type { Lsn, Timeline } from "../postgres/lsn.ts";
import type { ListedBackup } from "./backups.ts";
import type { BackupManifest } from "./layout.ts";
import type { Lineage } from "./lineage.ts";
import type { TimelineHistory } from "./lineage-line.ts";
import type { Coverages, NeededSegment } from "./restore-plan-reach.ts";

export type RestoreTarget =
  /** As far as there is WAL on the line that counts. */
  | { kind: "latest" }
  /**
   * What was committed up to this time, inclusively; ISO 8601 with a zone, microseconds count. On the line that counts
   * unless another timeline is named.
   */
  | { kind: "time"; time: string; timeline?: Timeline | null }
  /** Everything before this position; on the line that counts unless another timeline is named. */
  | { kind: "lsn"; lsn: Lsn; timeline: Timeline | null }
  /** An attested point, by its name. */
  | { kind: "point"; name: string }
  /** As the backup is, without later WAL. */
  | { kind: "backup"; id: string };

export interface PlanInput {
  backups: readonly ListedBackup[];
  lineage: Lineage;
  coverages: Coverages;
  histories: readonly TimelineHistory[];
  target: RestoreTarget;
  /** Use this backup and no other, for its proof; null: the best one. */
  only: string | null;
  now: Date;
  /** Major versions of the PostgreSQL binaries that are here. */
  majors: readonly number[];
  /** Bytes that can be written where the restore goes; null: unknown. */
  free: number | null;
}

/** A state of the database. */
export interface Moment {
  /** ISO 8601, as exactly as it is known: by PostgreSQL's clock for a backup's end, else when its WAL was stored. */
  at: string | null;
  lsn: string;
  timeline: Timeline;
  incarnation: string;
}

export interface RestorePlan {
  kind: "plan";
  backup: BackupManifest;
  /** Locations that hold the backup, by name, the one to try first in front. */
  locations: string[];
  /** In the order of the WAL. */
  walNeeded: NeededSegment[];
  /** To lie beside the segments, so that PostgreSQL knows the way to the timeline; null: there is none to it. */
  history: { name: string; content: string } | null;
  recovery: {
    /** recovery_target_timeline */
    timeline: Timeline;
    /** null: to the end of what it is given. An LSN is exclusive (recovery_target_inclusive = off). */
    target: null | { time: string } | { lsn: string } | { name: string };
    /**
     * When PostgreSQL ends the recovery because the target was not reached: `end` means that what it has replayed then
     * is the state asked for, so it is started again without a target; `fail` means that something is missing.
     */
    unreached: "end" | "fail";
  };
  /**
   * How far it leads. For a time only PostgreSQL knows exactly, so `lsn` is how far the WAL does.
   * `notLaterThan`: everything restored was written by then; ISO 8601, null where nothing tells.
   */
  reaches: { lsn: string; timeline: Timeline; incarnation: string; systemId: string; notLaterThan: string | null };
  /** So far PostgreSQL reads the WAL, unless it stops at the target before. For a time this is enough. */
  mustRead: string;
  /** Bytes that it writes, at least. */
  bytes: number;
  warnings: string[];
  /** What is known of the line that counts and is not restored; null: nothing. For a time `from` is at least this. */
  lost: { from: string; to: string; reason: "target" | "gap" } | null;
  /** What will be done, a sentence each. */
  steps: string[];
}

export interface Impossible {
  kind: "impossible";
  code: "restore_impossible";
  message: string;
  hint: string;
  /** What can be restored in its place; null: nothing. */
  earliest: Moment | null;
  latest: Moment | null;
  warnings: string[];
}
