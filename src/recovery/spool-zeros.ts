/** How much of a spool file is known after a crash. */
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DISK_AWAY, isErrno, readIfExists, writeFileDurably } from "../base/files.ts";

const BLOCK = 1024 * 1024;
/** Records of WAL, and all positions that PostgreSQL flushes to, lie on multiples of it (MAXALIGN). */
const ALIGNED = 8;
const FILE = "boot-id";

/**
 * Bytes of the file that count. Of the newest one only those up to its last that is not zero: when the machine dies, a
 * file may have grown to a size whose bytes never reached the disk. Real zeros that are lost with them come again from
 * PostgreSQL, or are what a segment is padded with anyway. With `sameBoot` the machine has not died since it was
 * written: whatever a killed process wrote is there. The bytes that count are synced.
 */
export async function knownBytes(path: string, newest: boolean, sameBoot = false): Promise<number> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (!newest) return size;
    await file.datasync();
    if (sameBoot) return size;
    const block = Buffer.alloc(BLOCK);
    for (let end = size; end > 0; ) {
      const from = Math.max(0, end - BLOCK);
      const { bytesRead } = await file.read(block, 0, end - from, from);
      const last = block.subarray(0, bytesRead).findLastIndex((byte) => byte !== 0);
      if (last >= 0) return Math.min(size, Math.ceil((from + last + 1) / ALIGNED) * ALIGNED);
      end = from;
    }
    return 0;
  } finally {
    await file.close();
  }
}

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
