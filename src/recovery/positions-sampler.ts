/** Asks PostgreSQL over an ordinary connection where it is, each second. */
import pg from "pg";
import { monotonic } from "../base/clock.ts";
import { isErrno } from "../base/files.ts";
import { type Lsn, parseLsn } from "../postgres/lsn.ts";
import type { Sample } from "./positions.ts";

/** An answer that takes longer is none. */
const PATIENCE_MS = 5_000;
/** max_slot_wal_keep_size -1: PostgreSQL would fill its disk for us. Half of this is where we speak up. */
const KEEP_WITHOUT_LIMIT = 2n * 1024n ** 3n;

export interface SampleOfServer extends Sample {
  /** PostgreSQL's own clock; ISO 8601, UTC. */
  sampledAt: string;
}

export class PositionSampler {
  readonly #config: pg.ClientConfig;
  #client: pg.Client | null = null;
  #refused = false;
  #keepBytes = KEEP_WITHOUT_LIMIT;

  constructor(config: pg.ClientConfig) {
    this.#config = config;
  }

  /** At the last try nobody was let in: it shuts down, starts, or is gone. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Bytes of WAL that PostgreSQL keeps for a slot that lags. */
  get keepBytes(): bigint {
    return this.#keepBytes;
  }

  /** null while PostgreSQL is away, or a standby: the next try tells. */
  async sample(): Promise<SampleOfServer | null> {
    const at = monotonic();
    try {
      const client = await this.#connected();
      const { rows } = await client.query<{ time: string; position: string }>(
        `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as time,
                pg_current_wal_flush_lsn()::text as position`,
      );
      this.#refused = false;
      const [row] = rows;
      return row ? { at, position: parseLsn(row.position), sampledAt: row.time } : null;
    } catch (error) {
      this.#away(error);
      return null;
    }
  }

  /** Ends the segment that is being written. Throws what `pg` throws: the login may not be allowed to. */
  async switchSegment(): Promise<Lsn> {
    const client = await this.#connected();
    const { rows } = await client.query<{ end: string }>('select pg_switch_wal()::text as "end"');
    return parseLsn(rows[0]?.end ?? "");
  }

  close(): void {
    this.#drop();
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    const client = new pg.Client({
      ...this.#config,
      application_name: "promptlib receive",
      connectionTimeoutMillis: PATIENCE_MS,
      query_timeout: PATIENCE_MS,
    });
    client.on("error", () => {
      if (this.#client === client) this.#drop();
    });
    this.#client = client;
    await client.connect();
    const { rows } = await client.query<{ megabytes: string }>(
      "select setting as megabytes from pg_settings where name = 'max_slot_wal_keep_size'",
    );
    const megabytes = BigInt(rows[0]?.megabytes ?? "-1");
    this.#keepBytes = megabytes < 0n ? KEEP_WITHOUT_LIMIT : megabytes * 1024n ** 2n;
    return client;
  }

  #away(error: unknown): void {
    const sqlstate = error instanceof pg.DatabaseError ? error.code : undefined;
    // 57P01: it ended our connection. 57P03: it lets nobody in.
    this.#refused = sqlstate === "57P01" || sqlstate === "57P03" || isErrno(error, "ECONNREFUSED", "ENOENT");
    this.#drop();
  }

  #drop(): void {
    const client = this.#client;
    this.#client = null;
    // Nothing to say farewell for; a dead server would let us wait.
    client?.connection.stream.destroy();
  }
}
