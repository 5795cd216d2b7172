/**
 * How far PostgreSQL was when it was last seen, kept in the home: where everything dies at once, a restore can still say
 * what is lost and since when nobody answered. Not synced: a machine that dies takes the figure along, no data.
 */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { DISK_AWAY, isErrno, readIfExists } from "../base/files.ts";
import { readableIncarnation } from "./incarnation.ts";

const shape = z.object({ lsn: z.string(), at: z.string(), incarnation: z.string() });

export interface LastSeen {
  /** Its WAL was flushed up to here. */
  lsn: string;
  /** By its own clock; ISO 8601, UTC. */
  at: string;
  /** In this life: positions of another one say nothing about it. */
  incarnation: string;
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

/** null: nobody has seen the database in the life that this home continues. */
export async function readLastSeen(recovery: string): Promise<LastSeen | null> {
  const seen = parsed(await readIfExists(fileIn(recovery)));
  const life = await readableIncarnation(recovery);
  return seen && seen.incarnation === life?.incarnation ? seen : null;
}

/** null also for what a crash tore. */
function parsed(text: string | null): LastSeen | null {
  try {
    return shape.parse(JSON.parse(text ?? ""));
  } catch {
    return null;
  }
}

function fileIn(recovery: string): string {
  return join(recovery, "last-seen.json");
}
