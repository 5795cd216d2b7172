/**
 * What we keep in PostgreSQL: connections, migrations, tables, the change feed.
 *
 * This file opens connections: pools to read, to search and to write, so that who waits long keeps no reader out, and a
 * small one for what is read for as long as somebody takes it in.
 */
import {
  Kysely,
  type PostgresCursor,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from "kysely";
import pg from "pg";
import { isErrno } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { ChangeKind, Tables } from "./tables.ts";

export type Queries = Kysely<Tables>;

/** What a transaction says that it changed; readers get it from changes.ts. */
export interface RecordedChange {
  kind: ChangeKind;
  subject: string;
  revision: bigint;
  /** The transaction that said so, an xid8. */
  tx: string;
}

export interface Database {
  readonly reads: Queries;
  /**
   * For what may take long: connections of its own, so that fetches never wait for them, and PostgreSQL ends what takes
   * longer than LONGEST_SEARCH_MS (`isTooSlow`), whether or not somebody still waits for it.
   */
  readonly searches: Queries;
  /** The same, of which none begins once the signal says so, also when it has its turn: nobody waits for it any more. */
  searchesUntil(signal: AbortSignal): Queries;
  readonly writes: Queries;
  /** For a transaction that stays open while what it reads is sent: exports. */
  readonly longReads: Queries;
  /**
   * Called after each commit that changed something, before the writer is answered: it reads its own writes.
   * May throw `database_unavailable`; the feed tells of the same changes later.
   */
  onCommit: (changes: RecordedChange[]) => Promise<void>;
  /** Forgets all connections, so that none that hangs is used again. */
  renew(): void;
  close(): Promise<void>;
}

/**
 * Begins a statement whose plan a connection keeps, because to make it may take as long as to carry it out. Only for
 * statements of few wordings, whose plan does not depend on what is asked for.
 */
export const KEPT_PLAN = "/* kept */";
/** By one connection; a plan may take more than a megabyte. */
const KEPT_AT_MOST = 16;

/** feature_not_supported of PostgreSQL: somebody changed a table, and the plan answers the columns that it had before. */
const PLAN_OUTLIVED = "0A000";

/** Each holds a snapshot, too, and with it what vacuum would clear away. */
export const LONG_READS_AT_ONCE = 4;
const READ_TIMEOUT_MS = 5_000;
export const LONGEST_SEARCH_MS = 3_000;
const WRITE_TIMEOUT_MS = 10_000;

/**
 * What is searched is mostly in memory. By PostgreSQL's 4, of disks that turn, the index of words costs more than to read
 * all words as soon as some hundred pages wait to be put into it, as during an import.
 */
const NEARLY_SEQUENTIAL = "1.1";

/** `role`: SET ROLE on every connection, where one login serves several roles. */
export function sessionOptions(role: string | null, extra: Record<string, string> = {}): string {
  const values = { search_path: "promptlib", ...(role ? { role } : {}), ...extra };
  return Object.entries(values)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(" ");
}

export function openDatabase(client: pg.ClientConfig, role: string | null): Database {
  const options = (statementTimeout: number, more: Record<string, string>) =>
    sessionOptions(role, {
      statement_timeout: String(statementTimeout),
      idle_in_transaction_session_timeout: String(WRITE_TIMEOUT_MS),
      // What waits to be indexed is gone through by each search.
      gin_pending_list_limit: "256",
      // Compiling a plan takes longer than any of ours.
      jit: "off",
      ...more,
    });
  const open = (max: number, query_timeout: number, statementTimeout: number, more: Record<string, string> = {}) =>
    new RenewablePool({ ...client, options: options(statementTimeout, more), max, query_timeout });
  const pools = [
    open(8, READ_TIMEOUT_MS, WRITE_TIMEOUT_MS),
    open(4, READ_TIMEOUT_MS, LONGEST_SEARCH_MS, { random_page_cost: NEARLY_SEQUENTIAL }),
    open(10, WRITE_TIMEOUT_MS, WRITE_TIMEOUT_MS),
    open(LONG_READS_AT_ONCE, READ_TIMEOUT_MS, WRITE_TIMEOUT_MS),
  ] as const;
  const [reads, searches, writes, longReads] = pools.map(
    (pool) => new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }),
  ) as [Queries, Queries, Queries, Queries];
  return {
    reads,
    searches,
    writes,
    longReads,
    searchesUntil: (signal) =>
      new Kysely<Tables>({ dialect: new PostgresDialect({ pool: poolUntil(pools[1], signal) }) }),
    onCommit: async () => {},
    renew() {
      for (const pool of pools) pool.renew();
    },
    async close() {
      await Promise.all([reads, searches, writes, longReads].map((one) => one.destroy()));
    },
  };
}

/** Whether the error means that PostgreSQL is away, not that it refuses what was asked. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|ENOENT|ENETUNREACH|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|08|57P0|25P03|53300)/.test(code) ||
    /^(Connection terminated|timeout exceeded|timeout expired|Query read timeout|Client has encountered)/.test(
      error.message,
    )
  );
}

/** Whether PostgreSQL ended the statement because it took too long. */
export function isTooSlow(error: unknown): boolean {
  return isErrno(error, "57014");
}

/** Lends nothing once the signal says so. Its connections are another pool's, which ends them. */
function poolUntil(pool: PostgresPool, signal: AbortSignal): PostgresPool {
  return {
    options: pool.options,
    async connect() {
      signal.throwIfAborted();
      const client = await pool.connect();
      if (!signal.aborted) return client;
      client.release();
      throw signal.reason;
    },
    end: async () => {},
  };
}

/** Ends a connection at once: one that hangs would never answer a farewell. */
export function abandon(client: pg.Client): void {
  client.connection.stream.destroy();
}

/** Kysely on one connection that is already open and stays the caller's; who asks at once, waits for his turn. */
export function queriesOn(client: pg.ClientBase): Queries {
  let turn = Promise.resolve();
  const lone: PostgresPool = {
    options: {},
    async connect() {
      const { promise: done, resolve: end } = Promise.withResolvers<void>();
      const before = turn;
      turn = done;
      await before;
      return new CheckedClient(client, () => end());
    },
    end: async () => {},
  };
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: lone }) });
}

/** A pool as Kysely wants it, whose errors are ours and whose clients are thrown away once they hang or break. */
class RenewablePool implements PostgresPool {
  readonly options: pg.PoolConfig;
  #pool: pg.Pool;

  constructor(config: pg.PoolConfig) {
    // One is kept, with its plans: whoever comes after a pause does not wait for a new one.
    this.options = { connectionTimeoutMillis: 2_000, idleTimeoutMillis: 60_000, min: 1, keepAlive: true, ...config };
    this.#pool = this.#open();
  }

  #open(): pg.Pool {
    const pool = new pg.Pool(this.options);
    // An idle connection that breaks is dropped by the pool; whoever needs one next is told.
    pool.on("error", () => {});
    // One that breaks while it is lent fails its query, or the next; without a listener it would end the process.
    pool.on("connect", (client) => client.on("error", () => {}));
    return pool;
  }

  renew(): void {
    const old = this.#pool;
    this.#pool = this.#open();
    // Connections that hang never end by themselves; nobody waits for them.
    void old.end().catch(() => {});
  }

  async connect(): Promise<PostgresPoolClient> {
    try {
      const client = await this.#pool.connect();
      return new CheckedClient(client, (broken) => client.release(broken));
    } catch (error) {
      throw away(error, "connect");
    }
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }
}

class CheckedClient implements PostgresPoolClient {
  readonly #client: pg.ClientBase;
  readonly #release: (broken: boolean) => void;
  #broken = false;

  constructor(client: pg.ClientBase, release: (broken: boolean) => void) {
    this.#client = client;
    this.#release = release;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    sql: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof sql !== "string") throw new Error("cursors are not used here");
    return this.#ask<R>(sql, parameters);
  }

  async #ask<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    if (this.#broken && sql === "rollback") return { rows: [], rowCount: 0, command: "ROLLBACK" };
    try {
      const { rows, rowCount, command } = await this.#send(sql, [...parameters]);
      return { rows, rowCount: rowCount ?? 0, command: command as PostgresQueryResult<R>["command"] };
    } catch (error) {
      if (isAway(error)) this.#broken = true;
      throw away(error, sql);
    }
  }

  async #send(sql: string, values: unknown[]): Promise<pg.QueryResult> {
    const name = sql.startsWith(KEPT_PLAN) ? keptName(this.#client, sql) : null;
    if (name === null) return this.#client.query(sql, values);
    try {
      return await this.#client.query({ name, text: sql, values });
    } catch (error) {
      if (!isErrno(error, PLAN_OUTLIVED)) throw error;
      this.#broken = true;
      return this.#client.query(sql, values);
    }
  }

  release(destroy = false): void {
    this.#release(destroy || this.#broken);
  }
}

const keptNames = new WeakMap<pg.ClientBase, Map<string, string>>();

/** Under which name the connection keeps the statement; null: it keeps so many others. */
function keptName(client: pg.ClientBase, sql: string): string | null {
  const kept = keptNames.get(client) ?? new Map<string, string>();
  keptNames.set(client, kept);
  const name = kept.get(sql) ?? (kept.size < KEPT_AT_MOST ? `kept ${kept.size}` : null);
  if (name !== null) kept.set(sql, name);
  return name;
}

/** disk_full of PostgreSQL. Whatever needs no room goes on, reading above all. */
const DISK_FULL = "53100";

export function diskFull(cause: unknown): PromptlibError {
  return new PromptlibError("disk_full", {
    message: "The disk of the database is full: this was not saved. Reading goes on.",
    cause,
  });
}

/** A COMMIT that was sent and not answered may have happened; anything before it has not. */
function away(error: unknown, sql: string): unknown {
  if (isErrno(error, DISK_FULL)) return diskFull(error);
  if (!isAway(error)) return error;
  return new PromptlibError(sql === "commit" ? "write_outcome_unknown" : "database_unavailable", { cause: error });
}

/** The violated constraint or unique index, or null when the error is another. */
export function violatedConstraint(error: unknown): string | null {
  return error instanceof Error && "code" in error && error.code === "23505" && "constraint" in error
    ? String(error.constraint)
    : null;
}
