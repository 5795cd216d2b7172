/** Debian's PostgreSQL 15 for one bench: a cluster of its own with some 2 GB in it, synced and with checksums. */
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { until } from "../src/base/clock.ts";
import type { Programs } from "./recovery-programs.ts";

export const BIN = "/usr/lib/postgresql/15/bin";
const PORT = 5432;
const SETTINGS = {
  listen_addresses: "",
  port: String(PORT),
  shared_buffers: "512MB",
  max_wal_size: "4GB",
  checkpoint_timeout: "30min",
  wal_level: "replica",
  max_wal_senders: "10",
  max_replication_slots: "10",
};

/** As root, pgbackrest and zstd are installed by apt-get where they are missing; nothing else is. */
export async function ensurePackages(programs: Programs): Promise<void> {
  if (!existsSync(join(BIN, "pg_basebackup"))) {
    throw new Error("This bench needs Debian's PostgreSQL 15: apt-get install postgresql-15");
  }
  const missing = ["pgbackrest", "zstd"].filter((name) => !existsSync(join("/usr/bin", name)));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) throw new Error(`This bench needs: apt-get install ${missing.join(" ")}`);
  process.stderr.write(`apt-get update, apt-get install ${missing.join(" ")}\n`);
  await programs.run("apt-get", ["update"], { ours: true });
  await programs.run("apt-get", ["install", "-y", "--no-install-recommends", ...missing], { ours: true });
}

export interface Postgres {
  data: string;
  socket: string;
  connection: pg.ClientConfig;
  /** For the programs of PostgreSQL and pgbench: where it is. */
  at: string[];
  ask<T extends pg.QueryResultRow>(statement: string): Promise<T[]>;
  stop(): Promise<void>;
}

/** A server on that data directory. Answers once it takes connections and is in no recovery any more. */
export async function startPostgres(
  programs: Programs,
  { data, socket, archive }: { data: string; socket: string; archive: boolean },
): Promise<Postgres> {
  const settings = {
    ...SETTINGS,
    unix_socket_directories: socket,
    archive_mode: archive ? "on" : "off",
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const server = programs.start(join(BIN, "postgres"), ["-D", data, ...args], { stdio: "ignore", farewell: "SIGQUIT" });
  const connection = { host: socket, port: PORT, user: "postgres", database: "postgres" };
  const ask = async <T extends pg.QueryResultRow>(statement: string) => await asked<T>(connection, statement);
  const condition = async () => await isUp(server, ask);
  if (!(await until(condition, { timeout: 300_000, every: 10 }))) throw new Error("PostgreSQL did not start");
  return {
    data,
    socket,
    connection,
    at: ["-h", socket, "-p", String(PORT), "-U", "postgres"],
    ask,
    stop: async () => {
      await programs.end(server, "SIGINT");
    },
  };
}

async function isUp(server: ChildProcess, ask: Postgres["ask"]): Promise<boolean> {
  if (server.exitCode !== null || server.signalCode !== null) throw new Error("PostgreSQL ended while it started");
  try {
    const [row] = await ask<{ recovering: boolean }>("select pg_is_in_recovery() as recovering");
    return row?.recovering === false;
  } catch {
    return false;
  }
}

async function asked<T extends pg.QueryResultRow>(connection: pg.ClientConfig, statement: string): Promise<T[]> {
  const client = new pg.Client(connection);
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query<T>(statement)).rows;
  } finally {
    await client.end();
  }
}

/**
 * The cluster that is backed up: half of it pgbench's accounts, which are mostly blanks, half of it rows of 1 KiB of
 * hexadecimal digits, which no program makes smaller than half. `scale` 140 are some 2 GB.
 */
export async function makeCluster(programs: Programs, scale: number): Promise<Postgres> {
  const data = await programs.makeDirectory("data");
  const socket = await programs.makeDirectory("socket");
  await programs.run(join(BIN, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "-k", "-E", "UTF8"]);
  const postgres = await startPostgres(programs, { data, socket, archive: true });
  await setArchiving(postgres, null);
  const scaling = ["-i", "-q", "-s", String(Math.ceil(scale / 2))];
  await programs.run(join(BIN, "pgbench"), [...scaling, ...postgres.at, "postgres"]);
  await postgres.ask(`
    create table texts as select i as id,
      (select string_agg(md5(i::text || '.' || j::text), '') from generate_series(1, 32) as j) as text
      from generate_series(1, ${scale * 6_500}) as i`);
  await postgres.ask("create table marks (id bigint generated always as identity, text text)");
  await postgres.ask("vacuum analyze");
  await postgres.ask("checkpoint");
  return postgres;
}

/** null: every segment counts as archived, as if nobody wanted it. */
export async function setArchiving({ ask }: Pick<Postgres, "ask">, command: string | null): Promise<void> {
  await ask(`alter system set archive_command = ${pg.escapeLiteral(command ?? "/bin/true")}`);
  await ask("select pg_reload_conf()");
}

/** While one is there WAL that nobody fetches piles up, and PostgreSQL writes into new files only. */
export async function dropSlots({ ask }: Postgres): Promise<void> {
  const dropped = async () => {
    await ask("select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active");
    return (await ask("select from pg_replication_slots")).length === 0;
  };
  if (!(await until(dropped, { timeout: 10_000 }))) throw new Error("a slot stays in use");
}

/** What every copy must have, too. */
export async function countRows(connection: pg.ClientConfig): Promise<string> {
  const [row] = await asked<{ rows: string }>(
    connection,
    "select concat_ws(' ', (select count(*) from pgbench_accounts), (select count(*) from texts)) as rows",
  );
  return row?.rows ?? "";
}

export async function clusterBytes({ ask }: Postgres): Promise<number> {
  const [row] = await ask<{ bytes: string }>("select sum(pg_database_size(oid)) as bytes from pg_database");
  return Number(row?.bytes);
}
