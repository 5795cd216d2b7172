/** A database of the test's own, with our schema in it, made from a template. */
import { randomBytes } from "node:crypto";
import type pg from "pg";
import { inject } from "vitest";
import { type Home, homeAt } from "../../src/base/config.ts";
import { embeddedConnection } from "../../src/postgres/connection.ts";
import { connectAsSuperuser } from "../../src/postgres/roles.ts";
import { TEMPLATE } from "./cluster.ts";

export interface FreshDatabase {
  name: string;
  /** As promptlib_owner, promptlib_app, promptlib_guard, postgres. */
  ownerConfig: pg.ClientConfig;
  appConfig: pg.ClientConfig;
  guardConfig: pg.ClientConfig;
  superuserConfig: pg.ClientConfig;
  /** Also ends connections that are still open. */
  drop(): Promise<void>;
}

/** The home whose cluster this worker's test files share, one after the other. */
export function sharedHome(): Home {
  return homeAt(inject("sharedHomes")[Number(process.env.VITEST_POOL_ID) - 1] ?? "");
}

/** `empty`: without our schema, and without the extensions. */
export async function freshDatabase({ empty = false } = {}): Promise<FreshDatabase> {
  const home = sharedHome();
  const name = `t_${randomBytes(8).toString("hex")}`;
  await asSuperuser(`create database ${name} template ${empty ? "template0" : TEMPLATE} owner promptlib_owner`);
  return {
    name,
    ownerConfig: await embeddedConnection(home, "promptlib_owner", name),
    appConfig: await embeddedConnection(home, "promptlib_app", name),
    guardConfig: await embeddedConnection(home, "promptlib_guard", name),
    superuserConfig: await embeddedConnection(home, "postgres", name),
    drop: async () => await asSuperuser(`drop database ${name} with (force)`),
  };

  async function asSuperuser(sql: string): Promise<void> {
    const client = await connectAsSuperuser(home);
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }
}
