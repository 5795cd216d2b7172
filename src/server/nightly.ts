/**
 * The nightly export from the server's side: it starts when one is due, as a process of its own, so that fetching
 * does not wait for it. `promptlib nightly` is that process, and makes one now for whoever calls it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { sql } from "kysely";
import { monotonic, now } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import { exportProblemOf, noteTry, readExports } from "../base/export-folder.ts";
import type { Log } from "../base/log.ts";
import { errorTable, PromptlibError } from "../contract/errors.ts";
import { postgresConnection } from "../database/connection.ts";
import { type Database, openDatabase } from "../database/database.ts";
import { makeNightlyExport, type NightlyExport } from "../library/nightly-export.ts";
import { exportDue } from "./nightly-schedule.ts";

const LOOK_EVERY_MS = 15_000;
const FLOOR_BYTES = 512 * 1024 * 1024;
const END_MS = 3_000;
/** Time for a database that is coming back, and not again and again where it is the export that it dies of. */
const DATABASE_PAUSE_MS = 60_000;
const DATABASE_AWAY = `exit ${errorTable.database_unavailable.exit}`;

/** Makes one now, and notes what became of it. Errors: those of `makeNightlyExport`. */
export async function runNightly(config: Config, signal: AbortSignal): Promise<NightlyExport> {
  const { dir: folder, keep } = config.exports;
  const at = now().toISOString();
  const life = await lifeOf(config);
  const database = await openFor(config);
  try {
    const made = await makeNightlyExport(database, { folder, keep, floor: FLOOR_BYTES, signal });
    await noteTry(folder, { at, problem: null });
    return made;
  } catch (error) {
    if (error instanceof PromptlibError && error.code === "interrupted") throw error;
    // Where the database went away health says so itself, and the export is due again.
    if (life === null || (await lifeOf(config)) !== life)
      throw new PromptlibError("database_unavailable", { cause: error });
    const told = toldAs(error);
    await noteTry(folder, { at, problem: told.message }).catch(() => {});
    throw told;
  } finally {
    await database.close();
  }
}

async function openFor(config: Config): Promise<Database> {
  const { client, setRole } = await postgresConnection(config, "app");
  return openDatabase(client, setRole);
}

/**
 * When PostgreSQL was started; null: it does not answer. On a connection of its own: one that was there before may go on
 * answering after its data directory is gone.
 */
async function lifeOf(config: Config): Promise<string | null> {
  const database = await openFor(config);
  try {
    const asked = sql<{ life: string }>`select pg_postmaster_start_time()::text as life`;
    return (await asked.execute(database.reads)).rows[0]?.life ?? null;
  } catch {
    return null;
  } finally {
    await database.close();
  }
}

/** Of a database that lives. */
function toldAs(error: unknown): PromptlibError {
  if (error instanceof PromptlibError && error.code !== "database_unavailable") return error;
  const message = error instanceof Error ? error.message : String(error);
  return new PromptlibError("export_failed", { message: `It could not be written: ${message}.`, cause: error });
}

interface NightlyOptions {
  config: Config;
  log: Log;
  /** What starts this program again: Node's flags and the main file. */
  program: readonly string[];
  /** Whether the database answers: else there is nothing to try. */
  ready(): boolean;
}

export class Nightly {
  readonly #options: NightlyOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  /** Monotonic milliseconds. */
  #notBefore = 0;

  constructor(options: NightlyOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#running;
  }

  async #look(): Promise<void> {
    const { config, log, ready } = this.#options;
    if (this.#running || !config.exports.at || !ready() || monotonic() < this.#notBefore) return;
    this.#running = this.#makeIfDue(config.exports.at).catch((error) => {
      log.error({ err: error }, "the nightly export could not be made");
    });
    await this.#running;
    this.#running = null;
  }

  async #makeIfDue(at: NonNullable<Config["exports"]["at"]>): Promise<void> {
    const { config, log } = this.#options;
    const { dir } = config.exports;
    const begun = now();
    if (!exportDue(await readExports(dir), at, begun)) return;
    const how = await this.#make();
    if (this.#stopping.signal.aborted) return;
    if (how === DATABASE_AWAY) {
      this.#notBefore = monotonic() + DATABASE_PAUSE_MS;
      log.warn("the database went away from the nightly export, which is tried again");
      return;
    }
    const known = await readExports(dir);
    // One that was killed could not say so itself.
    if (how !== null && !(known.last && new Date(known.last.at) >= begun)) {
      await noteTry(dir, { at: begun.toISOString(), problem: `It ended before it was done (${how}).` });
    }
    const problem = await exportProblemOf(config);
    if (problem === null) log.info("the nightly export was made");
    else log.error({ problem: problem.whole }, "the nightly export was not made");
  }

  /** null: it was made; else how the process ended. */
  async #make(): Promise<string | null> {
    const { program } = this.#options;
    const child = spawn(process.execPath, [...program, "nightly", "--json"], {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    const stop = () => {
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), END_MS).unref();
    };
    this.#stopping.signal.addEventListener("abort", stop);
    try {
      if (this.#stopping.signal.aborted) stop();
      const [code, signal] = await once(child, "exit");
      return code === 0 ? null : (signal ?? `exit ${code}`);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      this.#stopping.signal.removeEventListener("abort", stop);
    }
  }
}
