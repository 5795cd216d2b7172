/** What a restore must know of the server that was backed up, asked over SQL. */
import type pg from "pg";
import { connected } from "../postgres/connection.ts";
import type { BackupManifest } from "./layout.ts";

export type ServerDescription = Pick<BackupManifest, "postgres" | "settings">;

/** Recovery on a server with less of these stops (PostgreSQL's manual, "Hot Standby", Administrator's Overview). */
const SIZES = [
  "max_connections",
  "max_prepared_transactions",
  "max_locks_per_transaction",
  "max_wal_senders",
  "max_worker_processes",
];

export async function describeServer(client: pg.ClientConfig): Promise<ServerDescription> {
  return await asking(client, async (connection) => {
    const { rows } = await connection.query<{ name: string; setting: string }>(
      "select name, setting from pg_settings where name = any($1)",
      [[...SIZES, "server_version", "server_version_num", "data_checksums"]],
    );
    const all = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
    return {
      postgres: {
        version: all.server_version ?? "",
        major: Math.floor(Number(all.server_version_num) / 10_000),
        checksums: all.data_checksums === "on",
      },
      settings: Object.fromEntries(SIZES.map((name) => [name, all[name] ?? ""])),
    };
  });
}

/** The time by PostgreSQL's clock, which commit times are of; ISO 8601, UTC, to the millisecond, rounded up. */
export async function serverTime(client: pg.ClientConfig): Promise<string> {
  return await asking(client, async (connection) => {
    // A commit in the same millisecond may come after: a target is later than what it is compared with.
    const { rows } = await connection.query<{ at: Date }>(
      "select date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond' as at",
    );
    if (!rows[0]) throw new Error("PostgreSQL told no time");
    return rows[0].at.toISOString();
  });
}

async function asking<T>(config: pg.ClientConfig, ask: (client: pg.Client) => Promise<T>): Promise<T> {
  return await connected({ ...config, connectionTimeoutMillis: 5_000, query_timeout: 10_000 }, ask);
}
