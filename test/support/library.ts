/** A library of the test's own: a fresh database, opened as the server opens it, and someone who acts in it. */
import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import pg from "pg";
import type { SavePrompt } from "../../src/contract/shapes.ts";
import { type Database, openDatabase } from "../../src/database/database.ts";
import { transact } from "../../src/database/transaction.ts";
import type { Actor } from "../../src/library/actor.ts";
import type { ProjectRef } from "../../src/library/find.ts";
import { prepareSave } from "../../src/library/prepare-save.ts";
import { type SaveResult, savePrompt } from "../../src/library/save.ts";
import { type FreshDatabase, freshDatabase } from "./database.ts";

export const ACTOR: Actor = { name: "user:ada", address: "192.0.2.1" };

export interface TestLibrary {
  fresh: FreshDatabase;
  database: Database;
  project: ProjectRef;
  save(prompt: SavePrompt): Promise<SaveResult>;
  /** As superuser: what the server itself may not do. */
  asSuperuser(statement: string): Promise<unknown[]>;
  close(): Promise<void>;
}

export async function openLibrary(): Promise<TestLibrary> {
  return libraryIn(await freshDatabase());
}

/** Another database with what the library has now, as a restore makes one. Cuts the library's connections. */
export async function copyLibrary({ fresh }: TestLibrary): Promise<TestLibrary> {
  const name = `${fresh.name}_${randomBytes(3).toString("hex")}`;
  const admin = { ...fresh.superuserConfig, database: "postgres" };
  await runOnce(admin, `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${fresh.name}'`);
  await runOnce(admin, `create database ${name} template ${fresh.name} owner promptlib_owner`);
  return libraryIn({
    name,
    ownerConfig: { ...fresh.ownerConfig, database: name },
    appConfig: { ...fresh.appConfig, database: name },
    guardConfig: { ...fresh.guardConfig, database: name },
    superuserConfig: { ...fresh.superuserConfig, database: name },
    drop: async () => {
      await runOnce(admin, `drop database ${name} with (force)`);
    },
  });
}

async function libraryIn(fresh: FreshDatabase): Promise<TestLibrary> {
  const database = openDatabase(fresh.appConfig, null);
  const project = await database.reads.selectFrom("projects").select(["id", "name"]).executeTakeFirstOrThrow();
  return {
    fresh,
    database,
    project,
    save: (prompt) => transact(database, (transaction) => savePrompt(transaction, project, ACTOR, prepareSave(prompt))),
    asSuperuser: (statement) => runOnce(fresh.superuserConfig, statement),
    async close() {
      await database.close();
      await fresh.drop();
    },
  };
}

export async function runOnce(config: pg.ClientConfig, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ ...config, options: "-c search_path=promptlib" });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Ends the server's connections to the database of the library, as a crash does; answers how many there were. */
export async function cutConnections(library: TestLibrary): Promise<number> {
  const cut = await library.asSuperuser(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'promptlib_app'",
  );
  return cut.length;
}

/** What is counted of a table, for "nothing was changed". */
export async function countRows({ database }: TestLibrary, table: "audit_log" | "changes" | "versions" | "prompts") {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from ${sql.table(table)}`.execute(
    database.reads,
  );
  return rows[0]?.count;
}

/** The seed of a property test: FUZZ_SEED repeats a run that failed; fast-check prints it. */
export const fuzz = process.env.FUZZ_SEED ? { seed: Number(process.env.FUZZ_SEED) } : {};
