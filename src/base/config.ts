/** Configuration: read once, checked whole, all faults together. */
import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { isAbsolute, join, resolve } from "node:path";
import { PromptlibError } from "../contract/errors.ts";
import type { ShownSetting } from "../contract/settings.ts";
import { isErrno } from "./files.ts";
import type { LogLevel } from "./log.ts";
import { listed, seconds } from "./setting-values.ts";
import { type Setting, type SettingName, settings } from "./settings.ts";
import { showSettings } from "./shown-settings.ts";

export interface Config {
  host: string;
  port: number;
  trustProxy: string[];
  cacheLimitBytes: number;
  eventListeners: number;
  logLevel: LogLevel;
  home: Home;
  /** null: the embedded PostgreSQL. */
  database: { url: string; adminUrl: string } | null;
  postgresBin: string | null;
  jwtSecret: string | null;
  adminUsername: string;
  adminPassword: string | null;
  guardianPort: number;
  /** null: as the home tells. */
  guardianUrl: string | null;
  backup: BackupConfig;
  exports: ExportConfig;
  /** All of it for an operator's eyes, without secrets. */
  shown: readonly ShownSetting[];
}

/** The nightly export. */
export interface ExportConfig {
  dir: string;
  /** On the local clock; null: never. */
  at: ExportHour | null;
  /** How many are kept. */
  keep: number;
}

export interface ExportHour {
  hour: number;
  minute: number;
}

export interface BackupConfig {
  dir: string;
  /** URLs of further locations, as given. */
  locations: string[];
  /** Seconds. */
  interval: number;
  compression: "zstd" | "gzip";
  /** KiB a second; null: no limit. */
  maxRate: number | null;
}

/** Where things live; see docs/architecture.md. All paths are absolute. */
export interface Home {
  root: string;
  postgres: string;
  data: string;
  prompts: string;
  accessFile: string;
  logs: string;
  recovery: string;
  keys: string;
  run: string;
}

export interface ConfigFault {
  setting: string;
  fault: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws `config_invalid` with every fault in details. Values of secrets are never part of a message. */
export function readConfig(environment: Environment = process.env): Config {
  const { values, faults } = readSettings(settings, environment);
  const value = (name: SettingName) => values.get(name) ?? null;
  const given = (name: SettingName) => value(name) ?? "";

  const parts = ["POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"] as const;
  const used = parts.filter((name) => value(name) !== null);
  if (value("DATABASE_URL") && used.length > 0) {
    faults.push({ setting: used.join(", "), fault: "cannot be given together with DATABASE_URL" });
  }
  if (used.length > 0 && !value("POSTGRES_HOST")) {
    faults.push({ setting: "POSTGRES_HOST", fault: `must be given together with ${used.join(", ")}` });
  }
  const external = value("DATABASE_URL") ?? (value("POSTGRES_HOST") ? databaseUrl(value) : null);
  if (!external && value("DATABASE_ADMIN_URL")) {
    faults.push({ setting: "DATABASE_ADMIN_URL", fault: "means nothing without DATABASE_URL" });
  }
  if (faults.length > 0) throw configInvalid(faults);

  const home = homeAt(resolve(given("PROMPTLIB_HOME")), value("DATA_DIR"), value("LOGS_DIR"));
  const backup = backupConfig(value, home.root);
  const exports = exportConfig(value, home.root);
  const paths = {
    PROMPTLIB_HOME: home.root,
    DATA_DIR: home.data,
    LOGS_DIR: home.logs,
    BACKUP_DIR: backup.dir,
    EXPORT_DIR: exports.dir,
  };
  return {
    host: given("HOST"),
    port: Number(given("PORT")),
    trustProxy: listed(given("TRUST_PROXY")),
    eventListeners: Number(given("EVENT_LISTENERS")),
    cacheLimitBytes: Number(given("CACHE_LIMIT_MB")) * 1024 * 1024,
    logLevel: given("LOG_LEVEL") as LogLevel,
    home,
    database: external ? { url: external, adminUrl: value("DATABASE_ADMIN_URL") ?? external } : null,
    postgresBin: value("POSTGRES_BIN"),
    jwtSecret: value("JWT_SECRET"),
    adminUsername: given("ADMIN_USERNAME"),
    adminPassword: value("ADMIN_PASSWORD"),
    guardianPort: Number(given("GUARDIAN_PORT")),
    guardianUrl: value("GUARDIAN_URL"),
    backup,
    exports,
    shown: showSettings({ values, environment, paths }),
  };
}

function exportConfig(value: (name: SettingName) => string | null, home: string): ExportConfig {
  const [, hour, minute] = /^(\d\d):(\d\d)$/.exec(value("EXPORT_AT") ?? "") ?? [];
  return {
    dir: resolve(value("EXPORT_DIR") ?? join(home, "exports")),
    at: hour === undefined ? null : { hour: Number(hour), minute: Number(minute) },
    keep: Number(value("EXPORT_KEEP")),
  };
}

function backupConfig(value: (name: SettingName) => string | null, home: string): BackupConfig {
  const rate = value("BACKUP_MAX_RATE");
  return {
    dir: resolve(value("BACKUP_DIR") ?? join(home, "backups")),
    locations: listed(value("BACKUP_LOCATIONS") ?? ""),
    interval: seconds(value("BACKUP_INTERVAL") ?? "") ?? 0,
    compression: value("BACKUP_COMPRESSION") === "gzip" ? "gzip" : "zstd",
    maxRate: rate === null ? null : Number(rate) * 1024,
  };
}

/** Reads any table of settings: an empty value counts as unset, NAME_FILE is read for secrets. */
export function readSettings(
  table: readonly Setting[],
  environment: Environment,
): { values: Map<string, string>; faults: ConfigFault[] } {
  const values = new Map<string, string>();
  const faults: ConfigFault[] = [];
  for (const setting of table) {
    try {
      const value = readSetting(setting, environment);
      if (value === null) continue;
      const fault = setting.fault?.(value) ?? null;
      if (fault) faults.push({ setting: setting.name, fault });
      else values.set(setting.name, value);
    } catch (error) {
      if (!(error instanceof SettingFault)) throw error;
      faults.push({ setting: error.setting, fault: error.message });
    }
  }
  return { values, faults };
}

export function configInvalid(faults: ConfigFault[]): PromptlibError {
  const lines = faults.map(({ setting, fault }) => `${setting} ${fault}`);
  return new PromptlibError("config_invalid", {
    message: `The configuration is not valid; nothing was started: ${lines.join("; ")}.`,
    details: { faults },
  });
}

class SettingFault extends Error {
  readonly setting: string;
  constructor(setting: string, message: string) {
    super(message);
    this.setting = setting;
  }
}

function readSetting(setting: Setting, environment: Environment): string | null {
  const direct = environment[setting.name] || null;
  const file = setting.secret ? environment[`${setting.name}_FILE`] || null : null;
  if (direct && file) throw new SettingFault(setting.name, `is given twice, also as ${setting.name}_FILE`);
  if (!file) return direct ?? setting.default;
  try {
    return readFileSync(file, "utf8").trim() || null;
  } catch (error) {
    const reason = isErrno(error) ? error.code : "unknown reason";
    throw new SettingFault(`${setting.name}_FILE`, `names a file that cannot be read (${reason})`);
  }
}

function databaseUrl(value: (name: SettingName) => string | null): string {
  const url = new URL("postgres://host");
  const host = value("POSTGRES_HOST") ?? "";
  url.hostname = isIPv6(host) ? `[${host}]` : host;
  url.port = value("POSTGRES_PORT") ?? "5432";
  url.username = encodeURIComponent(value("POSTGRES_USER") ?? "promptlib");
  url.password = encodeURIComponent(value("POSTGRES_PASSWORD") ?? "");
  url.pathname = `/${encodeURIComponent(value("POSTGRES_DB") ?? "promptlib")}`;
  return url.href;
}

export function homeAt(root: string, dataDirectory: string | null = null, logsDirectory: string | null = null): Home {
  const at = (given: string | null, name: string) =>
    given === null ? join(root, name) : isAbsolute(given) ? given : resolve(given);
  const data = at(dataDirectory, "data");
  return {
    root,
    postgres: join(root, "postgres"),
    data,
    prompts: join(data, "prompts"),
    accessFile: join(data, "access.json"),
    logs: at(logsDirectory, "logs"),
    recovery: join(root, "recovery"),
    keys: join(root, "keys"),
    run: join(root, "run"),
  };
}
