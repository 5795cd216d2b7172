/**
 * The one table of settings: the parser, .env.example and docs/configuration.md come from it.
 * A setting is read from the environment (or, for secrets, from the file that NAME_FILE names).
 */
import {
  absolute,
  addresses,
  duration,
  host,
  hour,
  locations,
  longEnough,
  oneOf,
  port,
  url,
  webAddress,
  whole,
} from "./setting-values.ts";

export interface Setting {
  readonly name: string;
  readonly group: string;
  /** What it is for, in a sentence or two. */
  readonly about: string;
  /** Shown where nothing is set; null: unset. */
  readonly default: string | null;
  readonly secret?: true;
  /** Answers what is wrong with the value, or null. */
  readonly fault?: (value: string) => string | null;
}

export const settings = [
  { group: "Server", name: "HOST", default: "127.0.0.1", about: "The address that the server listens on." },
  { group: "Server", name: "PORT", default: "8000", fault: port, about: "The port that the server listens on." },
  {
    group: "Server",
    name: "TRUST_PROXY",
    default: null,
    fault: addresses,
    about:
      "Whose X-Forwarded-For is believed, for the audit log and for slowing down guessing: addresses or networks, separated by commas. Unset: nobody's.",
  },
  {
    group: "Server",
    name: "CACHE_LIMIT_MB",
    default: "64",
    fault: whole(1, 65536),
    about: "How much memory, in MiB, the server uses at most to hold prompts ready for fetching.",
  },
  {
    group: "Server",
    name: "EVENT_LISTENERS",
    default: "20000",
    fault: whole(2, 1_000_000),
    about:
      "How many connections may listen for changes at once, half of them with one key or by one person. Each takes a file descriptor; they never take more than three quarters of those that the process may have.",
  },
  {
    group: "Server",
    name: "LOG_LEVEL",
    default: "info",
    fault: oneOf("debug", "info", "warn", "error"),
    about: "What is logged: debug, info, warn or error.",
  },
  {
    group: "Home",
    name: "PROMPTLIB_HOME",
    default: "./promptlib-home",
    about: "The directory that holds everything: the embedded PostgreSQL, the mirror, logs, keys.",
  },
  {
    group: "Home",
    name: "DATA_DIR",
    default: null,
    about: "Where the mirror is kept (prompts/ below it). Unset: data in the home.",
  },
  { group: "Home", name: "LOGS_DIR", default: null, about: "Where logs are written. Unset: logs in the home." },
  {
    group: "Database",
    name: "DATABASE_URL",
    default: null,
    secret: true,
    fault: url("postgres:", "postgresql:"),
    about:
      "A PostgreSQL 15 or newer to use instead of the embedded one: postgres://user:password@host:5432/database. Its user must be able to create roles, or be given DATABASE_ADMIN_URL.",
  },
  {
    group: "Database",
    name: "DATABASE_ADMIN_URL",
    default: null,
    secret: true,
    fault: url("postgres:", "postgresql:"),
    about: "Used for migrations alone, where DATABASE_URL is to have fewer rights. Unset: DATABASE_URL.",
  },
  {
    group: "Database",
    name: "POSTGRES_HOST",
    default: null,
    fault: host,
    about: "In place of DATABASE_URL: the host.",
  },
  {
    group: "Database",
    name: "POSTGRES_PORT",
    default: null,
    fault: port,
    about: "In place of DATABASE_URL: the port. Unset: 5432.",
  },
  {
    group: "Database",
    name: "POSTGRES_DB",
    default: null,
    about: "In place of DATABASE_URL: the database. Unset: promptlib.",
  },
  {
    group: "Database",
    name: "POSTGRES_USER",
    default: null,
    about: "In place of DATABASE_URL: the user. Unset: promptlib.",
  },
  {
    group: "Database",
    name: "POSTGRES_PASSWORD",
    default: null,
    secret: true,
    about: "In place of DATABASE_URL: the password.",
  },
  {
    group: "Database",
    name: "POSTGRES_BIN",
    default: null,
    fault: absolute,
    about:
      "The directory with postgres and initdb to use instead of the ones that came with the packages, for the embedded PostgreSQL.",
  },
  {
    group: "Backups",
    name: "BACKUP_DIR",
    default: null,
    about: "The first location of backups, a folder. Unset: backups in the home.",
  },
  {
    group: "Backups",
    name: "BACKUP_LOCATIONS",
    default: null,
    fault: locations,
    about:
      "More locations, separated by commas: file:///mnt/backup?domain=elsewhere. domain says what is lost together with the database's disk: disk (the same), host (another disk of this machine), elsewhere. Unset, a folder is taken for disk or host, whichever is seen. With required=true PostgreSQL keeps WAL until the location has it.",
  },
  {
    group: "Backups",
    name: "BACKUP_INTERVAL",
    default: "6h",
    fault: duration(60),
    about:
      "How often a full backup is made, such as 6h or 90m; at least 1m. In between, WAL is stored as it is written.",
  },
  {
    group: "Backups",
    name: "BACKUP_COMPRESSION",
    default: "zstd",
    fault: oneOf("zstd", "gzip"),
    about: "How backups are compressed: zstd or gzip.",
  },
  {
    group: "Backups",
    name: "BACKUP_MAX_RATE",
    default: null,
    fault: whole(1, 1024),
    about: "How fast PostgreSQL may be read for a backup at most, in MiB a second. Unset: as fast as it goes.",
  },
  {
    group: "Backups",
    name: "GUARDIAN_PORT",
    default: "8010",
    fault: port,
    about: "The port that the guardian listens on, at the address of HOST.",
  },
  {
    group: "Backups",
    name: "GUARDIAN_URL",
    default: null,
    fault: webAddress,
    about:
      "Where the server reaches the guardian, if that runs elsewhere; both need the same JWT_SECRET. Unset: the address in run/guardian.json of the home.",
  },
  {
    group: "Nightly export",
    name: "EXPORT_DIR",
    default: null,
    about:
      "Where every project is exported each night, into files that share no byte with PostgreSQL. Unset: exports in the home.",
  },
  {
    group: "Nightly export",
    name: "EXPORT_AT",
    default: "02:30",
    fault: hour,
    about: "When, on the local clock; one that was missed is made as soon as the server runs again. off: never.",
  },
  {
    group: "Nightly export",
    name: "EXPORT_KEEP",
    default: "7",
    fault: whole(1, 3650),
    about:
      "How many are kept; the oldest goes when a new one is whole and was read back. One from before a library was emptied stays, too.",
  },
  {
    group: "Access",
    name: "JWT_SECRET",
    default: null,
    secret: true,
    fault: longEnough(32),
    about: "Signs login tokens; at least 32 characters. Unset: made at the first start and kept in keys/ of the home.",
  },
  {
    group: "Access",
    name: "ADMIN_USERNAME",
    default: "admin",
    fault: (value) =>
      /^[a-z0-9][a-z0-9._@-]{0,63}$/.test(value)
        ? null
        : "must be 1 to 64 of a-z 0-9 . _ @ - and start with a letter or digit",
    about: "The name of the first administrator. Counts only while there is no user.",
  },
  {
    group: "Access",
    name: "ADMIN_PASSWORD",
    default: null,
    secret: true,
    fault: longEnough(12),
    about:
      "The password of the first administrator; at least 12 characters. Unset: one is made and printed once. Counts only while there is no user.",
  },
] as const satisfies readonly Setting[];

export type SettingName = (typeof settings)[number]["name"];

/** Settings of the command line when it talks to a server elsewhere; read there, listed here for the documentation. */
export const clientSettings = [
  {
    group: "Command line",
    name: "PROMPTLIB_URL",
    default: null,
    fault: webAddress,
    about: "The server to talk to. Unset: the one that runs on this machine's home.",
  },
  {
    group: "Command line",
    name: "PROMPTLIB_API_KEY",
    default: null,
    secret: true,
    about: "The API key, or a login token, for PROMPTLIB_URL.",
  },
  { group: "Command line", name: "PROMPTLIB_PROJECT", default: "default", about: "The project to work in." },
] as const satisfies readonly Setting[];
