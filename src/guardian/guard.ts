/**
 * The guardian: owns the embedded PostgreSQL and keeps it running. (Backups, proofs and drills will live here.)
 * It needs neither the server nor a living PostgreSQL.
 */
import { monotonic, now, sleep } from "../base/clock.ts";
import type { Home } from "../base/config.ts";
import type { Log } from "../base/log.ts";
import type { PostgresState, PostgresStatus } from "../base/supervision.ts";
import { PromptlibError } from "../contract/errors.ts";
import { type Cluster, clusterExists, openCluster } from "../postgres/cluster.ts";

interface GuardOptions {
  home: Home;
  postgresBin: string | null;
  log: Log;
  /** There was a cluster, so none is made where it cannot be found. */
  existing: boolean;
  /** Told at every change. */
  tell: (status: PostgresStatus) => void;
}

export interface Guard {
  /** Runs until `stop`. Rejects with what refuses the very first start; whatever comes later is tried again. */
  run(): Promise<void>;
  /** Stops PostgreSQL. */
  stop(): Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** After so long a life the next death counts as the first. */
const SETTLED_MS = 3_000;

export function createGuard(options: GuardOptions): Guard {
  return new PostgresGuard(options);
}

class PostgresGuard implements Guard {
  readonly #options: GuardOptions;
  readonly #cluster: Cluster;
  readonly #stopping = new AbortController();
  #existed: boolean;
  #restarts = 0;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#existed = options.existing;
    this.#cluster = openCluster(options);
  }

  async run(): Promise<void> {
    let ran = false;
    for (let pause = FIRST_PAUSE_MS; !this.#stopping.signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        const life = await this.#live();
        ran = true;
        if (life > SETTLED_MS) pause = FIRST_PAUSE_MS;
        this.#tell("stopped");
      } catch (error) {
        if (this.#stopping.signal.aborted) break;
        if (!ran && refuses(error, this.#existed)) throw error;
        this.#options.log.error({ err: error }, "PostgreSQL did not start");
        this.#tell("failed", error instanceof PromptlibError ? error.message : "PostgreSQL did not start.");
      }
      await sleep(pause, this.#stopping.signal).catch(() => {});
      this.#restarts += 1;
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#cluster.stop();
    this.#tell("stopped");
  }

  /** One life of PostgreSQL, in ms. */
  async #live(): Promise<number> {
    this.#tell("starting");
    this.#existed ||= await clusterExists(this.#options.home);
    const { adopted, firstTime } = await this.#cluster.start({ make: !this.#existed });
    this.#existed = true;
    const start = monotonic();
    this.#options.log.info({ pid: this.#cluster.pid, adopted, firstTime }, "PostgreSQL runs");
    this.#tell("running");
    await this.#cluster.ended();
    this.#options.log.warn("PostgreSQL ended by itself");
    return monotonic() - start;
  }

  #tell(state: PostgresState, problem: string | null = null): void {
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
