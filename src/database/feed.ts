/**
 * Follows the change feed on a connection of its own, and thereby knows whether the database is there.
 * Woken by NOTIFY (sent after commit, many in one, never inside a writing transaction); looks every 250 ms anyway.
 */
import pg from "pg";
import { monotonic, sleep, until } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import { type Cursor, canContinue, currentCursor, readChanges, readUnsettled } from "./changes.ts";
import { abandon, type Queries, queriesOn, type RecordedChange, sessionOptions } from "./database.ts";

const LOOK_EVERY_MS = 250;
/** A look that takes longer means that PostgreSQL is stopped or unreachable, which counts like dead. */
const LOOK_TIMEOUT_MS = 1_200;
const RETRY_MS = 200;
/** What may be better the next time. */
const PASSING: readonly string[] = ["database_unavailable", "write_outcome_unknown", "disk_full"];

export interface FeedConsumer {
  /**
   * The database answers, and nothing is known of it: load everything. Called at first, when the cursor is lost, and
   * when more has changed than can be told while an older transaction runs.
   */
  onReset(cursor: Cursor | null): Promise<void>;
  /**
   * In order, each once, with the place behind them; a change that is told early, while an older transaction runs
   * (`cursor` is null), is told again in its place.
   */
  onChanges(changes: RecordedChange[], cursor: Cursor | null): Promise<void>;
  /** The database is there and everything up to now was consumed. */
  onLive(): void;
  onAway(error: unknown): void;
  /** The database answers, but the program must not go on (it is newer, say). Ends following. */
  onRefused(error: unknown): void;
}

export class Feed {
  readonly #client: pg.ClientConfig;
  readonly #role: string | null;
  readonly #consumer: FeedConsumer;
  /** Runs once on each new connection before anything is read; throws to refuse. */
  readonly #prepare: () => Promise<void>;
  #cursor: Cursor | null = null;
  /** Up to which snapshot changes were told early. */
  #toldEarly: string | null = null;
  #confirmedAt = Number.NEGATIVE_INFINITY;
  #latency: number | null = null;
  #live = false;
  #closed = false;
  #announce = false;
  #wake: () => void = () => {};
  #confirmed = Promise.withResolvers<void>();
  #running: Promise<void> | null = null;

  constructor(client: pg.ClientConfig, role: string | null, prepare: () => Promise<void>, consumer: FeedConsumer) {
    this.#client = client;
    this.#role = role;
    this.#prepare = prepare;
    this.#consumer = consumer;
  }

  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await this.#running;
  }

  /** Whether memory is as current as the database was within the last second. */
  get isFresh(): boolean {
    return this.#live && monotonic() - this.#confirmedAt < 1_000;
  }

  /**
   * Waits until memory is that current again, for `patience` ms at most, and not while the database is known to be away.
   * This process may have stood still, and knows nothing of what happened meanwhile.
   */
  async untilFresh(patience: number): Promise<void> {
    if (this.isFresh || !this.#live) return;
    this.#wake();
    await Promise.race([this.#confirmed.promise, sleep(patience)]);
  }

  get isLive(): boolean {
    return this.#live;
  }

  /** Milliseconds since everything was known to be consumed; null: never. */
  get age(): number | null {
    return Number.isFinite(this.#confirmedAt) ? monotonic() - this.#confirmedAt : null;
  }

  /** Milliseconds that the last look took. */
  get latency(): number | null {
    return this.#latency;
  }

  /** Something was committed here: looks at once, and wakes the other servers. */
  announce(): void {
    this.#announce = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      const connection = new FeedConnection(this.#client, this.#role, () => this.#wake());
      try {
        await connection.open();
        await this.#prepareOrRefuse();
        await this.#follow(connection);
      } catch (error) {
        if (this.#closed) break;
        this.#live = false;
        if (error instanceof Refused) {
          this.#consumer.onRefused(error.cause);
          return;
        }
        this.#consumer.onAway(error);
        await sleep(RETRY_MS);
      } finally {
        connection.destroy();
      }
    }
  }

  async #prepareOrRefuse(): Promise<void> {
    try {
      await this.#prepare();
    } catch (error) {
      // Our own error, but not that PostgreSQL is away again or has no room: the program must not go on.
      if (error instanceof PromptlibError && !PASSING.includes(error.code)) {
        throw new Refused("refused", { cause: error });
      }
      throw error;
    }
  }

  async #follow(connection: FeedConnection): Promise<void> {
    const current = await connection.within(currentCursor);
    const cursor = this.#cursor;
    if (!cursor || !(await connection.within((db) => canContinue(db, cursor, current)))) {
      // Known again only when it is done: a reset that fails is made up for at the next connection.
      this.#cursor = null;
      await this.#consumer.onReset(current);
      this.#cursor = current;
    }
    this.#toldEarly = null;
    while (!this.#closed) {
      const woken = this.#nextWake();
      await this.#look(connection);
      await Promise.race([woken, sleep(LOOK_EVERY_MS)]);
    }
  }

  async #tellEarly(connection: FeedConnection): Promise<void> {
    const since = this.#toldEarly;
    const { changes, isAll, snapshot } = await connection.within((db) => readUnsettled(db, since));
    if (!isAll) await this.#consumer.onReset(null);
    else if (changes.length > 0) await this.#consumer.onChanges(changes, null);
    this.#toldEarly = snapshot;
  }

  #tellConfirmed(): void {
    this.#confirmed.resolve();
    this.#confirmed = Promise.withResolvers();
  }

  #nextWake(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #look(connection: FeedConnection): Promise<void> {
    if (this.#announce) {
      this.#announce = false;
      await connection.notify();
    }
    for (;;) {
      const cursor = this.#cursor;
      if (!cursor) return;
      const asked = monotonic();
      // In this order, so that what settles in between is in the second at the latest.
      await this.#tellEarly(connection);
      const found = await connection.within((db) => readChanges(db, cursor));
      if (found.changes.length > 0) await this.#consumer.onChanges(found.changes, found.cursor);
      this.#cursor = found.cursor;
      if (found.changes.length < 1000) {
        this.#confirmedAt = asked;
        if (this.isFresh) this.#tellConfirmed();
        this.#latency = Math.round((monotonic() - asked) * 100) / 100;
        break;
      }
    }
    if (!this.#live) {
      this.#live = true;
      this.#consumer.onLive();
    }
  }
}

class Refused extends Error {}

const CHANNEL = "promptlib_changes";

class FeedConnection {
  readonly #client: pg.Client;
  readonly #db: Queries;
  #failed: Error | null = null;

  constructor(config: pg.ClientConfig, role: string | null, wake: () => void) {
    // The NOTIFY is the only thing this session commits; nobody waits for it to be anywhere.
    const options = sessionOptions(role, { synchronous_commit: "local" });
    const client = new pg.Client({ ...config, options, keepAlive: true, connectionTimeoutMillis: LOOK_TIMEOUT_MS });
    client.on("notification", wake);
    client.on("error", (error) => {
      this.#failed = error;
      wake();
    });
    client.on("end", () => {
      this.#failed ??= new Error("Connection terminated");
      wake();
    });
    this.#client = client;
    this.#db = queriesOn(client);
  }

  async open(): Promise<void> {
    await this.#client.connect();
    await this.within(() => this.#client.query(`listen ${CHANNEL}`));
  }

  async notify(): Promise<void> {
    await this.within(() => this.#client.query(`notify ${CHANNEL}`));
  }

  /** Asks, and gives up when no answer came in time. */
  async within<T>(ask: (db: Queries) => Promise<T>): Promise<T> {
    if (this.#failed) throw this.#failed;
    let answered = false;
    const answer = ask(this.#db).finally(() => {
      answered = true;
    });
    // When this very process stood still, the answer is there already but was not read yet: look a little longer.
    const late = sleep(LOOK_TIMEOUT_MS).then(async () => {
      if (await until(() => answered, { timeout: 100 })) return answer;
      throw new Error("timeout exceeded: PostgreSQL does not answer");
    });
    // Whichever loses is not waited for, and must not end the process.
    answer.catch(() => {});
    late.catch(() => {});
    return Promise.race([answer, late]);
  }

  destroy(): void {
    abandon(this.#client);
  }
}
