/**
 * The roles in a PostgreSQL that is not ours. (In the embedded one they are logins, made by the cluster itself.)
 * One login plays all of them with SET ROLE; DATABASE_ADMIN_URL may be another login that migrates.
 */
import pg from "pg";
import { sessionOptions } from "./database.ts";

const ROLES = ["promptlib_owner", "promptlib_app", "promptlib_guard"] as const;

/** Makes sure that the roles exist and that the admin (and the login of the server) may take them. */
export async function prepareExternalRoles(admin: pg.ClientConfig, serverUser: string | null): Promise<void> {
  const client = new pg.Client({ ...admin, options: sessionOptions(null) });
  await client.connect();
  try {
    for (const role of ROLES) await createRole(client, role);
    const { rows } = await client.query("select current_user as me, current_database() as database");
    const me = pg.escapeIdentifier(String(rows[0]?.me));
    await client.query(`grant promptlib_owner, promptlib_app to ${me}`);
    await client.query(
      `grant connect, create on database ${pg.escapeIdentifier(String(rows[0]?.database))} to promptlib_owner`,
    );
    if (serverUser) await client.query(`grant promptlib_app to ${pg.escapeIdentifier(serverUser)}`);
  } finally {
    await client.end();
  }
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
