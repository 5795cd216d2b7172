/**
 * A postmaster that runs and is of no use any more, which it does not see itself, or only after minutes:
 *
 * - It says "in recovery mode" for ever while nobody recovers: PostgreSQL 18.4 does so when its startup process is killed
 *   just after a crash, and is then left with I/O workers, a checkpointer and a background writer.
 * - Its data directory is gone: it goes on acknowledging writes, into files that nobody will ever find again.
 *
 * Killing it is safe: the next one recovers as after any crash.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { monotonic, sleep } from "../base/clock.ts";
import type { Home } from "../base/config.ts";
import { isErrno } from "../base/files.ts";
import type { Place } from "./place.ts";
import { type Postmaster, runningProcesses } from "./postmaster.ts";
import { connectAsSuperuser } from "./roles.ts";

const LOOK_EVERY_MS = 1_000;
/** A healthy postmaster has its startup process a few milliseconds after it began to recover. */
const STUCK_AFTER_MS = 10_000;

/** Why it must be ended, in a sentence; null when it has ended by itself, or the signal says to look no more. */
export async function fatalFault(
  postmaster: Postmaster,
  { home, place }: { home: Home; place: Place },
  signal: AbortSignal,
): Promise<string | null> {
  let stuckSince: number | null = null;
  while (postmaster.alive() && !signal.aborted) {
    if (!existsSync(join(place.data, "PG_VERSION"))) return "its data directory is gone";
    const isIdle = !(await worksOrRecovers(place)) && (await saysItRecovers(home));
    stuckSince = isIdle ? (stuckSince ?? monotonic()) : null;
    if (stuckSince !== null && monotonic() - stuckSince > STUCK_AFTER_MS)
      return "it says that it recovers, and does not";
    await Promise.race([postmaster.exited, sleep(LOOK_EVERY_MS, signal).catch(() => {})]);
  }
  return null;
}

/** The WAL writer is there while it works, the startup process while it recovers. */
async function worksOrRecovers(place: Place): Promise<boolean> {
  const titles = await Promise.all((await runningProcesses(place)).map(titleOf));
  return titles.some((title) => /^postgres: .*\b(walwriter|startup)\b/.test(title));
}

/** What a process says that it does: "postgres: promptlib: walwriter"; empty when it is gone. */
export async function titleOf(pid: number): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/cmdline`, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT", "ESRCH")) return "";
    throw error;
  }
}

/** cannot_connect_now, for another reason than that it shuts down, which takes as long as its checkpoint. */
async function saysItRecovers(home: Home): Promise<boolean> {
  try {
    await (await connectAsSuperuser(home)).end();
    return false;
  } catch (error) {
    return error instanceof pg.DatabaseError && error.code === "57P03" && !/shutting down/.test(error.message);
  }
}
