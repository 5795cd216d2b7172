/**
 * A postmaster that says "in recovery mode" for ever while nobody recovers: PostgreSQL 18.4 does so when its startup
 * process is killed just after a crash, and is then left with I/O workers, a checkpointer and a background writer.
 * Killing it is safe: the next one recovers as after any crash.
 */
import { readFile } from "node:fs/promises";
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

/** Settles with "stuck" when it is, else with "ended" when the postmaster has ended or the signal says so. */
export async function stuckOrEnded(
  postmaster: Postmaster,
  { home, place }: { home: Home; place: Place },
  signal: AbortSignal,
): Promise<"stuck" | "ended"> {
  let since: number | null = null;
  while (postmaster.alive() && !signal.aborted) {
    const idle = !(await worksOrRecovers(place)) && (await saysItRecovers(home));
    since = idle ? (since ?? monotonic()) : null;
    if (since !== null && monotonic() - since > STUCK_AFTER_MS && postmaster.alive()) return "stuck";
    await Promise.race([postmaster.exited, sleep(LOOK_EVERY_MS, signal).catch(() => {})]);
  }
  return "ended";
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
