/**
 * Reading the change feed. `tx` is not the order of commits: a reader stops before the oldest transaction that is
 * still running, so nothing is skipped, and no writer waits for another.
 */
import { sql } from "kysely";
import type { Queries, RecordedChange } from "./database.ts";
import type { ChangeKind } from "./tables.ts";

/** How long changes are kept: a consumer that was away longer loads or compares everything. */
const KEPT_DAYS = 7;

export interface Change extends RecordedChange {
  seq: string;
}

/**
 * A place in the feed of one life of the database: behind the row (tx, seq), or (0, -1) where there is none yet.
 * Another cluster, timeline or database, also a table that was dumped and loaded, is another epoch.
 */
export interface Cursor {
  epoch: string;
  tx: string;
  seq: string;
}

/**
 * Behind the newest row before the oldest running transaction: everything that commits after this call comes after the
 * cursor; some of what came before may come again. A row, not the number of the next transaction: after a crash
 * PostgreSQL gives numbers that left no trace once more, but never that of a row that was seen.
 */
export async function currentCursor(db: Queries): Promise<Cursor> {
  const { rows } = await sql<Cursor>`
    select concat_ws('-', (select system_identifier from pg_control_system()),
             substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8),
             (select oid from pg_database where datname = current_database()),
             'promptlib.changes'::regclass::oid) as epoch,
           coalesce(last.tx::text, '0') as tx, coalesce(last.seq::text, '-1') as seq
    from (select) as one left join lateral (
      select tx, seq from changes where tx < pg_snapshot_xmin(pg_current_snapshot())
      order by tx desc, seq desc limit 1) as last on true`.execute(db);
  const row = rows[0];
  if (!row) throw new Error("PostgreSQL answered no cursor");
  return row;
}

/**
 * Whether a reader may go on from the cursor: its row is there as long as all that follow are. It is gone when the
 * reader was away too long, or when the database was put back to an earlier state behind our back.
 */
export async function canContinue(db: Queries, cursor: Cursor, current: Cursor): Promise<boolean> {
  if (cursor.epoch !== current.epoch) return false;
  const { rows } = await sql`
    select from changes where tx = ${cursor.tx}::xid8 and seq = ${cursor.seq}::bigint`.execute(db);
  return rows.length > 0;
}

/** The changes after the cursor, in order, at most `limit`, and the cursor after them. */
export async function readChanges(
  db: Queries,
  cursor: Cursor,
  limit = 1000,
): Promise<{ changes: Change[]; cursor: Cursor }> {
  const { rows } = await sql<Omit<Change, "revision"> & { revision: string }>`
    select tx, seq, kind, subject, revision from changes
    where (tx, seq) > (${cursor.tx}::xid8, ${cursor.seq}::bigint)
      and tx < pg_snapshot_xmin(pg_current_snapshot())
    order by tx, seq limit ${limit}`.execute(db);
  const last = rows.at(-1);
  return {
    changes: rows.map((row) => ({ ...row, revision: BigInt(row.revision) })),
    cursor: last ? { epoch: cursor.epoch, tx: last.tx, seq: last.seq } : cursor,
  };
}

/** How many changes that are not settled are told at once; of more it is only said that there are more. */
const UNSETTLED_LIMIT = 10_000;

/**
 * What readChanges holds back although it has committed, because an older transaction still runs, of anybody in the
 * whole PostgreSQL: memory must not stay behind for as long as that takes. Only what was not there at the snapshot
 * `since` (null: all of it). Each comes again, in its order, once it is settled.
 */
export async function readUnsettled(
  db: Queries,
  since: string | null,
): Promise<{ changes: RecordedChange[]; isAll: boolean; snapshot: string }> {
  const { rows } = await sql<{
    snapshot: string;
    kind: ChangeKind | null;
    subject: string;
    revision: string;
    tx: string;
  }>`
    select pg_current_snapshot()::text as snapshot, kind, subject, revision, tx
    from (select) as one left join lateral (
      select kind, subject, revision, tx from changes
      where tx >= pg_snapshot_xmin(pg_current_snapshot())
        and not pg_visible_in_snapshot(tx, ${since ?? "1:1:"}::pg_snapshot)
      order by tx, seq limit ${UNSETTLED_LIMIT}) as unsettled on true`.execute(db);
  const snapshot = rows[0]?.snapshot;
  if (!snapshot) throw new Error("PostgreSQL answered no snapshot");
  const changes = rows.flatMap(({ kind, subject, revision, tx }) =>
    kind === null ? [] : [{ kind, subject, revision: BigInt(revision), tx }],
  );
  return { changes, isAll: changes.length < UNSETTLED_LIMIT, snapshot };
}

/** Removes what is older than kept, always from the front and never the newest: see canContinue. */
export async function deleteOldChanges(db: Queries): Promise<void> {
  await sql`delete from changes where tx < coalesce(
    (select tx from changes where at >= now() - make_interval(days => ${KEPT_DAYS}) order by tx limit 1),
    (select tx from changes order by tx desc limit 1))`.execute(db);
  await sql`delete from purged_prompts where purged_at < now() - make_interval(days => ${KEPT_DAYS + 1})`.execute(db);
}
