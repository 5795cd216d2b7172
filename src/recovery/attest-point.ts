/** A restore point between two writers: no lock, nobody waits. */
import type pg from "pg";
import type { AttestedDatabase } from "./layout.ts";
import { beginReading } from "./table-figures.ts";
import { readSequences } from "./table-figures-list.ts";

export interface Connections {
  /** Two to the first database. */
  maker: pg.Client;
  witness: pg.Client;
  /** One to each database; in its transaction the tables are read. */
  readers: readonly pg.Client[];
  /** One to each database, the maker for the first. */
  lockers: readonly pg.Client[];
}

/** What a try has made, and what the sequences of each database had handed out before. */
export interface Point {
  /** Where its record ends. */
  lsn: string;
  timeline: number;
  /** By the clock of PostgreSQL, ISO 8601. */
  at: string;
  sequences: AttestedDatabase["sequences"][];
  /** Tables of each database that were locked, by oid; null: none had to be. */
  locked: ReadonlySet<string>[] | null;
}

/** The columns that say where and when the restore point `call` was made. */
export function pointColumns(call: string): string {
  return `(${call})::text as lsn,
    ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int as timeline,
    to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at`;
}

interface Made {
  xid: string;
  lsn: string | null;
  timeline: number;
  at: string;
}

/**
 * The readers' snapshots are the state at the point when, by the numbers of transactions,
 * - none was at work when the maker got its own: it is the oldest its snapshot, taken just before, knows of;
 * - none began to write between this and the point: the witness got the very next number after it;
 * - none had ended since when the readers looked: all from the maker's number on are at work in their snapshots.
 * Otherwise null. Leaves the readers in their transactions; the maker's number is given back at once, as others wait
 * for the end of everything older than what they read (the change feed does).
 */
export async function pointBetweenWriters(connections: Connections, name: string): Promise<Point | null> {
  const { maker, witness, readers } = connections;
  const sequences = await Promise.all(readers.map(readSequences));
  await Promise.all([
    maker.query("begin isolation level repeatable read read write; set local synchronous_commit = local"),
    witness.query("begin read write"),
    ...readers.map(beginReading),
  ]);
  const made = await makePoint(maker, name);
  const [next, ...snapshots] = made?.lsn ? await Promise.all([nextXid(witness), ...readers.map(snapshotOf)]) : [];
  const whole =
    made?.lsn && next === BigInt(made.xid) + 1n && snapshots.every((snapshot) => isAllSince(snapshot, made.xid));
  // Also writes the point to the disk.
  await Promise.all([maker.query(whole ? "commit" : "rollback"), witness.query("rollback")]);
  if (!made?.lsn || !whole) return null;
  return { lsn: made.lsn, timeline: made.timeline, at: made.at, sequences, locked: null };
}

/** Only makes the point when the first condition holds: an unused one stays in the WAL for ever. */
async function makePoint(maker: pg.Client, name: string): Promise<Made | undefined> {
  const { rows } = await maker.query<Made>(
    `with own as materialized (select pg_current_xact_id() as xid, pg_snapshot_xmin(pg_current_snapshot()) as oldest)
    select xid::text as xid, ${pointColumns("case when xid = oldest then pg_create_restore_point($1) end")} from own`,
    [name],
  );
  return rows[0];
}

async function nextXid(witness: pg.Client): Promise<bigint> {
  const { rows } = await witness.query<{ xid: string }>("select pg_current_xact_id()::text as xid");
  return BigInt(rows[0]?.xid ?? 0);
}

/** Takes the snapshot of the reader's transaction. */
export async function snapshotOf(reader: pg.Client): Promise<string> {
  const { rows } = await reader.query<{ snapshot: string }>("select pg_current_snapshot()::text as snapshot");
  return rows[0]?.snapshot ?? "";
}

/** Whether in the snapshot (xmin:xmax:xip,xip,…) `xid` and everything after it is at work, and nothing before it. */
export function isAllSince(snapshot: string, xid: string): boolean {
  const [xmin = "", xmax = "", atWork = ""] = snapshot.split(":");
  const count = atWork === "" ? 0n : BigInt(atWork.split(",").length);
  return xmin === xid && BigInt(xmax) - BigInt(xmin) === count;
}
