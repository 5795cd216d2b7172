/**
 * Exact figures of every table in one snapshot: rows and a hash, by which a restored database is told to be the same.
 *
 * The hash of a table is a sum over its rows, so their order does not count: sha256(record_send(row)) as four unsigned
 * 64-bit numbers, each summed without bound, written in hexadecimal (28 digits each, all 0 for an empty table).
 * record_send is the binary form of the row, which no setting changes but the encoding of the client.
 */
import pg from "pg";
import { PromptlibError } from "../contract/errors.ts";
import type { AttestedDatabase, AttestedTable } from "./layout.ts";
import { type Listed, listRelations, nameOf, type Relation, readSequences } from "./table-figures-list.ts";

/** Rows of hashes are summed as signed numbers (which is fast) after this was taken off each. */
const SHIFT = 1n << 63n;
const DIGITS = 28;
/** Tables that are looked at in one message to PostgreSQL. */
const PORTION = 200;

/** undefined_function: a type without a binary form. program_limit_exceeded: a row that does not fit into 1 GB. */
const NOT_HASHED: Readonly<Record<string, string>> = {
  "42883": "a column has a type without a binary form",
  "54000": "a row is too large to be hashed",
};
/** lock_not_available, query_canceled, deadlock_detected, undefined_table, invalid_schema_name, not (yet) populated */
const CHANGES = ["55P03", "57014", "40P01", "42P01", "3F000", "55000"];

/**
 * Of the database that `client` is connected to, in a transaction of its own. Cancelled by the signal, which also ends
 * `client`: `interrupted`. A table that PostgreSQL cannot read (a damaged page): `comparison_failed`.
 */
export async function tableFigures(client: pg.Client, { signal }: { signal: AbortSignal }): Promise<AttestedDatabase> {
  return await endedBy(signal, client, async () => {
    const { rows } = await client.query<{ name: string }>("select current_database() as name");
    const sequences = await readSequences(client);
    await beginReading(client);
    const held = await holdTables(client);
    if (!held) throw new PromptlibError("comparison_failed", { message: "Tables changed while they were read." });
    const figures = await hashTables(client, held);
    await client.query("commit");
    return { name: rows[0]?.name ?? "", sequences, ...figures };
  });
}

/** Begins a transaction whose first query takes the snapshot. */
export async function beginReading(client: pg.Client): Promise<void> {
  // Other encodings become UTF-8 on their way to the client; here nobody knows what the bytes are.
  const { rows } = await client.query<{ server_encoding: string }>("show server_encoding");
  const encoding = rows[0]?.server_encoding === "SQL_ASCII" ? "sql_ascii" : "utf8";
  await client.query(`
    begin isolation level repeatable read read only;
    set local row_security = off;
    set local search_path = '';
    set local client_encoding = ${encoding};
    set local statement_timeout = 0;
    set local idle_in_transaction_session_timeout = 0;
    set local lock_timeout = 900;
    set local jit = off;
    set local client_connection_check_interval = 1000`);
}

/**
 * Locks all tables against being emptied, rewritten or dropped, as they are in the snapshot of the open transaction.
 * null: one was, between the snapshot and now, so the snapshot cannot be read; or the locks were not to be had soon.
 */
export async function holdTables(client: pg.Client): Promise<Listed | null> {
  try {
    const listed = await listRelations(client);
    if (!listed) return null;
    for (let at = 0; at < listed.tables.length; at += PORTION) {
      if (!(await holdSome(client, listed.tables.slice(at, at + PORTION)))) return null;
    }
    return listed;
  } catch (error) {
    if (error instanceof pg.DatabaseError && CHANGES.includes(error.code ?? "")) return null;
    throw error;
  }
}

async function holdSome(client: pg.Client, tables: readonly Relation[]): Promise<boolean> {
  // Locks as LOCK TABLE does, also materialized views, and tells the columns as they are now, not in the snapshot.
  const looks = tables.map((table) => `select * from only ${sqlName(table)} limit 0`);
  const answers: unknown = await client.query(looks.join(";"));
  const columns = (Array.isArray(answers) ? answers : [answers]).map((answer: pg.QueryResult) =>
    answer.fields.map(({ name, dataTypeID }) => `${name}:${dataTypeID}`).join(),
  );
  const { rows } = await client.query<{ file: string | null }>(
    "select pg_relation_filenode(oid)::text as file from unnest($1::oid[]) with ordinality as t(oid, n) order by n",
    [tables.map(({ oid }) => oid)],
  );
  return tables.every((table, index) => columns[index] === table.columns.join() && rows[index]?.file === table.file);
}

/** In the transaction in which they are held. */
export async function hashTables(
  client: pg.Client,
  held: Listed,
): Promise<Pick<AttestedDatabase, "tables" | "notCompared">> {
  const tables: AttestedTable[] = [];
  const notCompared = [...held.notCompared];
  for (const table of held.tables) {
    const hashed = await hashTable(client, table);
    if (typeof hashed === "string") notCompared.push(`${nameOf(table)}: ${hashed}`);
    else tables.push({ name: nameOf(table), ...hashed });
  }
  return { tables, notCompared };
}

async function hashTable(client: pg.Client, table: Relation): Promise<{ rows: string; hash: string } | string> {
  const parts = [0, 1, 2, 3].map(
    (part) =>
      `sum(('x' || substr(hashed.hex, ${part * 16 + 1}, 16))::bit(64)::bigint # (${-SHIFT}))::text as part${part}`,
  );
  await client.query("savepoint before_table");
  try {
    // OFFSET 0: else the hash would be computed anew for each of its parts.
    const { rows } = await client.query<Record<string, string | null>>(
      `select count(*)::text as rows, ${parts.join(", ")}
      from only ${sqlName(table)} as t
      cross join lateral (select encode(sha256(record_send(t.*)), 'hex') as hex offset 0) as hashed`,
    );
    await client.query("release savepoint before_table");
    return figuresIn(rows[0] ?? {});
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    const reason = NOT_HASHED[error.code ?? ""];
    if (reason) {
      await client.query("rollback to savepoint before_table");
      return `${reason} (${error.message})`;
    }
    if (!/^(XX|58)/.test(error.code ?? "")) throw error;
    throw new PromptlibError("comparison_failed", {
      message: `The table ${nameOf(table)} cannot be read: ${error.message}.`,
      cause: error,
    });
  }
}

function figuresIn(row: Record<string, string | null>): { rows: string; hash: string } {
  const rows = row.rows ?? "0";
  const parts = [0, 1, 2, 3].map((part) => BigInt(row[`part${part}`] ?? "0") + SHIFT * BigInt(rows));
  return { rows, hash: parts.map((part) => part.toString(16).padStart(DIGITS, "0")).join("") };
}

export function sqlName({ schema, name }: { schema: string; name: string }): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
}

/** When the signal is aborted the connection is cut, and PostgreSQL ends the query within a second. */
export async function endedBy<T>(signal: AbortSignal, client: pg.Client, work: () => Promise<T>): Promise<T> {
  const cut = () => void client.end().catch(() => {});
  if (signal.aborted) throw new PromptlibError("interrupted");
  signal.addEventListener("abort", cut, { once: true });
  try {
    return await work();
  } catch (error) {
    throw signal.aborted ? new PromptlibError("interrupted", { cause: error }) : error;
  } finally {
    signal.removeEventListener("abort", cut);
  }
}
