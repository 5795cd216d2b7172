/** A restore point while nobody writes, because all tables are locked for some milliseconds. */
import pg from "pg";
import { type Connections, type Point, pointColumns, snapshotOf } from "./attest-point.ts";
import { beginReading, sqlName } from "./table-figures.ts";
import { readSequences } from "./table-figures-list.ts";

/** lock_not_available, query_canceled (statement_timeout), deadlock_detected, undefined_table, invalid_schema_name */
const NOT_NOW = ["55P03", "57014", "40P01", "42P01", "3F000"];
const SHORT_MS = 900;

/**
 * null when the locks were not to be had soon, or a table came in between. A materialized view cannot be locked so: one
 * that is refreshed concurrently in just these milliseconds would be told to differ after a restore.
 */
export async function pointUnderLocks(connections: Connections, name: string): Promise<Point | null> {
  const { maker, readers, lockers } = connections;
  const sequences = await Promise.all(readers.map(readSequences));
  await Promise.all(readers.map(beginReading));
  try {
    const locked = await Promise.all(lockers.map(lockAll));
    await Promise.all(readers.map(snapshotOf));
    const { rows } = await maker.query<{ lsn: string; timeline: number; at: string }>(
      `select ${pointColumns("pg_create_restore_point($1)")}`,
      [name],
    );
    await Promise.all(lockers.map((locker) => locker.query("commit")));
    const after = await Promise.all(lockers.map(oidsOf));
    const isSame = after.every((oids, index) => [...oids].every((oid) => locked[index]?.has(oid)));
    return rows[0] && isSame ? { ...rows[0], sequences, locked } : null;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || !NOT_NOW.includes(error.code ?? "")) throw error;
    await Promise.all(lockers.map((locker) => locker.query("rollback")));
    return null;
  }
}

const TABLES = `
  select c.oid::text as oid, nspname as schema, relname as name, relkind as kind
  from pg_class c join pg_namespace n on n.oid = relnamespace
  where relkind in ('r', 'm') and relpersistence = 'p'
    and nspname <> all (array['pg_catalog', 'information_schema', 'pg_toast'])
  order by c.oid`;

interface Table {
  oid: string;
  schema: string;
  name: string;
  kind: "r" | "m";
}

/** Against writers, in a fixed order. Whoever would have to wait longer than a moment gives up: everybody waits behind. */
async function lockAll(locker: pg.Client): Promise<ReadonlySet<string>> {
  await locker.query(
    `begin isolation level read committed read write;
    set local synchronous_commit = off; set local search_path = ''; set local row_security = off`,
  );
  const { rows } = await locker.query<Table>(TABLES);
  // Below deadlock_timeout, so that of those who wait for each other we are the one to give up.
  await locker.query(
    `select set_config(name, least($1, greatest(1, deadlock * 9 / 10))::text, true)
    from (select setting::int as deadlock from pg_settings where name = 'deadlock_timeout') as s,
      unnest(array['lock_timeout', 'statement_timeout']) as name`,
    [SHORT_MS],
  );
  const names = rows.filter(({ kind }) => kind === "r").map((table) => `only ${sqlName(table)}`);
  if (names.length > 0) await locker.query(`lock table ${names.join(", ")} in share mode`);
  return new Set(rows.map(({ oid }) => oid));
}

async function oidsOf(locker: pg.Client): Promise<ReadonlySet<string>> {
  const { rows } = await locker.query<Table>(TABLES);
  return new Set(rows.map(({ oid }) => oid));
}
