/** Roles, database and extensions of the embedded cluster: every start makes sure of them and writes only what lacks. */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import pg from "pg";
import type { Home } from "../base/config.ts";
import { PromptlibError } from "../contract/errors.ts";
import { connect, DATABASE, embeddedConnection, rolePassword } from "./connection.ts";

interface Role {
  name: string;
  attributes: string;
}

const GUARD = "promptlib_guard";
const ROLES: readonly Role[] = [
  { name: "promptlib_owner", attributes: "login" },
  { name: "promptlib_app", attributes: "login" },
  { name: GUARD, attributes: "login replication" },
];
/** It reads everything, and holds tables still where PostgreSQL allows that without writing (pg_maintain: since 17). */
const GUARD_IS = ["pg_read_all_data", "pg_maintain"];
/** Positions in the WAL, and restore points. These grants belong to one database each. */
const GUARD_CALLS = [
  "pg_create_restore_point(text)",
  "pg_switch_wal()",
  "pg_current_wal_lsn()",
  "pg_current_wal_insert_lsn()",
  "pg_current_wal_flush_lsn()",
  "pg_walfile_name(pg_lsn)",
];
/** Used by search. Trusted since PostgreSQL 13, yet made here, so that migrations need no rights for them. */
const EXTENSIONS = ["btree_gin", "pg_trgm", "unaccent"];
const SUPERUSER = "postgres";

/** Connects as superuser within two seconds, or throws what `pg` throws. */
export async function connectAsSuperuser(home: Home, database = "postgres"): Promise<pg.Client> {
  const settings = await embeddedConnection(home, SUPERUSER, database);
  return await connect({ ...settings, connectionTimeoutMillis: 2_000, query_timeout: 30_000 });
}

/** False while it starts, stops, or hangs. Throws `postgres_start_failed` when it runs and refuses us. */
export async function answers(home: Home): Promise<boolean> {
  try {
    const client = await connectAsSuperuser(home);
    await client.end();
    return true;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) return false;
    if (error.code === "57P03") return false; // cannot_connect_now
    if (error.code === "53300") return true; // too_many_connections
    throw new PromptlibError("postgres_start_failed", {
      message: `PostgreSQL runs, but does not let us in: ${error.message}.`,
      cause: error,
    });
  }
}

export async function ensureRoles(home: Home): Promise<void> {
  const client = await connectAsSuperuser(home);
  try {
    for (const role of ROLES) await ensureRole(client, role, await rolePassword(home, role.name));
    await ensureGuardReads(client);
    const { rowCount } = await client.query("select from pg_database where datname = $1", [DATABASE]);
    if (!rowCount) await client.query(`create database ${DATABASE} owner promptlib_owner`);
  } finally {
    await client.end();
  }
  await ensureExtensions(home, DATABASE);
  await ensureGuardCalls(home, DATABASE);
}

async function ensureGuardReads(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "select rolname as name from pg_roles where rolname = any($1) and not pg_has_role($2::name, oid, 'USAGE')",
    [GUARD_IS, GUARD],
  );
  for (const { name } of rows) await client.query(`grant ${name} to ${GUARD}`);
  // Row-level security would hide rows from backups' figures.
  const bypasses = await client.query("select from pg_roles where rolname = $1 and rolbypassrls", [GUARD]);
  if (!bypasses.rowCount) await client.query(`alter role ${GUARD} bypassrls`);
}

async function ensureGuardCalls(home: Home, database: string): Promise<void> {
  const client = await connectAsSuperuser(home, database);
  try {
    const { rows } = await client.query<{ name: string }>(
      "select name from unnest($1::text[]) name where not has_function_privilege($2::name, name, 'EXECUTE')",
      [GUARD_CALLS, GUARD],
    );
    for (const { name } of rows) await client.query(`grant execute on function ${name} to ${GUARD}`);
  } finally {
    await client.end();
  }
}

export async function ensureExtensions(home: Home, database: string): Promise<void> {
  const client = await connectAsSuperuser(home, database);
  try {
    const { rows } = await client.query<{ name: string }>(
      "select name from unnest($1::text[]) name where name not in (select extname from pg_extension)",
      [EXTENSIONS],
    );
    for (const { name } of rows) await client.query(`create extension if not exists ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

async function ensureRole(client: pg.Client, { name, attributes }: Role, password: string): Promise<void> {
  const { rows } = await client.query<{ rolpassword: string | null }>(
    "select rolpassword from pg_authid where rolname = $1",
    [name],
  );
  const [found] = rows;
  if (found?.rolpassword && verifies(found.rolpassword, password)) return;
  // The verifier goes over, not the password: a failed statement is written to PostgreSQL's log.
  const verifier = pg.escapeLiteral(scramVerifier(password, randomBytes(16), 4096));
  await client.query(
    found ? `alter role ${name} password ${verifier}` : `create role ${name} ${attributes} password ${verifier}`,
  );
}

/** As pg_authid keeps it: SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey> (RFC 5803). */
function scramVerifier(password: string, salt: Buffer, iterations: number): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const key = (label: string) => createHmac("sha256", salted).update(label).digest();
  const storedKey = createHash("sha256").update(key("Client Key")).digest("base64");
  const serverKey = key("Server Key").toString("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}

function verifies(stored: string, password: string): boolean {
  const parts = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(stored);
  if (!parts?.[1] || !parts[2]) return false;
  const made = Buffer.from(scramVerifier(password, Buffer.from(parts[2], "base64"), Number(parts[1])));
  const kept = Buffer.from(stored);
  return made.length === kept.length && timingSafeEqual(made, kept);
}
