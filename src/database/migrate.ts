/** Migrations: plain SQL files, applied in order, each in a transaction, under one lock. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type pg from "pg";
import { PromptlibError } from "../contract/errors.ts";

const directory = new URL("./migrations/", import.meta.url);
/** Any number of our own; two servers that start at once migrate one after the other. */
const LOCK = 7_016_001;

interface Migration {
  version: number;
  name: string;
  sql: string;
  sha256: string;
}

/**
 * Brings the schema `promptlib` of the connected database to this program's version. The connection is that of
 * promptlib_owner, and is used for nothing else meanwhile.
 * Errors: `database_newer`; nothing is changed then.
 */
export async function migrate(client: pg.ClientBase): Promise<{ from: number; to: number }> {
  const migrations = await readMigrations();
  const to = migrations.at(-1)?.version ?? 0;
  await client.query("select pg_advisory_lock($1)", [LOCK]);
  try {
    await client.query("set search_path to promptlib");
    const from = await currentVersion(client);
    if (from > to) {
      throw new PromptlibError("database_newer", {
        message: `The database is at version ${from}, this program knows version ${to}: it was written by a newer Prompt Library.`,
      });
    }
    for (const migration of migrations.filter(({ version }) => version > from)) await apply(client, migration);
    return { from, to };
  } finally {
    await client.query("select pg_advisory_unlock($1)", [LOCK]);
  }
}

async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, directory), "utf8");
      return { version: Number.parseInt(name, 10), name, sql, sha256: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

async function currentVersion(client: pg.ClientBase): Promise<number> {
  const { rows: found } = await client.query("select to_regclass('promptlib.migrations') is not null as there");
  if (!found[0]?.there) return 0;
  const { rows } = await client.query("select coalesce(max(version), 0)::int as version from promptlib.migrations");
  return rows[0]?.version ?? 0;
}

async function apply(client: pg.ClientBase, { version, name, sql, sha256 }: Migration): Promise<void> {
  await client.query("begin");
  try {
    if (version === 1) {
      await client.query("create schema if not exists promptlib");
      await client.query(
        "create table promptlib.migrations (version int primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now())",
      );
    }
    await client.query(sql);
    await client.query("insert into promptlib.migrations (version, name, sha256) values ($1, $2, $3)", [
      version,
      name,
      sha256,
    ]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}
