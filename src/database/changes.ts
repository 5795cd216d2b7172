/**
 * Reading the change feed. `tx` is not the order of commits: a reader stops before the oldest transaction that is
 * still running, so nothing is skipped, and no writer waits for another.
 */
import { sql } from "kysely";
import { type Queries, type RecordedChange, rememberChange } from "./database.ts";
import type { ChangeKind } from "./tables.ts";

/** How long changes are kept: a consumer that was away longer compares everything. */
const KEPT_DAYS = 7;

export interface Change extends RecordedChange {
  tx: string;
  seq: string;
}

/** A place in the feed of one life of the database: another timeline or cluster is another epoch. */
export interface Cursor {
  epoch: string;
  tx: string;
  seq: string;
}

/** Everything that commits after this call comes after the cursor; some of what came before may come again. */
export async function currentCursor(db: Queries): Promise<Cursor> {
  const { rows } = await sql<{ epoch: string; tx: string }>`
    select (select system_identifier from pg_control_system()) || '-' ||
           substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) as epoch,
           pg_snapshot_xmin(pg_current_snapshot())::text as tx`.execute(db);
  const row = rows[0];
  if (!row) throw new Error("PostgreSQL answered no cursor");
  return { epoch: row.epoch, tx: row.tx, seq: "-1" };
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

/** Says in the running transaction that something changed. */
export async function recordChange(
  transaction: Queries,
  kind: ChangeKind,
  subject: string,
  revision = "0",
): Promise<void> {
  await transaction.insertInto("changes").values({ kind, subject, revision }).execute();
  rememberChange(transaction, { kind, subject, revision: BigInt(revision) });
}

export async function deleteOldChanges(db: Queries): Promise<void> {
  await sql`delete from changes where at < now() - make_interval(days => ${KEPT_DAYS})`.execute(db);
}

/** Whether a consumer that stopped then may go on from its cursor. A day less than kept: clocks differ. */
export function canContinue(stoppedAt: Date, now: Date): boolean {
  return now.getTime() - stoppedAt.getTime() < (KEPT_DAYS - 1) * 86_400_000;
}
