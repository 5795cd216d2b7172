/** How much of the newest file of a spool can be WAL, for whoever reads it without PostgreSQL to ask. */
import { open } from "node:fs/promises";

const BLOCK = 1024 * 1024;
/** Records of WAL, and all positions that PostgreSQL flushes to, lie on multiples of it (MAXALIGN). */
const ALIGNED = 8;

/**
 * Bytes of the file up to its last that is not zero: when the machine dies, a file may have grown to a size whose bytes
 * never reached the disk. Real zeros that are left out with them are what a segment is padded with anyway.
 */
export async function bytesBeforeZeros(path: string): Promise<number> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
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
