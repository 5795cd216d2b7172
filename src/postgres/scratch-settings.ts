/** How a scratch server is started: everything by which it could reach beyond its own directory is shut. */
import type { ClientConfig } from "pg";
import type { PostgresSettings } from "./configuration.ts";
import { SOCKET_PORT } from "./place.ts";

/** Where recovery ends; null: at the end of the WAL there is. */
export type RecoveryTarget =
  | null
  /** ISO 8601 with its offset or Z; commits at exactly this time are in. */
  | { time: string }
  /** Records that begin before it are in: what a server answered as its position after a COMMIT holds that commit. */
  | { lsn: string }
  /** Of a restore point. */
  | { name: string };

export interface Recovery {
  /** Segments and history files under the names that PostgreSQL gives them; readable by the account. */
  walDirectory: string;
  timeline: number;
  target: RecoveryTarget;
}

/** Of what the caller hands on only these count, and only as numbers: it may come from a file in a location. */
const SIZES = [
  "max_connections",
  "max_locks_per_transaction",
  "max_prepared_transactions",
  "max_replication_slots",
  "max_wal_senders",
  "max_worker_processes",
];

const ISOLATED: PostgresSettings = {
  cluster_name: "promptlib scratch",
  ssl: "off",
  external_pid_file: "",
  archive_mode: "off",
  archive_command: "",
  archive_library: "",
  archive_cleanup_command: "",
  recovery_end_command: "",
  primary_conninfo: "",
  primary_slot_name: "",
  synchronous_standby_names: "",
  shared_preload_libraries: "",
  max_logical_replication_workers: "0",
  autovacuum: "off",
  // A standby that answers must not have smaller sizes than its source; this one answers when it is none any more.
  hot_standby: "off",
  restart_after_crash: "off",
  jit: "off",
  huge_pages: "off",
  shared_buffers: "64MB",
  wal_level: "replica",
  max_connections: "20",
  lc_messages: "C",
  timezone: "UTC",
  log_timezone: "UTC",
  datestyle: "iso, ymd",
  log_line_prefix: "%m [%p] ",
  log_min_messages: "warning",
  log_startup_progress_interval: "1s",
};

/** For the command line, which wins over every file. */
export function scratchSettings(major: number, sizes: PostgresSettings, recovery: Recovery | null): PostgresSettings {
  return {
    ...ISOLATED,
    ...Object.fromEntries(SIZES.flatMap((name) => (/^\d{1,9}$/.test(sizes[name] ?? "") ? [[name, sizes[name]]] : []))),
    ...(major >= 17 ? { event_triggers: "off" } : {}),
    ...(recovery ? recoverySettings(recovery) : {}),
  };
}

function recoverySettings({ walDirectory, timeline, target }: Recovery): PostgresSettings {
  return {
    restore_command: restoreCommand(walDirectory),
    // Never "latest": it follows the branches of other restores.
    recovery_target_timeline: String(timeline),
    recovery_target_action: "promote",
    ...(target && "time" in target ? { recovery_target_time: withOffset(target.time) } : {}),
    ...(target && "name" in target ? { recovery_target_name: target.name } : {}),
    ...(target && "lsn" in target ? { recovery_target_lsn: target.lsn, recovery_target_inclusive: "off" } : {}),
  };
}

/** The command line is read before PostgreSQL knows any abbreviation of a zone, Z included. */
function withOffset(time: string): string {
  return time.replace(/z$/i, "+00:00");
}

/**
 * PostgreSQL takes every failure for the end of the WAL and would restore less without a word, save codes above 125.
 * So only a file that is certainly not there is answered with 1.
 */
function restoreCommand(walDirectory: string): string {
  const directory = `'${walDirectory.replaceAll("'", `'\\''`)}'`.replaceAll("%", "%%");
  return `test -x ${directory} || exit 201; test -e ${directory}/%f || exit 1; cp ${directory}/%f "%p" || exit 202`;
}

/** As the superuser; what ALTER ROLE and ALTER DATABASE have left in the restored cluster does not count. */
export function scratchConnection(socket: string, major: number, database: string): ClientConfig {
  const settings = {
    session_preload_libraries: "",
    local_preload_libraries: "",
    default_transaction_read_only: "off",
    statement_timeout: "0",
    lock_timeout: "0",
    idle_in_transaction_session_timeout: "0",
    role: "none",
    ...(major >= 17 ? { event_triggers: "off", transaction_timeout: "0" } : {}),
  };
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  return { host: socket, port: SOCKET_PORT, user: "postgres", database, options: options.join(" ") };
}
