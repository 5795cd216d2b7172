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
  // A receiver that is away must not fill the disk: beyond this its WAL goes, and a new backup follows.
  max_slot_wal_keep_size: "4GB",
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
  await writeConfigurationFiles(place.conf, lines, [
    // Whoever may start the cluster is its superuser anyway, also where the kept secret was lost or changed.
    SUPERUSER_ACCESS,
    "local  all          all              scram-sha-256",
    "local  replication  promptlib_guard  scram-sha-256",
  ]);
}

/** The account of this process is the superuser, over the socket. */
export const SUPERUSER_ACCESS = "local  all          postgres         peer map=promptlib";

/** The three files that PostgreSQL reads, into the directory `conf`; `access` are the lines of pg_hba.conf. */
export async function writeConfigurationFiles(conf: string, lines: string[], access: string[]): Promise<void> {
  await writeOne(join(conf, "postgresql.conf"), ["# Written at every start; changes here are lost.", ...lines]);
  await writeOne(join(conf, "pg_hba.conf"), access);
  await writeOne(join(conf, "pg_ident.conf"), [`promptlib  ${quoteName(ownName())}  postgres`]);
}

/**
 * What must hold whatever any file says: postgresql.auto.conf lies in PGDATA, is read last, and comes along with a
 * restored one; only the command line is stronger.
 */
export function serverArguments(
  place: Pick<Place, "data" | "conf" | "socket">,
  more: Readonly<Record<string, string>> = {},
): string[] {
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
    ...more,
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
