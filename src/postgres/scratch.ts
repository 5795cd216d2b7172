/**
 * A server on a restored data directory, shut off from everything else: for recovery, proofs and drills. It answers
 * nobody but the account that started it, over a socket of its own.
 */
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { sleep } from "../base/clock.ts";
import { isErrno } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Account } from "./account.ts";
import { type PostgresSettings, SUPERUSER_ACCESS, serverArguments, writeConfigurationFiles } from "./configuration.ts";
import { connected } from "./connection.ts";
import { makeDirectory, prepareSocketDirectory, refuseImpassable, socketBelow } from "./place.ts";
import {
  clearRemains,
  findPostmaster,
  logSize,
  type Postmaster,
  runningProcesses,
  spawnServer,
  stopPostmaster,
  wordsSince,
} from "./postmaster.ts";
import { prepareScratchData } from "./scratch-data.ts";
import { type Recovery, scratchConnection, scratchSettings } from "./scratch-settings.ts";
import { refuseNewTablespaces } from "./scratch-wal.ts";
import { progressIn, recovered, scratchFailed } from "./scratch-words.ts";

export interface ScratchOptions {
  /** The data directory: there, and all of it owned by `account`. */
  data: string;
  /** Outside of `data`, made where it is missing: configuration, socket and log. */
  directory: string;
  /** The directory with `postgres`, of the data directory's major version. */
  bin: string;
  account: Account | null;
  /** null: only what any start after a crash recovers, from pg_wal of the data directory; the timeline stays. */
  recovery: Recovery | null;
  /** Sizes of the source (max_connections, …), which recovery must not go below. Anything else in it does not count. */
  settings: PostgresSettings;
  log: Log;
  /** When it is aborted the server ends at once, also one that has long been started. */
  signal: AbortSignal;
  /** How far recovery is, in PostgreSQL's words. */
  onProgress?(words: string): void;
}

export interface Scratch {
  readonly pid: number;
  /** Recovery ended at its target, and not because the WAL did. False without a target. */
  readonly targetReached: boolean;
  /** Where the last record that was replayed begins; null: there was none. */
  readonly redoDone: string | null;
  /** As superuser. */
  connection(database: string): pg.ClientConfig;
  /** Settles when the server has ended, asked or not. */
  ended(): Promise<void>;
  /** With a checkpoint; nothing of it runs afterwards. */
  stop(): Promise<void>;
}

/** A checkpoint of everything that was replayed may take its time on a slow disk. */
const STOP_MS = 600_000;
const POLL_MS = 250;
/** Bytes of the log that are read at once. */
const PIECE = 65_536;

/**
 * Answers when the server takes connections and has left recovery (on a new timeline, where there was a recovery).
 * Errors: `restore_failed` with PostgreSQL's last words in `details.lastLines` and the ScratchFailure in
 * `details.reason`; `disk_full`; `interrupted`; `postgres_start_failed` where the account cannot reach a directory.
 */
export async function startScratch(options: ScratchOptions): Promise<Scratch> {
  const { data, directory, account, recovery, signal } = options;
  if (signal.aborted) throw new PromptlibError("interrupted");
  const socket = socketBelow(directory, directory);
  const place = { data, socket, conf: join(directory, "conf") };
  if ((await runningProcesses(place)).length > 0) throw alreadyRuns(data);
  const major = await prepareScratchData(data, account, recovery !== null);
  await refuseNewTablespaces([join(data, "pg_wal"), ...(recovery ? [recovery.walDirectory] : [])], signal);
  await prepareDirectories(options, place);
  await clearRemains(place);

  const args = serverArguments(place, scratchSettings(major, options.settings, recovery));
  const logFile = join(directory, "postgres.log");
  const running = new Running(place, new LogTail(logFile, await logSize(logFile)), signal);
  const connection = (database: string) => scratchConnection(socket, major, database);
  try {
    await running.start(async () => await spawnServer(options.bin, args, { data, account, logFile }));
    await running.recovered(connection("template1"), options.onProgress);
    const said = recovered(await running.words());
    if (signal.aborted) throw new PromptlibError("interrupted");
    options.log.info({ data, ...said }, "a restored PostgreSQL was started");
    return {
      pid: running.pid,
      ...said,
      connection,
      ended: () => running.ended(),
      stop: () => running.stop("fast"),
    };
  } catch (error) {
    await running.stop("immediate");
    throw signal.aborted ? new PromptlibError("interrupted", { cause: error }) : error;
  }
}

/** Ends whatever PostgreSQL runs on this data directory, at once: one that outlived the process which started it. */
export async function clearScratch(data: string): Promise<void> {
  const place = { data, socket: null };
  const left = await findPostmaster(place);
  if (left) await stopPostmaster(left, place, "immediate");
  await clearRemains(place);
}

async function prepareDirectories(
  { directory, account, data, recovery }: ScratchOptions,
  { socket, conf }: { socket: string; conf: string },
): Promise<void> {
  await makeDirectory(directory, account ? 0o711 : 0o700);
  await makeDirectory(conf, account ? 0o755 : 0o700);
  for (const path of account ? [directory, data, ...(recovery ? [recovery.walDirectory] : [])] : []) {
    if (account) await refuseImpassable(path, account);
  }
  await prepareSocketDirectory(socket, account);
  await writeConfigurationFiles(conf, [], [SUPERUSER_ACCESS]);
}

class Running {
  readonly #place: { data: string; socket: string };
  readonly #tail: LogTail;
  readonly #signal: AbortSignal;
  readonly #abort = () => {
    this.#postmaster?.signal("SIGQUIT"); // also while a stop waits for its checkpoint
    // What fails here fails again in the stop of whoever started it, and is told there.
    this.stop("immediate").catch(() => {});
  };
  #postmaster: Postmaster | null = null;
  #stopping: Promise<void> | null = null;

  constructor(place: { data: string; socket: string }, tail: LogTail, signal: AbortSignal) {
    this.#place = place;
    this.#tail = tail;
    this.#signal = signal;
  }

  get pid(): number {
    return this.#postmaster?.pid ?? 0;
  }

  async start(spawn: () => Promise<Postmaster>): Promise<void> {
    try {
      this.#postmaster = await spawn();
    } catch (error) {
      if (!isErrno(error, "ENOENT", "EACCES", "EPERM")) throw error;
      throw new PromptlibError("restore_failed", { message: "PostgreSQL's program cannot be run.", cause: error });
    }
    this.#signal.addEventListener("abort", this.#abort, { once: true });
  }

  /** Waits, as long as it takes. Throws when the server ends before. */
  async recovered(connection: pg.ClientConfig, onProgress: ((words: string) => void) | undefined): Promise<void> {
    for (let pause = 10; ; pause = Math.min(pause * 2, POLL_MS)) {
      if (this.#signal.aborted) throw new PromptlibError("interrupted");
      const answers = await hasRecovered(connection);
      const alive = this.#postmaster?.alive() ?? false;
      for (const words of await this.#tail.news()) onProgress?.(words);
      if (!alive) throw scratchFailed(await this.words());
      if (answers) return;
      await sleep(pause);
    }
  }

  async words(): Promise<string> {
    return await this.#tail.words();
  }

  async ended(): Promise<void> {
    await this.#postmaster?.exited;
  }

  async stop(mode: "fast" | "immediate"): Promise<void> {
    this.#stopping ??= this.#stop(mode).finally(() => {
      this.#stopping = null;
    });
    await this.#stopping;
  }

  async #stop(mode: "fast" | "immediate"): Promise<void> {
    if (this.#postmaster) await stopPostmaster(this.#postmaster, this.#place, mode, STOP_MS);
    this.#signal.removeEventListener("abort", this.#abort);
    await clearRemains(this.#place);
    await rm(this.#place.socket, { recursive: true, force: true });
  }
}

/** What the server has said since it was started. */
class LogTail {
  readonly #file: string;
  readonly #from: number;
  #told = 0;

  constructor(file: string, from: number) {
    this.#file = file;
    this.#from = from;
  }

  async words(): Promise<string> {
    return await wordsSince(this.#file, this.#from);
  }

  /** Lines of progress that are new since the last call. */
  async news(): Promise<string[]> {
    const handle = await open(this.#file, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(PIECE), 0, PIECE, this.#from + this.#told);
      const whole = buffer.subarray(0, bytesRead).lastIndexOf("\n") + 1;
      this.#told += whole;
      return progressIn(buffer.toString("utf8", 0, whole));
    } finally {
      await handle.close();
    }
  }
}

/** False while it recovers. Throws `restore_failed` when it does not let us in. */
async function hasRecovered(connection: pg.ClientConfig): Promise<boolean> {
  try {
    return await connected(
      { ...connection, connectionTimeoutMillis: 2_000, query_timeout: 30_000 },
      async (client) =>
        (await client.query<{ done: boolean }>("select not pg_is_in_recovery() as done")).rows[0]?.done === true,
    );
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code === "57P03") return false; // cannot_connect_now
    throw new PromptlibError("restore_failed", {
      message: `The restored PostgreSQL runs, but does not let us in: ${error.message}.`,
      details: { reason: "other", lastLines: [] },
      cause: error,
    });
  }
}

function alreadyRuns(data: string): PromptlibError {
  return new PromptlibError("restore_failed", {
    message: `A PostgreSQL runs on ${data}.`,
    hint: "Is it a data directory that lives? If it was left by a restore that was killed, end it first.",
    details: { reason: "other", lastLines: [] },
  });
}
