/**
 * Receiving WAL: everything PostgreSQL writes goes into the spool, from there to every location, and only then is
 * PostgreSQL told that it may let go of it. A process of its own (`promptlib receive`).
 *
 * The steps are in receive-reception.ts (one connection), receive-holdings.ts (spool and locations), receive-confirm.ts.
 */
import type pg from "pg";
import { monotonic, now, sleep, until } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { formatLsn, type WalPosition } from "../postgres/lsn.ts";
import { openReplication, type Replication, type SystemIdentity } from "../postgres/replication.ts";
import { ensureIncarnation, type Incarnation, readIncarnation } from "./incarnation.ts";
import type { Location } from "./location.ts";
import { confirmation } from "./receive-confirm.ts";
import { failureIn } from "./receive-failure.ts";
import { Holdings } from "./receive-holdings.ts";
import { LIMITS, type Limits } from "./receive-limits.ts";
import { Reception, type ReceptionOptions } from "./receive-reception.ts";
import { furthest, locationStatus, type ReceiverState, type ReceiverStatus, shownLsn } from "./receive-status.ts";
import { ServerWatch } from "./receive-watch.ts";
import type { Loss } from "./slot.ts";

export interface ReceiveOptions {
  /** A login with REPLICATION. */
  replication: pg.ClientConfig;
  /** The same login, for an ordinary connection. */
  sql: pg.ClientConfig;
  /** <home>/recovery: incarnation.json and spool/. Exists. */
  recoveryDirectory: string;
  locations: readonly Location[];
  log: Log;
  /** Named in claims. */
  host: string;
  /** At every change of state, and once a second. */
  tell(status: ReceiverStatus): void;
  limits?: Partial<Limits>;
}

const SECOND_MS = 1_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** After so long a life the next loss of a connection counts as the first. */
const SETTLED_MS = 3_000;
const LAG = "Locations lag so far that PostgreSQL's disk would fill: it lets go of WAL that only the spool here has.";

export interface ReceiverHandle {
  /** Waits at most five seconds for the locations to have what was received. Nothing of it goes on afterwards. */
  stop(): Promise<void>;
  /** Settles when it has ended. Rejects only with what a new start mends. */
  done: Promise<void>;
}

export function startReceiver(options: ReceiveOptions): ReceiverHandle {
  const receiver = new Receiver(options);
  return { stop: () => receiver.stop(), done: receiver.done };
}

class Receiver {
  readonly done: Promise<void>;
  readonly #options: ReceiveOptions;
  readonly #limits: Limits;
  readonly #ending = new AbortController();
  readonly #crash = Promise.withResolvers<never>();
  readonly #watch: ServerWatch;
  #holdings: Holdings | null = null;
  #uploading: Promise<void> | null = null;
  #reception: Reception | null = null;
  #place: WalPosition | null = null;
  #state: ReceiverState = "connecting";
  #since = now().toISOString();
  /** Of the connection, of the disk, of locations that lag too far; each until it is over. */
  #problems: { connection: string | null; disk: string | null; lag: string | null; fork: string | null };
  #loss: Loss | null = null;
  #refusedSince: number | null = null;

  constructor(options: ReceiveOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#watch = new ServerWatch(options.sql, this.#limits.switchAfter);
    this.#problems = { connection: null, disk: null, lag: null, fork: null };
    this.done = this.#run();
    // Whoever asks hears of it; nobody need.
    this.done.catch(() => {});
  }

  async stop(): Promise<void> {
    const holdings = this.#holdings;
    const target = holdings?.spool.end;
    if (holdings && target) {
      await until(() => holdings.durableEverywhere(target.lsn), { timeout: this.#limits.stopPatience });
    }
    this.#ending.abort();
    await this.#reception?.leave();
    await this.done.catch(() => {});
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    try {
      const loops = [this.#receive(signal), this.#lookAfter(signal), this.#tellEachSecond(signal)];
      await Promise.race([Promise.all(loops), this.#crash.promise]);
    } finally {
      this.#ending.abort();
      this.#watch.close();
      await this.#reception?.leave();
      await this.#uploading?.catch(() => {});
      this.#holdings?.spool.close();
    }
  }

  /** One connection after the other. */
  async #receive(signal: AbortSignal): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const start = monotonic();
      try {
        const known = await readIncarnation(this.#options.recoveryDirectory);
        if (known) await this.#open(known);
        if (this.#holdings?.fenced) return this.#become("fenced", "Another installation writes to every location.");
        await this.#live();
      } catch (error) {
        if (signal.aborted || this.#holdings?.fenced) continue;
        const { state, problem, loss } = failureIn(error);
        this.#loss = loss;
        this.#become(state, problem);
      }
      if (monotonic() - start > SETTLED_MS) pause = FIRST_PAUSE_MS;
      await sleep(pause, signal).catch(() => {});
    }
  }

  /** One connection's life. */
  async #live(): Promise<void> {
    const replication = await openReplication(this.#options.replication, "promptlib receive");
    try {
      const server = await replication.identifySystem();
      const holdings = await this.#open(await ensureIncarnation(this.#options.recoveryDirectory, server.systemId));
      const reception = new Reception(this.#receptionOf(holdings, replication, server));
      this.#reception = reception;
      if (this.#ending.signal.aborted) return;
      await reception.run();
    } finally {
      this.#serverPlace();
      this.#reception = null;
      this.#problems.disk = null;
      replication.destroy();
    }
  }

  /** What was received so far, once it is known whose it is. Its uploads go on without PostgreSQL, too. */
  async #open(incarnation: Incarnation): Promise<Holdings> {
    const open = this.#holdings;
    if (open && open.incarnation.incarnation !== incarnation.incarnation) {
      throw new Error("a restore began another life of the database: the receiver must be started again");
    }
    if (open) return open;
    const { recoveryDirectory, locations, host } = this.#options;
    const { spoolCap } = this.#limits;
    const holdings = await Holdings.open({
      recoveryDirectory,
      incarnation,
      locations,
      host,
      spoolCap,
      server: () => this.#serverPlace(),
      onProgress: () => this.#confirm(),
    });
    this.#holdings = holdings;
    this.#uploading = holdings.run(this.#ending.signal);
    this.#uploading.catch((error: unknown) => this.#crash.reject(error));
    return holdings;
  }

  /** Where PostgreSQL is on its own timeline, as it last said. */
  #serverPlace(): WalPosition | null {
    this.#place = this.#reception?.place ?? this.#place;
    return this.#place;
  }

  #receptionOf(holdings: Holdings, replication: Replication, server: SystemIdentity): ReceptionOptions {
    return {
      replication,
      server,
      spool: holdings.spool,
      origin: holdings.incarnation.from,
      loss: this.#loss,
      stored: () => holdings.stored(),
      room: (signal) => holdings.room(signal),
      onDisk: async (problem) => {
        this.#problems.disk = problem;
        if (problem) await holdings.shrink();
      },
      onStreaming: () => this.#become("streaming"),
      onReceived: () => {
        this.#loss = null;
        this.#confirm();
      },
      onGap: async (gap) => await holdings.noteGap(gap),
      onFork: ({ at, received }) => {
        this.#problems.fork = `PostgreSQL forked off at ${formatLsn(at)}, before ${formatLsn(received)}, which was received: ${received - at} bytes of WAL are no longer part of the database. They are kept.`;
      },
    };
  }

  /** PostgreSQL may let go of what is safe. */
  #confirm(): void {
    const [holdings, reception] = [this.#holdings, this.#reception];
    const received = holdings?.spool.end?.lsn;
    if (!holdings || !reception || received === undefined) return;
    const { flushed, alarm } = confirmation({
      locations: holdings.uploads.map(({ location: { domain, required }, durable, fenced }) => {
        return { domain, required, durable, fenced };
      }),
      received,
      began: reception.began ?? received,
      server: furthest(reception.serverEnd, this.#watch.position) ?? received,
      keepBytes: this.#watch.keepBytes,
    });
    this.#problems.lag = alarm ? LAG : null;
    if (flushed !== null) reception.confirm(flushed);
  }

  /** Each second: where PostgreSQL is, what may leave the spool, and whether we are in the way. */
  async #lookAfter(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#watch.look(this.#holdings?.spool ?? null);
      await this.#holdings?.tidy();
      this.#confirm();
      if (this.#holdings?.fenced || this.#hindersShutdown()) await this.#reception?.leave();
      await sleep(SECOND_MS, signal).catch(() => {});
    }
  }

  /** A PostgreSQL that shuts down waits for ever for a receiver that lags: the slot keeps what is missing. */
  #hindersShutdown(): boolean {
    const reception = this.#reception;
    const end = furthest(reception?.serverEnd ?? null, this.#holdings?.spool.end?.lsn ?? null);
    const lags = reception && end !== null && (reception.confirmed ?? 0n) < end;
    if (!lags || !this.#watch.refused) {
      this.#refusedSince = null;
      return false;
    }
    this.#refusedSince ??= monotonic();
    return monotonic() - this.#refusedSince >= this.#limits.shutdownPatience;
  }

  async #tellEachSecond(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#options.tell(this.#status());
      await sleep(SECOND_MS, signal).catch(() => {});
    }
  }

  #become(state: ReceiverState, problem: string | null = null): void {
    const same = state === this.#state;
    if (same && problem === this.#problems.connection) return;
    this.#problems.connection = problem;
    if (!same) this.#since = now().toISOString();
    this.#state = state;
    this.#options.log[problem ? "warn" : "info"]({ state, problem }, "receiving WAL");
    this.#options.tell(this.#status());
  }

  #status(): ReceiverStatus {
    const [holdings, watch] = [this.#holdings, this.#watch];
    const end = holdings?.spool.end ?? null;
    const position = furthest(watch.position, this.#reception?.serverEnd ?? null, end?.lsn ?? null);
    const { connection, disk, lag, fork } = this.#problems;
    const problems = [connection, disk, holdings?.problem, lag, fork, watch.problem].filter(Boolean);
    const seen = { positions: watch.positions, position, now: monotonic() };
    return {
      state: this.#state,
      problem: problems.length > 0 ? problems.join(" ") : null,
      since: this.#since,
      systemId: holdings?.incarnation.systemId ?? null,
      incarnation: holdings?.incarnation.incarnation ?? null,
      timeline: this.#reception?.timeline ?? end?.timeline ?? null,
      position: shownLsn(position),
      sampledAt: watch.sampledAt,
      received: shownLsn(end?.lsn ?? null),
      locations: (holdings?.uploads ?? []).map((upload) => locationStatus(upload, seen)),
      gap: holdings?.gap ?? null,
    };
  }
}
