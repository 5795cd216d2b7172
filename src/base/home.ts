/** The home: made before anything starts, refused with a sentence where it cannot be used. */
import { randomBytes } from "node:crypto";
import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { PromptlibError } from "../contract/errors.ts";
import { until } from "./clock.ts";
import type { Home } from "./config.ts";
import { createFileDurably, freeSpace, isDiskFull, isErrno, prepareDirectory, readIfExists } from "./files.ts";
import { type Lock, lockHolder, takeLock } from "./lock.ts";

/** Below this nothing is started: PostgreSQL needs room to recover, and a full disk is not the time to find out. */
const LEAST_FREE_BYTES = 256 * 1024 * 1024;

/**
 * Makes the directories of the home and checks that they can be used. `others`: what else is to have room, for who starts
 * PostgreSQL; a recovery is to go on whatever the disk of the database is like.
 * Errors: `home_not_writable`, `disk_full`.
 */
export async function prepareHome(home: Home, others: readonly Apart[] = []): Promise<void> {
  // Root starts PostgreSQL as another account, which must be able to pass through the home.
  const passable = process.getuid?.() === 0 ? 0o711 : 0o700;
  await prepareDirectory(home.root, passable);
  for (const path of [home.keys, home.run, home.data, home.prompts, home.recovery, home.logs]) {
    await prepareDirectory(path, 0o700);
  }
  for (const path of [home.keys, home.run]) await chmod(path, 0o700);
  const { path, free } = await leastRoom(home, others);
  if (free < LEAST_FREE_BYTES) {
    throw new PromptlibError("disk_full", {
      message: `There are ${Math.floor(free / 1048576)} MiB free where ${path} lies; at least ${LEAST_FREE_BYTES / 1048576} MiB are needed to start.`,
    });
  }
}

/** What is written to and may lie on another disk than the home. */
type Apart = "database" | "mirror";

/**
 * Where the least room is left, in bytes: the home or one of the others. Of what shares a disk the first is named; what
 * is not there (yet) is left out.
 */
export async function leastRoom(
  home: Home,
  others: readonly Apart[],
): Promise<{ of: "home" | Apart; path: string; free: number }> {
  const paths = { database: home.postgres, mirror: home.data };
  let least = { of: "home" as "home" | Apart, path: home.root, free: await freeSpace(home.root) };
  const disks = [(await stat(home.root)).dev];
  for (const of of others) {
    const path = paths[of];
    const disk = await diskOf(path);
    if (disk === null || disks.includes(disk)) continue;
    disks.push(disk);
    const free = await freeSpace(path);
    if (free < least.free) least = { of, path, free };
  }
  return least;
}

async function diskOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).dev;
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "EACCES")) return null;
    throw error;
  }
}

type LockName = "lock" | "guard.lock" | "serve.lock" | "job.lock" | "receive.lock";

/** Takes the lock `run/<name>`; throws `home_in_use` where a living process has it. */
export async function lockHome(home: Home, name: LockName): Promise<Lock> {
  const lock = await takeLock(join(home.run, name));
  if ("release" in lock) return lock;
  throw new PromptlibError("home_in_use", {
    message: `Another Prompt Library (process ${lock.heldBy.pid}) is running on ${home.root}.`,
  });
}

/**
 * Waits until nobody holds `run/<name>`: one whose parent was killed ends by itself, and takes back what it began. After
 * `patience` ms it is killed.
 */
export async function outlive(home: Home, name: LockName, patience: number): Promise<void> {
  const path = join(home.run, name);
  if (await until(async () => (await lockHolder(path)) === null, { timeout: patience, every: 50 })) return;
  const holder = await lockHolder(path);
  if (holder) process.kill(holder.pid, "SIGKILL");
  await until(async () => (await lockHolder(path)) === null, { timeout: 10_000, every: 50 });
}

/**
 * A secret that was not given: made once, kept in keys/ (0600). Several processes may ask at once; one makes it.
 * Answers 64 hexadecimal digits.
 */
export async function keptSecret(home: Home, name: string): Promise<string> {
  const path = join(home.keys, name);
  try {
    const existing = await readIfExists(path);
    if (existing) return existing.trim();
    await createFileDurably(path, `${randomBytes(32).toString("hex")}\n`);
  } catch (error) {
    if (isDiskFull(error)) throw new PromptlibError("disk_full", { cause: error });
    throw error;
  }
  const made = await readIfExists(path);
  if (!made) throw new Error(`${path} vanished while it was being made`);
  return made.trim();
}
