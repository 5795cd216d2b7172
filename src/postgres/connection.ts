/**
 * PostgreSQL as a program: the embedded cluster (found, made, started, adopted, stopped) and how to connect to it,
 * or to the one that DATABASE_URL names. Knows nothing of what is kept inside.
 *
 * This file says how each role of the database is reached.
 */
import { createHmac } from "node:crypto";
import pg from "pg";
import type { Config, Home } from "../base/config.ts";
import { keptSecret } from "../base/home.ts";
import { SOCKET_PORT, socketDirectory } from "./place.ts";

/** owner: migrations. app: the server. guard: replication, reads everything. */
export type DatabaseRole = "owner" | "app" | "guard";

/** The database in the embedded cluster. */
export const DATABASE = "promptlib";

export interface Connection {
  client: pg.ClientConfig;
  /** The role to take with SET ROLE, or null where the login is the role (or no other is wanted). */
  setRole: string | null;
}

/** How to connect as `role`. Only makes the secret where there is none yet; nothing need run. */
export async function postgresConnection(config: Config, role: DatabaseRole): Promise<Connection> {
  const user = `promptlib_${role}`;
  if (config.database) {
    const url = role === "owner" ? config.database.adminUrl : config.database.url;
    // One login may stand for all of them. Replication needs an attribute of the login itself: no SET ROLE there.
    return { client: { connectionString: url }, setRole: role === "guard" ? null : user };
  }
  return { client: await embeddedConnection(config.home, user, DATABASE), setRole: null };
}

/** As `user` to the embedded cluster, over its Unix socket. */
export async function embeddedConnection(home: Home, user: string, database: string): Promise<pg.ClientConfig> {
  const password = await rolePassword(home, user);
  return { host: socketDirectory(home), port: SOCKET_PORT, user, password, database };
}

/**
 * Connects, or throws what `pg` throws. A connection that breaks later fails its query; without a listener the event
 * would end the process.
 */
export async function connect(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** Connected for as long as `work` takes. Throws what `pg` or `work` throws. */
export async function connected<T>(config: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(config);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Passwords of the embedded cluster follow from one kept secret, so that nothing has to be handed over. */
export async function rolePassword(home: Home, user: string): Promise<string> {
  return createHmac("sha256", await keptSecret(home, "postgres"))
    .update(user)
    .digest("hex");
}
