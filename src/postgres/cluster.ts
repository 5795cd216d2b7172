/** The embedded cluster: one start, one stop, and word when it ends by itself. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { monotonic, sleep } from "../base/clock.ts";
import type { Home } from "../base/config.ts";
import { isDiskFull, isErrno } from "../base/files.ts";
import { type Log, rotated } from "../base/log.ts";
import { PromptlibError } from "../contract/errors.ts";
import { type Account, postgresAccount } from "./account.ts";
import { type Binaries, findBinaries, installProgram } from "./binaries.ts";
import { type PostgresSettings, writeConfiguration } from "./configuration.ts";
import { rolePassword } from "./connection.ts";
import { hasDataDirectory, makeDataDirectory, markCluster, startFailed } from "./data-directory.ts";
import { existingPlace, lostPlace, type Place, preparePlace } from "./place.ts";
import {
  clearRemains,
  findPostmaster,
  logSize,
  type Postmaster,
  spawnPostmaster,
  stopPostmaster,
  wordsSince,
} from "./postmaster.ts";
import { answers, ensureRoles } from "./roles.ts";
import { fatalFault } from "./watch.ts";

export interface ClusterOptions {
  home: Home;
  /** POSTGRES_BIN. */
  postgresBin: string | null;
  log: Log;
  /** For tests: no syncing, more connections. */
  durable?: boolean;
  settings?: PostgresSettings;
}

type ClusterState = "stopped" | "starting" | "running" | "stopping";

export interface Cluster {
  readonly state: ClusterState;
  readonly pid: number | null;
  /**
   * Answers when PostgreSQL answers and roles and database are there; it was adopted when it still ran.
   * Waits as long as its recovery, or a stopped (SIGSTOP) server, takes. `make` false: there was a cluster, so none is
   * made where it cannot be found. Errors: `postgres_version_mismatch`,
   * `postgres_start_failed`, `no_postgres_account`, `disk_full`, `unsupported_platform`, `config_invalid`,
   * `interrupted` (by `stop`).
   */
  start(options?: { make?: boolean }): Promise<{ adopted: boolean; firstTime: boolean }>;
  /** Nothing of it runs afterwards. */
  stop(mode?: "fast" | "immediate"): Promise<void>;
  /** Called when a running server ended and nobody asked for it. */
  onExit(callback: () => void): void;
  /** Settles when the server that runs now has ended, asked or not. */
  ended(): Promise<void>;
}

/** How long the remains of a killed postmaster may hold its memory. */
const REMAINS_MS = 30_000;

export function openCluster(options: ClusterOptions): Cluster {
  return new EmbeddedCluster(options);
}

/** Whether a cluster was ever made in this home. */
export async function clusterExists(home: Home): Promise<boolean> {
  const place = await existingPlace(home);
  return place !== null && (place.lost || existsSync(place.marker) || existsSync(place.data));
}

/** Stops whatever PostgreSQL still runs on this home, for a guard that could not do it. */
export async function stopLeftOver(home: Home): Promise<void> {
  const place = await existingPlace(home);
  if (!place) return;
  const left = await findPostmaster(place);
  if (left) await stopPostmaster(left, place, "fast");
  await clearRemains(place);
}

class EmbeddedCluster implements Cluster {
  readonly #options: ClusterOptions;
  readonly #listeners: (() => void)[] = [];
  #state: ClusterState = "stopped";
  #postmaster: Postmaster | null = null;
  #place: Place | null = null;
  #starting: { abort: AbortController; over: Promise<unknown> } | null = null;
  #watching = new AbortController();

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  get state(): ClusterState {
    return this.#state;
  }

  get pid(): number | null {
    return this.#postmaster?.pid ?? null;
  }

  onExit(callback: () => void): void {
    this.#listeners.push(callback);
  }

  async ended(): Promise<void> {
    const running = this.#postmaster;
    await running?.exited;
    if (running) this.#ended(running);
  }

  async start({ make = true } = {}): Promise<{ adopted: boolean; firstTime: boolean }> {
    if (this.#state !== "stopped") throw new Error(`cannot start a cluster that is ${this.#state}`);
    this.#state = "starting";
    const abort = new AbortController();
    const work = this.#start(make, abort.signal);
    this.#starting = { abort, over: work.catch(() => {}) };
    try {
      const firstTime = await work;
      const running = this.#postmaster;
      if (!running) throw new Error("started without a postmaster");
      this.#state = "running";
      void running.exited.then(() => this.#ended(running));
      return { adopted: running.adopted, firstTime };
    } catch (error) {
      if (this.#state === "starting") this.#state = "stopped";
      throw explained(error);
    } finally {
      this.#starting = null;
    }
  }

  async stop(mode: "fast" | "immediate" = "fast"): Promise<void> {
    this.#state = "stopping";
    this.#watching.abort();
    this.#starting?.abort.abort();
    await this.#starting?.over;
    if (this.#place) {
      if (this.#postmaster) await stopPostmaster(this.#postmaster, this.#place, mode);
      await clearRemains(this.#place);
    }
    this.#postmaster = null;
    this.#state = "stopped";
  }

  /** The conductor. Answers whether the cluster was made just now. */
  async #start(make: boolean, signal: AbortSignal): Promise<boolean> {
    const { home, postgresBin, durable = true } = this.#options;
    const binaries = await findBinaries(postgresBin);
    const existing = await existingPlace(home);
    if (existing?.lost) throw lostPlace(home);
    // One whose data directory was removed under it goes on answering, with a memory that nobody will ever read.
    if (existing && !existsSync(existing.data)) await clearRemains(existing);
    const firstTime = !(existing && (await hasDataDirectory(existing, binaries.major)));
    if (firstTime && !make) throw clusterGone(home);
    const account = await postgresAccount(firstTime ? null : (existing?.data ?? null));
    const place = await preparePlace(home, account);
    this.#place = place;
    if (place.older.length > 0) {
      this.#options.log.warn({ older: place.older, new: place.root }, "an earlier home at this path left its database");
    }

    if (firstTime || !(await this.#adopt(place, signal))) {
      const bin = await installProgram(binaries, place.root, account);
      if (firstTime) {
        const superuserPassword = await rolePassword(home, "postgres");
        const making = { bin, major: binaries.major, account, superuserPassword, durable, signal };
        await makeDataDirectory(place, making);
      }
      if (!existsSync(place.marker)) await markCluster(place, binaries.major);
      await writeConfiguration(place, this.#options.settings ?? {});
      await this.#launch(bin, place, account, binaries, signal);
    }
    await ensureRoles(home);
    if (signal.aborted) throw new PromptlibError("interrupted");
    return firstTime;
  }

  /** Takes over the postmaster of a guard that was killed. One that is on its way out is waited for instead. */
  async #adopt(place: Place, signal: AbortSignal): Promise<boolean> {
    const found = await findPostmaster(place);
    if (!found) return false;
    this.#watch(found, place);
    if (await this.#answers(found, signal)) return true;
    this.#postmaster = null;
    return false;
  }

  async #launch(
    bin: string,
    place: Place,
    account: Account | null,
    binaries: Binaries,
    signal: AbortSignal,
  ): Promise<void> {
    const logFile = rotated(join(this.#options.home.logs, "postgres.log"));
    const start = monotonic();
    for (let pause = 50; ; pause = Math.min(pause * 2, 2_000)) {
      await clearRemains(place);
      if (signal.aborted) throw new PromptlibError("interrupted");
      const from = await logSize(logFile);
      const postmaster = await spawnPostmaster(bin, place, account, logFile);
      this.#watch(postmaster, place);
      if (await this.#answers(postmaster, signal)) return;
      this.#postmaster = null;
      const words = await wordsSince(logFile, from);
      this.#options.log.warn({ words }, "PostgreSQL did not start");
      if (!/pre-existing shared memory block/.test(words) || monotonic() - start > REMAINS_MS) {
        throw startFailed(`PostgreSQL ${binaries.version} did not start.`, words);
      }
      await sleep(pause);
    }
  }

  /** From now on this one is ours; should it be of no use any more, it ends like one that somebody killed. */
  #watch(postmaster: Postmaster, place: Place): void {
    this.#postmaster = postmaster;
    this.#watching.abort();
    this.#watching = new AbortController();
    const { home, log } = this.#options;
    void fatalFault(postmaster, { home, place }, this.#watching.signal).then((fault) => {
      if (fault === null || !postmaster.alive()) return;
      log.error({ pid: postmaster.pid, fault }, "PostgreSQL is of no use any more; it is killed");
      postmaster.signal("SIGKILL");
    });
  }

  /** True when it answers, false when it has ended. */
  async #answers(postmaster: Postmaster, signal: AbortSignal): Promise<boolean> {
    for (let pause = 10; postmaster.alive(); pause = Math.min(pause * 2, 250)) {
      if (signal.aborted) throw new PromptlibError("interrupted");
      if (await answers(this.#options.home)) return true;
      await sleep(pause);
    }
    return false;
  }

  #ended(postmaster: Postmaster): void {
    if (this.#postmaster !== postmaster || this.#state !== "running") return;
    this.#postmaster = null;
    this.#state = "stopped";
    for (const listener of this.#listeners) listener();
  }
}

function clusterGone({ postgres }: Home): PromptlibError {
  return new PromptlibError("postgres_start_failed", {
    message: `The database was in ${postgres}, and is gone.`,
    hint: "Bring it back (is a disk not mounted?), or restore a backup. Nothing new was made in its place.",
  });
}

function explained(error: unknown): unknown {
  if (isDiskFull(error)) return new PromptlibError("disk_full", { cause: error });
  if (!isErrno(error, "EACCES", "EPERM", "EROFS")) return error;
  return new PromptlibError("home_not_writable", {
    message: `PostgreSQL's part of the home cannot be used: ${error.message}.`,
    cause: error,
  });
}
