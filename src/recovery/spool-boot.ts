/** Whether the machine has run without a break since the spool was opened: a kill of the process alone loses no byte. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DISK_AWAY, isErrno, readIfExists, writeFileDurably } from "../base/files.ts";

const FILE = "boot-id";

/** Whether the machine has run without a break since `noteBoot` was called for the directory. */
export async function isSameBoot(directory: string): Promise<boolean> {
  return (await readIfExists(join(directory, FILE))) === (await bootId());
}

/** A disk that does not take it now costs no more than a closer look at the next start. */
export async function noteBoot(directory: string): Promise<void> {
  try {
    await writeFileDurably(join(directory, FILE), await bootId());
  } catch (error) {
    if (!isErrno(error, ...DISK_AWAY)) throw error;
  }
}

async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
}
