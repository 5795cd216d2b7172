/**
 * The directory of a test run, which is TMPDIR for all its tests: whatever they leave goes with it.
 *
 * It is in memory where there is plenty. PostgreSQL then costs half as much, and nothing is proved less: what survives a
 * kill on a disk does so in the kernel's memory.
 */
import { chmod, mkdtemp, readFile, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY = "/dev/shm";
const PLENTY_BYTES = 8 * 1024 ** 3;
/** Nobody else's: what begins so and whose lock is stale is removed. Short, since sockets are below. */
export const PREFIX = "pl-tests-";

/** Where runs make their directories, this one and others. */
export const RUN_ROOTS = [...new Set([MEMORY, tmpdir()])];

/** Also another account may pass through. */
export async function makeRunDirectory(): Promise<string> {
  const root = !process.env.TMPDIR && (await isPlenty()) ? MEMORY : tmpdir();
  const directory = await mkdtemp(join(root, PREFIX));
  await chmod(directory, 0o711);
  return directory;
}

/** Programs are run there, too. */
async function isPlenty(): Promise<boolean> {
  const mounts = await readFile("/proc/mounts", "utf8");
  const mount = mounts.split("\n").findLast((line) => line.split(" ")[1] === MEMORY);
  if (!mount || /[ ,]noexec[, ]/.test(mount)) return false;
  const { bavail, bsize } = await statfs(MEMORY);
  return bavail * bsize >= PLENTY_BYTES;
}

/** A directory on another file system than `path`; null: there is none. */
export async function otherFileSystem(path: string): Promise<string | null> {
  const { dev } = await stat(path);
  for (const other of [MEMORY, "/tmp", "/var/tmp"]) {
    const found = await stat(other).catch(() => null);
    if (found && found.dev !== dev) return await mkdtemp(join(other, PREFIX));
  }
  return null;
}
