/** promptlib receive: stores what PostgreSQL writes, as it writes it. The guardian runs it. */
import { hostname } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { type Home, readConfig } from "../base/config.ts";
import { lockHome, outlive } from "../base/home.ts";
import type { Lock } from "../base/lock.ts";
import { openLog } from "../base/log.ts";
import { supervision } from "../base/supervision.ts";
import type { FromReceiver } from "../guardian/receiving.ts";
import { examples } from "./verb.ts";

export function registerReceive(program: Command): void {
  const command = program
    .command("receive")
    .summary("store WAL as PostgreSQL writes it (the guardian does this)")
    .description(
      "Receive PostgreSQL's write-ahead log and store it in every location within a second. The guardian runs this; PostgreSQL lets one in at a time.",
    )
    .action(receive);
  examples(command, "promptlib receive");
}

const LEAVES_WITHIN_MS = 10_000;

async function receive(): Promise<void> {
  const config = readConfig();
  const supervisor = supervision();
  // The next one goes on where this one was: what was received is in the spool.
  supervisor?.onLost(() => process.exit(0));
  const lock = await nextInLine(config.home);
  const [{ postgresConnection }, { configuredLocations }, { keepLastSeen }, { startReceiver }] = await Promise.all([
    import("../postgres/connection.ts"),
    import("../recovery/configured-locations.ts"),
    import("../recovery/last-seen.ts"),
    import("../recovery/receive.ts"),
  ]);
  const { client } = await postgresConnection(config, "guard");
  let seenAt: string | null = null;
  const receiver = startReceiver({
    replication: client,
    sql: client,
    recoveryDirectory: config.home.recovery,
    locations: await configuredLocations(config, { make: true }),
    log: openLog(config.logLevel, supervisor ? join(config.home.logs, "receive.log") : null),
    host: hostname(),
    tell(wal) {
      void supervisor?.say<FromReceiver>({ type: "wal", wal });
      const { position, sampledAt, incarnation } = wal;
      if (position === null || sampledAt === null || incarnation === null || sampledAt === seenAt) return;
      seenAt = sampledAt;
      keepLastSeen(config.home.recovery, { lsn: position, at: sampledAt, incarnation });
    },
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void receiver.stop());
  await supervisor?.ready();
  await receiver.done;
  await lock.release();
}

/** PostgreSQL lets one in at a time; two must not write one spool either. One whose guard was killed is just leaving. */
async function nextInLine(home: Home): Promise<Lock> {
  await outlive(home, "receive.lock", LEAVES_WITHIN_MS);
  return await lockHome(home, "receive.lock");
}
