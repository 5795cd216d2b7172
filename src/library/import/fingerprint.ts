/** Stands for texts in what an import remembers of each row, so that memory stays small. */
import { createHash } from "node:crypto";

/**
 * 128 bits; no part may hold a NUL. As 16 characters of one byte each: a piece cut out of a longer text would keep all of
 * that in memory.
 */
export function fingerprint(...parts: string[]): string {
  return createHash("sha256").update(parts.join("\u0000")).digest().toString("latin1", 0, 16);
}
