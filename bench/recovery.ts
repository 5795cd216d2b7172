/**
 * Backup, restore and the receiving of WAL, beside pg_basebackup, pg_receivewal and pgBackRest, on one PostgreSQL 15 of
 * Debian with some 2 GB. BENCH_SMALL=1: everything once, on 70 MB, to see that it works.
 */
import { print } from "./instance.ts";
import { benchBackup } from "./recovery-backup.ts";
import { benchCost } from "./recovery-cost.ts";
import { benchLag } from "./recovery-lag.ts";
import { makeLife, startReceiving } from "./recovery-ours.ts";
import { openPgBackRest } from "./recovery-pgbackrest.ts";
import { clusterBytes, ensurePackages, makeCluster, type Postgres, setArchiving } from "./recovery-postgres.ts";
import { Programs } from "./recovery-programs.ts";
import { benchRestore } from "./recovery-restore.ts";

const small = process.env.BENCH_SMALL === "1";
const SCALE = small ? 5 : 140;
const ROUNDS = small ? 1 : 3;
const COMMITS = small ? 20 : 200;
const LOAD_SECONDS = small ? 3 : 20;
const WRITE_SECONDS = small ? 3 : 15;

export async function benchRecovery(): Promise<void> {
  const programs = await Programs.open();
  try {
    await ensurePackages(programs);
    const postgres = await makeCluster(programs, SCALE);
    await backUpAndRestore(programs, postgres);
    await benchLag(programs, postgres, { commits: COMMITS, loadSeconds: LOAD_SECONDS });
    await benchCost(programs, postgres, { rounds: ROUNDS, seconds: WRITE_SECONDS });
  } catch (error) {
    // What was ended failed for no reason of its own; closing it ends us.
    if (programs.interrupted) await programs.close();
    else throw error;
  } finally {
    await programs.close();
  }
}

async function backUpAndRestore(programs: Programs, postgres: Postgres): Promise<void> {
  const pgBackRest = await openPgBackRest(programs, postgres);
  const [version] = await postgres.ask<{ server_version: string }>("show server_version");
  const gibibytes = ((await clusterBytes(postgres)) / 2 ** 30).toFixed(2);
  print(`## Backup and restore of ${gibibytes} GiB`, "");
  print(`PostgreSQL ${version?.server_version}, ${pgBackRest.version}, median [lowest–highest].`, "");
  const life = await makeLife(programs, "ours");
  // As in earnest: backups are made while WAL is received.
  const receiving = await startReceiving(programs, postgres, life);
  const made = await benchBackup(programs, postgres, { life, pgBackRest, rounds: ROUNDS });
  await postgres.ask("select pg_switch_wal()");
  await receiving.stop();
  await benchRestore(programs, postgres, { life, made, pgBackRest, rounds: ROUNDS });
  await setArchiving(postgres, null);
}
