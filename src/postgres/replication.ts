/** The replication client: base backups, the stream of WAL, and slots, over a connection of `pg`. Physical only. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { PromptlibError } from "../contract/errors.ts";
import { type Lsn, parseLsn, SEGMENT_BYTES, type Timeline, type WalPosition } from "./lsn.ts";
import { BackupRun, type BaseBackup } from "./replication-base-backup.ts";
import { Link, PATIENCE, type Patience, sqlstateOf } from "./replication-link.ts";
import type { BackupOptions } from "./replication-messages.ts";
import { WalRun, type WalStream } from "./replication-wal.ts";

/** configuration_limit_exceeded */
const NO_SLOT_FREE = "53400";

export interface SystemIdentity {
  systemId: string;
  timeline: Timeline;
  /** Up to here its WAL is flushed. */
  lsn: Lsn;
}

/**
 * One thing at a time: no command while a backup or a stream goes on. All methods throw `replication_failed` with what
 * PostgreSQL said; `sqlstateOf` tells its code.
 */
export interface Replication {
  identifySystem(): Promise<SystemIdentity>;
  /** null: no such slot. `restart` null: it holds no WAL, either not yet, or because it was lost. */
  readSlot(name: string): Promise<{ restart: WalPosition | null } | null>;
  /** Keeps WAL from this moment on. */
  createSlot(name: string): Promise<"created" | "exists">;
  /** One that is not there is dropped, too. 55006 while it is in use. */
  dropSlot(name: string): Promise<void>;
  /** The file that says how PostgreSQL came to this timeline. The first timeline has none: 58P01. */
  timelineHistory(timeline: Timeline): Promise<{ name: string; content: string }>;
  baseBackup(options: BackupOptions): Promise<BaseBackup>;
  /** `start` is a segment's start, so that whole segments arrive. */
  streamWal(from: { slot: string; start: WalPosition }): Promise<WalStream>;
  /** Says farewell. Never hangs: after two seconds it just ends the connection, at once in the middle of a stream. */
  close(): Promise<void>;
  /** Ends the connection now. Whoever waits for something on it hears of it. */
  destroy(): void;
  /** Every WARNING since the connection opened: in a base backup each is a finding. */
  readonly warnings: readonly string[];
}

/**
 * Connects within five seconds, as a login with REPLICATION. `client` may name a host or a URL; `patience` is for tests.
 * Error: `replication_failed`, also where segments of WAL are not of 16 MiB.
 */
export async function openReplication(
  client: pg.ClientConfig,
  applicationName: string,
  patience: Partial<Patience> = {},
): Promise<Replication> {
  const waits = { ...PATIENCE, ...patience };
  const link = new Link(new pg.Client(replicationConfig(client, applicationName, waits)), waits);
  const connection = new ReplicationConnection(link);
  try {
    await connection.connect();
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

function replicationConfig(client: pg.ClientConfig, applicationName: string, { connect }: Patience) {
  return {
    ...client,
    replication: "true",
    application_name: applicationName,
    connectionTimeoutMillis: connect,
    // A peer that vanished without a word is found out: by the kernel, which asks ten times, a second apart.
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    // What is sent then is a WARNING, in whatever language PostgreSQL names it.
    options: `${client.options ?? ""} -c client_min_messages=warning`.trim(),
    query_timeout: undefined,
  };
}

class ReplicationConnection implements Replication {
  readonly #link: Link;
  /** The backup or stream that has the connection. */
  #copy: { readonly over: boolean } | null = null;

  constructor(link: Link) {
    this.#link = link;
  }

  get warnings(): readonly string[] {
    return this.#link.warnings;
  }

  async connect(): Promise<void> {
    try {
      await this.#link.client.connect();
    } catch (error) {
      throw this.#link.failed("PostgreSQL does not take a replication connection", error);
    }
    const size = await this.#show("wal_segment_size");
    if (size === `${SEGMENT_BYTES / 1024 ** 2}MB`) return;
    throw new PromptlibError("replication_failed", {
      message: `PostgreSQL writes WAL in segments of ${size}; only the usual 16MB can be received.`,
      hint: "Make a cluster with segments of 16 MB (initdb without --wal-segsize) and move the data there.",
      details: { sqlstate: null },
    });
  }

  async identifySystem(): Promise<SystemIdentity> {
    const row = await this.#askOne("IDENTIFY_SYSTEM");
    return {
      systemId: text(row.systemid),
      timeline: Number(text(row.timeline)),
      lsn: parseLsn(text(row.xlogpos)),
    };
  }

  async readSlot(name: string): Promise<{ restart: WalPosition | null } | null> {
    const row = await this.#askOne(`READ_REPLICATION_SLOT ${pg.escapeIdentifier(name)}`);
    if (row.slot_type === null) return null;
    if (row.restart_lsn === null) return { restart: null };
    return { restart: { timeline: Number(text(row.restart_tli)), lsn: parseLsn(text(row.restart_lsn)) } };
  }

  async createSlot(name: string): Promise<"created" | "exists"> {
    try {
      // Without RESERVE_WAL it would keep nothing before the first stream.
      await this.#ask(`CREATE_REPLICATION_SLOT ${pg.escapeIdentifier(name)} PHYSICAL (RESERVE_WAL)`);
      return "created";
    } catch (error) {
      if (sqlstateOf(error) === "42710") return "exists";
      throw error;
    }
  }

  async dropSlot(name: string): Promise<void> {
    try {
      await this.#ask(`DROP_REPLICATION_SLOT ${pg.escapeIdentifier(name)}`);
    } catch (error) {
      if (sqlstateOf(error) !== "42704") throw error;
    }
  }

  async timelineHistory(timeline: Timeline): Promise<{ name: string; content: string }> {
    const row = await this.#askOne(`TIMELINE_HISTORY ${timeline}`);
    return { name: text(row.filename), content: text(row.content) };
  }

  async baseBackup(options: BackupOptions): Promise<BaseBackup> {
    this.#refuseIfBusy();
    const spread = options.checkpoint === "spread" ? 2 * milliseconds(await this.#show("checkpoint_timeout")) : 0;
    await this.#keepWal();
    const run = new BackupRun(this.#link, options, this.#link.patience.backupStart + spread);
    this.#copy = run;
    await run.begin();
    return run;
  }

  async streamWal({ slot, start }: { slot: string; start: WalPosition }): Promise<WalStream> {
    this.#refuseIfBusy();
    const run = new WalRun(this.#link, slot, start);
    this.#copy = run;
    await run.begin();
    return run;
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => this.destroy(), this.#link.patience.farewell);
    await this.#link.client.end();
    clearTimeout(timer);
  }

  destroy(): void {
    this.#link.cut(new Error("the connection was ended on our side"));
  }

  /**
   * A backup gets its WAL at its end, and PostgreSQL keeps none for it: checkpoints of the meantime would remove it. A
   * slot that goes with the connection keeps it.
   */
  async #keepWal(): Promise<void> {
    const name = `promptlib_backup_${randomBytes(6).toString("hex")}`;
    try {
      await this.#ask(`CREATE_REPLICATION_SLOT ${name} TEMPORARY PHYSICAL (RESERVE_WAL)`);
    } catch (error) {
      if (sqlstateOf(error) !== NO_SLOT_FREE) throw error;
      this.#link.warnings.push("No replication slot is free (max_replication_slots): a long backup may lack its WAL.");
    }
  }

  async #show(setting: string): Promise<string> {
    return text((await this.#askOne(`SHOW ${setting}`))[setting]);
  }

  async #askOne(command: string): Promise<Record<string, unknown>> {
    const [row] = await this.#ask(command);
    if (!row) throw this.#link.failed(`PostgreSQL did not carry out ${verb(command)}`, new Error("no row came"));
    return row;
  }

  async #ask(command: string): Promise<Record<string, unknown>[]> {
    this.#refuseIfBusy();
    const { client, patience } = this.#link;
    const timer = setTimeout(
      () => this.#link.cut(new Error(`no answer for ${Math.round(patience.answer / 1_000)} s`)),
      patience.answer,
    );
    try {
      return (await client.query<Record<string, unknown>>(command)).rows;
    } catch (error) {
      throw this.#link.failed(`PostgreSQL did not carry out ${verb(command)}`, error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** `pg` would put it behind the stream, for ever. */
  #refuseIfBusy(): void {
    if (this.#copy && !this.#copy.over) throw new Error("a backup or a stream has this replication connection");
  }
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  throw new Error("PostgreSQL's answer lacks a column");
}

function verb(command: string): string {
  return command.split(" ", 1)[0] ?? command;
}

/** A time as SHOW tells it: 5min. */
function milliseconds(shown: string): number {
  const units: Record<string, number> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
  const found = /^(\d+)(ms|s|min|h|d)$/.exec(shown);
  return found?.[1] && found[2] ? Number(found[1]) * (units[found[2]] ?? 1) : 3_600_000;
}
