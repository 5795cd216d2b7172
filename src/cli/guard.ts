/** promptlib guard: owns the embedded PostgreSQL. `up` runs it; by itself it serves containers of its own. */
import { join } from "node:path";
import type { Command } from "commander";
import { until } from "../base/clock.ts";
import { type Config, readConfig } from "../base/config.ts";
import { lockHome, prepareHome } from "../base/home.ts";
import type { Lock } from "../base/lock.ts";
import { openLog } from "../base/log.ts";
import { supervision } from "../base/supervision.ts";
import { PromptlibError } from "../contract/errors.ts";
import { Guardian } from "../guardian/guardian.ts";
import { note } from "./output.ts";
import { program } from "./this-program.ts";
import { examples } from "./verb.ts";

export function registerGuard(all: Command): void {
  const command = all
    .command("guard")
    .summary("run the embedded PostgreSQL and keep it running (up does this)")
    .description(
      "Run the embedded PostgreSQL and keep it running, without the server. `promptlib up` does this by itself. With DATABASE_URL there is nothing to guard, and it ends at once.",
    )
    .option("--existing", "never make a new database: there is one, wherever it went")
    .action(guard);
  examples(command, "promptlib guard");
}

/** A predecessor that leaves needs a moment. */
const LOCK_PATIENCE_MS = 10_000;

async function guard({ existing = false }: { existing?: boolean }): Promise<void> {
  const config = readConfig();
  if (config.database) return note("The PostgreSQL is not ours (DATABASE_URL): there is nothing to guard.");
  if (!supervision()) await prepareHome(config.home, config.database ? [] : ["database"]);
  const lock = await patientLock(config);
  try {
    await guardUntilStopped(config, existing);
  } finally {
    await lock.release();
  }
}

async function guardUntilStopped(config: Config, existing: boolean): Promise<void> {
  const supervisor = supervision();
  const log = openLog(config.logLevel, supervisor ? join(config.home.logs, "guard.log") : null);
  const guarding = new Guardian({
    config,
    program: program(),
    log,
    existing,
    tell(postgres) {
      log.info(postgres, "PostgreSQL");
      void supervisor?.say({ type: "postgres", postgres });
      if (postgres.state === "running") void supervisor?.ready();
    },
  });
  let stopped: Promise<void> | null = null;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      stopped ??= guarding.stop();
    });
  }
  // The next guard adopts PostgreSQL, and readers and writers notice nothing.
  supervisor?.onLost(() => {
    if (!stopped) process.exit(0);
  });
  try {
    await guarding.run();
    await stopped;
  } catch (error) {
    await guarding.stop();
    throw error;
  }
}

async function patientLock({ home }: Config): Promise<Lock> {
  let refusal: PromptlibError | null = null;
  const lock = await until(
    async () => {
      try {
        return await lockHome(home, "guard.lock");
      } catch (error) {
        if (!(error instanceof PromptlibError) || error.code !== "home_in_use") throw error;
        refusal = error;
        return null;
      }
    },
    { timeout: LOCK_PATIENCE_MS, every: 100 },
  );
  if (lock) return lock;
  throw refusal ?? new PromptlibError("home_in_use");
}
