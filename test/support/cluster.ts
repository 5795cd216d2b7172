/**
 * What tests stand on: real PostgreSQL, real processes, own directories.
 *
 * This file makes clusters for tests: nothing is synced to disk, everything else is as in earnest.
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Home, homeAt } from "../../src/base/config.ts";
import { prepareHome } from "../../src/base/home.ts";
import { type Log, openLog } from "../../src/base/log.ts";
import { type Cluster, openCluster } from "../../src/postgres/cluster.ts";

/** With TEST_POSTGRES_BIN=/usr/lib/postgresql/15/bin the same tests run on another PostgreSQL. */
export const testPostgresBin = process.env.TEST_POSTGRES_BIN || null;

/** The database of the run's cluster that fresh ones are copied from. */
export const TEMPLATE = "promptlib_template";

const unsynced = { fsync: "off", full_page_writes: "off", max_connections: "200" };

/** A directory of the test's own, which also another account may pass through. */
export async function temporaryDirectory(prefix = "promptlib-test-"): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  await chmod(path, 0o711);
  return path;
}

export async function temporaryHome(): Promise<{ home: Home; remove(): Promise<void> }> {
  const directory = await temporaryDirectory();
  const home = homeAt(join(directory, "home"));
  await prepareHome(home);
  return { home, remove: async () => await rm(directory, { recursive: true, force: true, maxRetries: 5 }) };
}

export function testCluster(home: Home, postgresBin: string | null = testPostgresBin): Cluster {
  return openCluster({ home, postgresBin, log: testLog(home), durable: false, settings: unsynced });
}

export function testLog(home: Home): Log {
  return openLog("debug", join(home.logs, "test.log"));
}
