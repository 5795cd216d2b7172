/**
 * The guardian: keeps PostgreSQL running, has its WAL received, has backups made, restored and tried, and tells how safe
 * everything is. It needs neither the server nor a living PostgreSQL; whatever takes long is a process of its own.
 *
 * This file is the conductor: keeper.ts (PostgreSQL), receiving.ts (WAL), jobs.ts, schedule.ts, knowledge.ts, http.ts.
 */
import { existsSync } from "node:fs";
import { now, sleep } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import { keptSecret, outlive } from "../base/home.ts";
import type { KnownOfPostgres } from "../base/job-channel.ts";
import type { Log } from "../base/log.ts";
import type { PostgresStatus } from "../base/supervision.ts";
import type { Job, Readiness } from "../contract/recovery.ts";
import type { RestoreReport } from "../contract/recovery-shapes.ts";
import { clusterExists, stopLeftOver } from "../postgres/cluster.ts";
import { existingPlace } from "../postgres/place.ts";
import { configuredLocations } from "../recovery/configured-locations.ts";
import { refuseSecondLibrary } from "../recovery/libraries.ts";
import { readiness } from "../recovery/readiness.ts";
import { clearWorkplaces } from "../recovery/rebuild.ts";
import { keepReport } from "../recovery/reports.ts";
import { reportOf } from "../recovery/restore-report.ts";
import { confirmSwap, finishSwap, type Ground, isSwapping, prepareStart, revertSwap } from "../recovery/swap.ts";
import { type GuardianServer, startGuardianServer } from "./http.ts";
import { Jobs } from "./jobs.ts";
import { Journal } from "./journal.ts";
import { createKeeper, type Keeper } from "./keeper.ts";
import { Knowledge } from "./knowledge.ts";
import { Looks } from "./looks.ts";
import { GuardianMetrics } from "./metrics.ts";
import { Receiving } from "./receiving.ts";
import { backupDue } from "./schedule.ts";

interface GuardianOptions {
  config: Config;
  /** What starts this program again: Node's flags and the main file. */
  program: readonly string[];
  log: Log;
  /** There was a cluster, so none is made where it cannot be found. */
  existing: boolean;
  /** Told at every change. */
  tell(postgres: PostgresStatus): void;
}

const SCHEDULE_EVERY_MS = 2_000;
const BEGIN_MS = 5_000;
/** So long who asks how safe everything is waits for the first look at the locations. */
const FIRST_LOOK_MS = 1_500;
/** What a job takes back may be a large directory. */
const ORPHAN_MS = 60_000;

/** Errors of `run`: `port_in_use`, `location_unavailable` (BACKUP_DIR), and those of a first start of PostgreSQL. */
export class Guardian {
  readonly #options: GuardianOptions;
  readonly #keeper: Keeper;
  readonly #receiving: Receiving;
  readonly #jobs: Jobs;
  readonly #knowledge: Knowledge;
  readonly #metrics: GuardianMetrics;
  readonly looks: Looks;
  #journal: Journal | null = null;
  readonly #stopping = new AbortController();
  #postgres: PostgresStatus | null = null;
  /** When it was last known to run. */
  #lastUp: string | null = null;
  /** Of a restore whose state answers, until the restore has said so itself. */
  #untold: RestoreReport | null = null;

  constructor(options: GuardianOptions) {
    const { config, log, program, existing } = options;
    this.#options = options;
    this.#receiving = new Receiving({ program, logs: config.home.logs });
    this.#keeper = createKeeper({
      home: config.home,
      postgresBin: config.postgresBin,
      log,
      existing,
      prepare: () => this.#prepare(),
      cameUp: () => this.#cameUp(),
      stayedDown: () => this.#stayedDown(),
      tell: (status) => this.#heard(status),
    });
    this.#jobs = new Jobs({
      program,
      log,
      logs: config.home.logs,
      postgres: { stop: () => this.#standStill(), start: () => this.#goOn() },
      knows: () => this.#known(),
      onEnd: (job, { isTakenBack }) => this.#ended(job, isTakenBack),
      tidy: () => clearLeftOver(config),
    });
    this.#knowledge = new Knowledge(config, log);
    this.looks = new Looks({ program, logs: config.home.logs });
    this.#metrics = new GuardianMetrics(this);
  }

  get jobs(): Jobs {
    return this.#jobs;
  }

  get postgres(): PostgresStatus | null {
    return this.#postgres;
  }

  /** Resolves when what readiness says is known, or is not known for good. */
  async hasLooked(): Promise<void> {
    const { firstLook } = this.#knowledge;
    if (firstLook) await Promise.race([firstLook, sleep(FIRST_LOOK_MS)]);
  }

  /** How safe everything is, now. */
  readiness(): Readiness {
    const { config } = this.#options;
    const { state, since, problem } = this.#postgres ?? { state: null, since: "", problem: null };
    const running = state === "running";
    // One that is just being adopted, or started for the first time, is not down.
    const begins = this.#lastUp === null && state === "starting" && now().getTime() - Date.parse(since) < BEGIN_MS;
    const down = state === null || running || begins ? null : { since: new Date(this.#lastUp ?? since), problem };
    return readiness({
      now: now(),
      interval: config.backup.interval,
      postgres: { running, checksums: this.#knowledge.newest?.postgres.checksums ?? null, down },
      receiver: this.#receiving.facts,
      ...this.#knowledge.facts(this.#receiving.status, this.#receiving.lost),
    });
  }

  /** Runs until `stop`. */
  async run(): Promise<void> {
    const server = await this.#listen();
    // One that a killed guard left may be in the middle of a swap: nothing is touched before it has ended.
    await outlive(this.#options.config.home, "job.lock", ORPHAN_MS);
    let watching: Promise<void> | null = null;
    try {
      await this.#refuseSecondLibrary();
      watching = this.#watch();
      await this.#keeper.run();
    } finally {
      this.#stopping.abort();
      await watching;
      await server.close();
    }
  }

  /** Jobs first, then what was received is stored, then PostgreSQL. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.looks.stop();
    await this.#jobs.stop();
    await this.#receiving.stop();
    await this.#keeper.stop();
  }

  async #listen(): Promise<GuardianServer> {
    const { config, log } = this.#options;
    const journal = await Journal.open(config.home.recovery, log);
    this.#journal = journal;
    const jwtSecret = config.jwtSecret ?? (await keptSecret(config.home, "jwt-secret"));
    return await startGuardianServer({ config, log, jwtSecret, guardian: this, journal, metrics: this.#metrics });
  }

  async #refuseSecondLibrary(): Promise<void> {
    const { config, existing } = this.#options;
    if (existing || (await clusterExists(config.home))) return;
    await refuseSecondLibrary(await configuredLocations(config, { make: false }));
  }

  #heard(status: PostgresStatus): void {
    if (this.#postgres?.state === "running") this.#lastUp = now().toISOString();
    this.#postgres = status;
    this.#options.tell(status);
  }

  #known(): KnownOfPostgres {
    const down = this.#postgres?.state !== "running" && this.#postgres !== null;
    return { downSince: down ? (this.#lastUp ?? null) : null };
  }

  async #prepare(): Promise<void> {
    const { config } = this.#options;
    await onGround(config, prepareStart);
    // A restore that starts PostgreSQL, or a drill beside one that crashed, still needs what it made.
    if (!this.#jobs.current) await clearLeftOver(config);
    await this.#receive();
  }

  /** What is received belongs to the life of the database that comes up: not before that is sure. */
  async #receive(): Promise<void> {
    if (!(await onGround(this.#options.config, isSwapping))) this.#receiving.start();
  }

  /** What a restore put in place answers. */
  async #cameUp(): Promise<void> {
    const { config, log } = this.#options;
    try {
      const confirmed = await onGround(config, confirmSwap);
      this.#untold = confirmed && reportOf(confirmed.report, now());
      // As long as the restore is at work, that is its own to say.
      if (this.#jobs.atWork !== "restore") await this.#tellRestored();
    } catch (error) {
      log.error({ err: error }, "PostgreSQL answers on what was restored, which could not be noted");
    }
    this.#receiving.start();
  }

  /** The report of a restore that was killed before it could make it. */
  async #tellRestored(): Promise<void> {
    const { config, log } = this.#options;
    const report = this.#untold;
    this.#untold = null;
    if (!report) return;
    await keepReport(config.home.recovery, "restores", report).catch((error: unknown) => {
      log.error({ err: error, report }, "the report of a restore could not be kept");
    });
  }

  /** What a restore put in place gives way to what was there before. */
  async #stayedDown(): Promise<void> {
    const { config, log } = this.#options;
    try {
      if (!(await onGround(config, isSwapping))) return;
      // One that answers, and yet cannot be used.
      await stopLeftOver(config.home);
      const restored = await onGround(config, revertSwap);
      if (restored) log.error({ restored }, "the restored PostgreSQL did not come up; the old one is put back");
      await this.#receive();
    } catch (error) {
      log.error({ err: error }, "the restored PostgreSQL did not come up, and the old one could not be put back");
    }
  }

  async #standStill(): Promise<void> {
    await this.#keeper.hold();
    // One that outlived a guard and then its data directory is nobody's, and still answers.
    await stopLeftOver(this.#options.config.home);
    await this.#receiving.stop();
  }

  async #goOn(): Promise<void> {
    await this.#keeper.release();
    await this.#receive();
  }

  #ended(job: Job, isTakenBack: boolean): void {
    // Also after a restore that ended before PostgreSQL came up again.
    if (!this.#stopping.signal.aborted) void this.#receive().catch((error: unknown) => this.#cannotReceive(error));
    if (job.verb === "restore" && job.result !== null) this.#untold = null;
    void this.#tellRestored();
    this.#metrics.jobEnded(job);
    this.#knowledge.jobEnded(job, isTakenBack);
    this.looks.changed();
    void this.#journal?.ended(job);
    // Whoever waited for the job asks next what it changed.
    void this.#knowledge.refreshIfOld();
  }

  #cannotReceive(error: unknown): void {
    this.#options.log.error({ err: error }, "nobody knows whose WAL is to be received; the next start looks again");
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#knowledge.refreshIfOld();
      await this.#knowledge.refreshExports();
      this.#orderBackup();
      await sleep(SCHEDULE_EVERY_MS, signal).catch(() => {});
    }
  }

  #orderBackup(): void {
    if (this.#postgres?.state !== "running" || this.#jobs.current || !this.#knowledge.isKnown) return;
    const { status, lost } = this.#receiving;
    // Who it belongs to is only known when the receiver has seen PostgreSQL.
    if (!status?.incarnation) return;
    const { interval } = this.#options.config.backup;
    const reason = backupDue({ now: now(), interval, lost, ...this.#knowledge.schedule(status.incarnation) });
    if (reason) this.#jobs.start({ verb: "backup", options: { reason } }, "guardian");
  }
}

/** A restore or drill that was killed left moves half done, a server that runs, and a copy of everything on the disk. */
async function clearLeftOver(config: Config): Promise<void> {
  await onGround(config, async (ground) => {
    await finishSwap(ground);
    await clearWorkplaces(ground.root);
  });
}

/** null: there is no place where a restore could have put anything. */
async function onGround<T>({ home }: Config, deed: (ground: Ground) => Promise<T>): Promise<T | null> {
  const place = await existingPlace(home);
  return place && existsSync(place.root) ? await deed({ root: place.root, recovery: home.recovery }) : null;
}
