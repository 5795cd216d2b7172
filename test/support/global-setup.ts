/**
 * A cluster for each worker of the run, copies of one, with a template database that holds the migrated schema; see
 * database.ts for what tests get. One for all would not do: a writing transaction in any database of a cluster holds
 * up the order of the change feed in all.
 */
import { spawnSync } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { type Home, homeAt } from "../../src/base/config.ts";
import { isErrno, readIfExists } from "../../src/base/files.ts";
import { prepareHome } from "../../src/base/home.ts";
import { takeLock } from "../../src/base/lock.ts";
import { migrate } from "../../src/database/migrate.ts";
import { embeddedConnection } from "../../src/postgres/connection.ts";
import { existingPlace } from "../../src/postgres/place.ts";
import { findPostmaster, stopPostmaster } from "../../src/postgres/postmaster.ts";
import { connectAsSuperuser, ensureExtensions } from "../../src/postgres/roles.ts";
import { TEMPLATE, testCluster } from "./cluster.ts";
import { duplicate } from "./copied-cluster.ts";
import { makeRunDirectory, PREFIX, RUN_ROOTS } from "./run-directory.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The roots of the homes whose clusters the tests of this run share: one for each worker, by its VITEST_POOL_ID. */
    sharedHomes: string[];
  }
}

const HOME = "home-";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  sayWhatIsLeftOut(project);
  buildPages();
  await sweep();
  const directory = await makeRunDirectory();
  process.env.TMPDIR = directory;
  // Hundreds of processes read the same sources.
  process.env.NODE_COMPILE_CACHE = join(directory, "compiled");
  const lock = await takeLock(join(directory, "lock"));
  const homes = Array.from({ length: project.vitest.config.maxWorkers }, (_, n) =>
    homeAt(join(directory, `${HOME}${n + 1}`)),
  );
  await prepareHomes();
  const clusters = homes.map((home) => testCluster(home));
  await Promise.all(clusters.map((cluster) => cluster.start()));
  project.provide(
    "sharedHomes",
    homes.map(({ root }) => root),
  );
  return async () => {
    await Promise.all(clusters.map((cluster) => cluster.stop("immediate")));
    if ("release" in lock) await lock.release();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };

  async function prepareHomes(): Promise<void> {
    const [home, ...others] = homes as [Home, ...Home[]];
    await prepareHome(home);
    const cluster = testCluster(home);
    await cluster.start();
    await fillTemplate(home);
    await cluster.stop();
    for (const other of others) await duplicate(home.root, other.root);
  }
}

function sayWhatIsLeftOut(project: TestProject): void {
  if (project.vitest.projects.some(({ name }) => name === "all")) return;
  console.warn(
    "\n*** NOT TESTED HERE: the pages in a browser, and what needs root, system packages or minutes. npm run test:all does. ***\n",
  );
}

/** Once, where they are missing or stale: else every `promptlib up` of the tests would build them, several at a time. */
function buildPages(): void {
  const { status } = spawnSync(fileURLToPath(new URL("../../bin/pages", import.meta.url)), { stdio: "inherit" });
  if (status !== 0) throw new Error("the pages could not be built");
}

async function fillTemplate(home: Home): Promise<void> {
  const admin = await connectAsSuperuser(home);
  await admin.query(`create database ${TEMPLATE} owner promptlib_owner`);
  await admin.end();
  await ensureExtensions(home, TEMPLATE);
  const owner = new pg.Client(await embeddedConnection(home, "promptlib_owner", TEMPLATE));
  await owner.connect();
  await migrate(owner);
  await owner.end();
}

/** Ends what a run that was killed left behind. Other runs may be going on, starting, or ending at the same time. */
async function sweep(): Promise<void> {
  for (const root of RUN_ROOTS) {
    for (const name of await readdir(root).catch(() => [])) {
      if (!name.startsWith(PREFIX)) continue;
      const directory = join(root, name);
      try {
        if (await isLeftOver(directory)) await removeRun(directory);
      } catch (error) {
        // Another account's is that one's to end.
        if (!isErrno(error, "ENOENT", "EACCES", "EPERM")) throw error;
      }
    }
  }
}

async function isLeftOver(directory: string): Promise<boolean> {
  const lockFile = join(directory, "lock");
  // One that was told to end lets go of its lock and leaves the rest; one that begins has the lock before its homes.
  if ((await readIfExists(lockFile)) === null) return (await readdir(directory)).some((name) => name.startsWith(HOME));
  const lock = await takeLock(lockFile);
  return "release" in lock;
}

async function removeRun(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(HOME)) continue;
    const place = await existingPlace(homeAt(join(directory, name)));
    const left = place && (await findPostmaster(place));
    if (place && left) await stopPostmaster(left, place, "immediate");
  }
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}
