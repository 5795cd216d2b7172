/**
 * The roles in a PostgreSQL that is not ours. (In the embedded one they are logins, made by the cluster itself.)
 * One login plays all of them with SET ROLE; DATABASE_ADMIN_URL may be another login that migrates.
 */
import pg from "pg";
import { connected } from "../postgres/connection.ts";
import { sessionOptions } from "./database.ts";

/** A PostgreSQL that takes connections and answers nothing must not hold up a start for ever. */
const PATIENCE = { connectionTimeoutMillis: 2_000, query_timeout: 10_000 };

const ROLES = ["promptlib_owner", "promptlib_app", "promptlib_guard"] as const;

/**
 * Makes sure that the roles exist and that the admin (and the login of the server) may take them. What somebody with
 * more rights has prepared is left as it is, so that the login then needs no right to make roles.
 */
export async function prepareExternalRoles(admin: pg.ClientConfig, serverUser: string | null): Promise<void> {
  await connected({ ...admin, options: sessionOptions(null), ...PATIENCE }, async (client) => {
    for (const role of ROLES) await createRole(client, role);
    const { rows } = await client.query("select current_user as me, current_database() as database");
    const me = String(rows[0]?.me);
    for (const role of ["promptlib_owner", "promptlib_app"]) await letTake(client, role, me);
    await letCreate(client, String(rows[0]?.database));
    if (serverUser) await letTake(client, "promptlib_app", serverUser);
  });
}

async function letTake(client: pg.Client, role: string, login: string): Promise<void> {
  // Since PostgreSQL 16 a role may be given without leave to SET it: its maker has it so.
  const { rows } = await client.query(
    "select pg_has_role($1, $2, case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) as may",
    [login, role],
  );
  if (!rows[0]?.may) await client.query(`grant ${pg.escapeIdentifier(role)} to ${pg.escapeIdentifier(login)}`);
}

async function letCreate(client: pg.Client, database: string): Promise<void> {
  const { rows } = await client.query(
    "select has_database_privilege('promptlib_owner', $1, 'CONNECT') and has_database_privilege('promptlib_owner', $1, 'CREATE') as may",
    [database],
  );
  if (rows[0]?.may) return;
  await client.query(`grant connect, create on database ${pg.escapeIdentifier(database)} to promptlib_owner`);
}

async function createRole(client: pg.Client, role: string): Promise<void> {
  const { rowCount } = await client.query("select from pg_roles where rolname = $1", [role]);
  if (rowCount) return;
  try {
    await client.query(`create role ${pg.escapeIdentifier(role)} nologin`);
  } catch (error) {
    // Another server may have been faster: duplicate_object, unique_violation
    if (!(error instanceof pg.DatabaseError) || !["42710", "23505"].includes(error.code ?? "")) throw error;
  }
}
