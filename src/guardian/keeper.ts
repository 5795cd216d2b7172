/** Keeps the embedded PostgreSQL running, but while a restore holds it. */
import { monotonic, now, sleep } from "../base/clock.ts";
import type { Home } from "../base/config.ts";
import type { Log } from "../base/log.ts";
import type { PostgresState, PostgresStatus } from "../base/supervision.ts";
import { PromptlibError } from "../contract/errors.ts";
import { type Cluster, clusterExists, openCluster } from "../postgres/cluster.ts";

interface KeeperOptions {
  home: Home;
  postgresBin: string | null;
  log: Log;
  /** There was a cluster, so none is made where it cannot be found. */
  existing: boolean;
  /** Before each start: what a crash left half done in the place of the cluster. */
  prepare: () => Promise<void>;
  /** After each start: it answers. */
  cameUp: () => Promise<void>;
  /** After each start that failed. One that answers and cannot be used may still run. */
  stayedDown: () => Promise<void>;
  /** Told at every change. */
  tell: (status: PostgresStatus) => void;
}

export interface Keeper {
  /** Runs until `stop`. Rejects with what refuses the very first start; whatever comes later is tried again. */
  run(): Promise<void>;
  /** Stops PostgreSQL. */
  stop(): Promise<void>;
  /** Stops PostgreSQL and leaves it stopped until it is released: its data directory may be changed meanwhile. */
  hold(): Promise<void>;
  /** Starts it again, and settles when it runs; rejects with what the first try says, and goes on trying. */
  release(): Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** After so long a life the next death counts as the first. */
const SETTLED_MS = 3_000;

export function createKeeper(options: KeeperOptions): Keeper {
  return new PostgresKeeper(options);
}

class PostgresKeeper implements Keeper {
  readonly #options: KeeperOptions;
  readonly #cluster: Cluster;
  readonly #stopping = new AbortController();
  #existed: boolean;
  #restarts = 0;
  #held: PromiseWithResolvers<void> | null = null;
  /** The hold that is being carried out. */
  #holding: Promise<void> | null = null;
  /** Settled while nothing is started, nor will be: it is held, or over. */
  #rest = Promise.withResolvers<void>();
  /** Who was promised a PostgreSQL that runs. */
  #released: PromiseWithResolvers<void> | null = null;
  #state: PostgresState | null = null;
  /** Ends the pause before the next try. */
  #nap = new AbortController();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#existed = options.existing;
    this.#cluster = openCluster(options);
  }

  async run(): Promise<void> {
    try {
      await this.#keep();
    } finally {
      this.#rest.resolve();
      this.#settle(new PromptlibError("interrupted"));
    }
  }

  async #keep(): Promise<void> {
    let ran = false;
    for (let pause = FIRST_PAUSE_MS; !this.#stopping.signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      if (this.#held) {
        await this.#restUntil(this.#held.promise);
        pause = FIRST_PAUSE_MS;
        continue;
      }
      try {
        const life = await this.#live();
        ran = true;
        if (this.#held || this.#stopping.signal.aborted) continue;
        this.#options.log.warn("PostgreSQL ended by itself");
        if (life > SETTLED_MS) pause = FIRST_PAUSE_MS;
        this.#tell("stopped");
      } catch (error) {
        if (this.#held || this.#stopping.signal.aborted) continue;
        await this.#options.stayedDown();
        this.#settle(error);
        if (!ran && refuses(error, this.#existed)) throw error;
        this.#options.log.error({ err: error }, "PostgreSQL did not start");
        this.#tell("failed", error instanceof PromptlibError ? error.message : "PostgreSQL did not start.");
      }
      this.#nap = new AbortController();
      await sleep(pause, AbortSignal.any([this.#stopping.signal, this.#nap.signal])).catch(() => {});
      this.#restarts += 1;
    }
  }

  async hold(): Promise<void> {
    this.#held ??= Promise.withResolvers();
    this.#settle(new PromptlibError("interrupted"));
    this.#nap.abort();
    this.#holding ??= this.#comeToRest().finally(() => {
      this.#holding = null;
    });
    await this.#holding;
  }

  async release(): Promise<void> {
    // What is on its way down can only be started when it is down.
    await this.#holding?.catch(() => {});
    if (this.#stopping.signal.aborted) throw new PromptlibError("interrupted");
    if (!this.#held && this.#state === "running") return;
    const released = this.#released ?? Promise.withResolvers<void>();
    this.#released = released;
    this.#held?.resolve();
    this.#held = null;
    this.#nap.abort();
    await released.promise;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#held?.resolve();
    await this.#cluster.stop();
    this.#tell("stopped");
  }

  /** A start that had begun is over, too, with what it prepares. */
  async #comeToRest(): Promise<void> {
    await this.#cluster.stop();
    await this.#rest.promise;
    this.#tell("stopped");
  }

  async #restUntil(over: Promise<void>): Promise<void> {
    const rest = this.#rest;
    rest.resolve();
    await over;
    this.#rest = Promise.withResolvers();
  }

  /** Tells those who wait for the start; null: it runs. */
  #settle(error: unknown): void {
    const released = this.#released;
    this.#released = null;
    if (error === null) released?.resolve();
    else released?.reject(error);
  }

  /** One life of PostgreSQL, in ms. */
  async #live(): Promise<number> {
    this.#tell("starting");
    await this.#options.prepare();
    this.#existed ||= await clusterExists(this.#options.home);
    // Nothing may come between this and the start: `hold` stops what has begun to start.
    if (this.#held) throw new PromptlibError("interrupted");
    const { adopted, firstTime } = await this.#cluster.start({ make: !this.#existed });
    this.#existed = true;
    const start = monotonic();
    this.#options.log.info({ pid: this.#cluster.pid, adopted, firstTime }, "PostgreSQL runs");
    await this.#options.cameUp();
    this.#tell("running");
    this.#settle(null);
    await this.#cluster.ended();
    return monotonic() - start;
  }

  #tell(state: PostgresState, problem: string | null = null): void {
    this.#state = state;
    const since = now().toISOString();
    this.#options.tell({ state, pid: this.#cluster.pid, restarts: this.#restarts, since, problem });
  }
}

/**
 * Faults that only a human can mend end the start with a sentence. But where there was a library, a PostgreSQL that
 * does not come up is no reason to take the mirror's answers away, too: that one is tried again.
 */
function refuses(error: unknown, existed: boolean): boolean {
  return error instanceof PromptlibError && !(existed && error.code === "postgres_start_failed");
}
