/** The configuration of the embedded cluster: written anew at every start, outside of PGDATA. */
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { writeFileDurably } from "../base/files.ts";
import { ownName } from "./account.ts";
import { type Place, SOCKET_PORT } from "./place.ts";

export type PostgresSettings = Readonly<Record<string, string>>;

const SETTINGS: PostgresSettings = {
  cluster_name: "promptlib",
  max_connections: "60",
  shared_buffers: "128MB",
  huge_pages: "off",
  wal_level: "replica",
  max_wal_senders: "10",
  max_replication_slots: "10",
  password_encryption: "scram-sha-256",
  timezone: "UTC",
  log_timezone: "UTC",
  log_line_prefix: "%m [%p] ",
  lc_messages: "C",
  datestyle: "iso, ymd",
};

/** `extra` wins over ours: tests turn fsync off with it. */
export async function writeConfiguration(place: Place, extra: PostgresSettings): Promise<void> {
  const lines = Object.entries({ ...SETTINGS, ...extra }).map(([name, value]) => `${name} = ${quote(value)}`);
  await writeOne(join(place.conf, "postgresql.conf"), ["# Written at every start; changes here are lost.", ...lines]);
  await writeOne(join(place.conf, "pg_hba.conf"), [
    // Whoever may start the cluster is its superuser anyway, also where the kept secret was lost or changed.
    "local  all          postgres         peer map=promptlib",
    "local  all          all              scram-sha-256",
    "local  replication  promptlib_guard  scram-sha-256",
  ]);
  await writeOne(join(place.conf, "pg_ident.conf"), [`promptlib  ${quoteName(ownName())}  postgres`]);
}

/**
 * What must hold whatever any file says: postgresql.auto.conf lies in PGDATA, is read last, and comes along with a
 * restored one; only the command line is stronger.
 */
export function serverArguments(place: Place): string[] {
  const settings = {
    data_directory: place.data,
    config_file: join(place.conf, "postgresql.conf"),
    hba_file: join(place.conf, "pg_hba.conf"),
    ident_file: join(place.conf, "pg_ident.conf"),
    listen_addresses: "",
    port: String(SOCKET_PORT),
    unix_socket_directories: `"${place.socket.replaceAll('"', '""')}"`,
    unix_socket_permissions: "0700",
    logging_collector: "off",
    log_destination: "stderr",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

async function writeOne(path: string, lines: string[]): Promise<void> {
  await writeFileDurably(path, `${lines.join("\n")}\n`, 0o644);
  await chmod(path, 0o644); // whatever the umask: another account reads it
}

function quote(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
