/**
 * How far PostgreSQL was when it was last seen, kept in the home: where everything dies at once, a restore can still say
 * what is lost and since when nobody answered. Not synced: a machine that dies takes the figure along, no data.
 */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DISK_AWAY, isErrno, readIfExists } from "../base/files.ts";

export interface LastSeen {
  /** Its WAL was flushed up to here. */
  lsn: string;
  /** By its own clock; ISO 8601, UTC. */
  at: string;
}

export function keepLastSeen(recovery: string, seen: LastSeen): void {
  const path = fileIn(recovery);
  const temporary = `${path}~${process.pid}.tmp`;
  try {
    writeFileSync(temporary, JSON.stringify(seen), { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    // It only informs; what a full disk means for the WAL itself is told by the receiver.
    if (!isErrno(error, ...DISK_AWAY)) throw error;
  }
}

/** null: nobody has seen it yet, or what is there cannot be understood. */
export async function readLastSeen(recovery: string): Promise<LastSeen | null> {
  const text = await readIfExists(fileIn(recovery));
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return isLastSeen(value) ? { lsn: value.lsn, at: value.at } : null;
  } catch {
    return null; // torn by a crash
  }
}

function isLastSeen(value: unknown): value is LastSeen {
  if (typeof value !== "object" || value === null || !("lsn" in value) || !("at" in value)) return false;
  return typeof value.lsn === "string" && typeof value.at === "string";
}

function fileIn(recovery: string): string {
  return join(recovery, "last-seen.json");
}
