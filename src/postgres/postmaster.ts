/** The running server: spawned in a session of its own, or found still running after its guard was killed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { readdir, readFile, readlink, realpath, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { monotonic, sleep, until } from "../base/clock.ts";
import { isErrno, readIfExists } from "../base/files.ts";
import { identityOf, isAlive } from "../base/lock.ts";
import type { Account } from "./account.ts";
import { serverArguments } from "./configuration.ts";
import { type Place, SOCKET_PORT } from "./place.ts";

/** What a running server is found by; `socket` null: where its socket lies is not known. */
export interface Run {
  data: string;
  socket: string | null;
}

export interface Postmaster {
  readonly pid: number;
  readonly adopted: boolean;
  /** Settles when the process has ended. */
  readonly exited: Promise<void>;
  alive(): boolean;
  signal(name: NodeJS.Signals): void;
}

const POLL_MS = 100;

/** Starts `postgres`; what it says is appended to `logFile`. It outlives us, and no Ctrl-C of a terminal reaches it. */
export async function spawnPostmaster(
  bin: string,
  place: Place,
  account: Account | null,
  logFile: string,
): Promise<Postmaster> {
  return await spawnServer(bin, serverArguments(place), { data: place.data, account, logFile });
}

/** The same with arguments of the caller's. */
export async function spawnServer(
  bin: string,
  args: string[],
  { data, account, logFile }: { data: string; account: Account | null; logFile: string },
): Promise<Postmaster> {
  const log = openSync(logFile, "a", 0o600);
  try {
    const child = spawn(join(bin, "postgres"), args, {
      cwd: data,
      env: {},
      detached: true,
      stdio: ["ignore", log, log],
      ...(account ? { uid: account.uid, gid: account.gid } : {}),
    });
    await once(child, "spawn");
    child.unref();
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    return postmaster(child.pid ?? 0, false, exited);
  } finally {
    closeSync(log);
  }
}

/** The postmaster that still runs on this data directory, or null. */
export async function findPostmaster(place: Run): Promise<Postmaster | null> {
  const pid = await pidIn(lockFile(place));
  if (pid === null || !(await runningProcesses(place)).includes(pid)) return null;
  const identity = identityOf(pid);
  if (!identity) return null;
  return postmaster(
    pid,
    true,
    ended(() => isAlive(identity)),
  );
}

/**
 * Waits until the backends of a postmaster that was killed are gone, and helps them: the memory they share belongs to
 * nobody any more. Then removes lock files for whose sake PostgreSQL would refuse to start: their process number now
 * belongs to another program (numbers repeat after a restart of a container), or to a dead process that nobody reaps
 * (containers without an init).
 */
export async function clearRemains(place: Run): Promise<void> {
  const start = monotonic();
  for (;;) {
    const remains = await runningProcesses(place);
    if (remains.length === 0) break;
    const waited = monotonic() - start;
    const signal = waited > 4_000 ? "SIGKILL" : waited > 2_000 ? "SIGQUIT" : null;
    if (signal) for (const pid of remains) send(pid, signal);
    await sleep(POLL_MS);
  }
  const locks = [lockFile(place), ...(place.socket ? [join(place.socket, `.s.PGSQL.${SOCKET_PORT}.lock`)] : [])];
  for (const path of locks) {
    const pid = await pidIn(path);
    if (pid !== null && existsSync(`/proc/${pid}`)) await rm(path, { force: true });
  }
}

/** Fast shutdown; immediate when that takes longer than `patience` ms, or at once when `mode` says so. */
export async function stopPostmaster(
  running: Postmaster,
  place: Run,
  mode: "fast" | "immediate",
  patience = 30_000,
): Promise<void> {
  const ends = async (timeout: number) => (await until(() => !running.alive(), { timeout, every: 10 })) === true;
  const order = async (signal: NodeJS.Signals) => {
    running.signal(signal);
    // A stopped process (SIGSTOP) would never hear it.
    for (const pid of await runningProcesses(place)) send(pid, "SIGCONT");
  };
  if (mode === "fast") {
    await order("SIGINT");
    if (await ends(patience)) return;
  }
  await order("SIGQUIT");
  if (await ends(10_000)) return;
  running.signal("SIGKILL");
  await running.exited;
}

function postmaster(pid: number, adopted: boolean, exited: Promise<void>): Postmaster {
  let over = false;
  void exited.then(() => {
    over = true;
  });
  const identity = identityOf(pid);
  const alive = () => !over && identity !== null && isAlive(identity);
  return {
    pid,
    adopted,
    exited,
    alive,
    signal(name) {
      if (alive()) send(pid, name);
    },
  };
}

/** Somebody else's child tells nobody when it ends: it is asked. Keeps no process alive by itself. */
function ended(alive: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (alive()) return;
      clearInterval(timer);
      resolve();
    }, POLL_MS);
    timer.unref();
  });
}

function lockFile(place: Run): string {
  return join(place.data, "postmaster.pid");
}

/** The first line of each of PostgreSQL's lock files is the number of its process. */
async function pidIn(path: string): Promise<number | null> {
  const first = (await readIfExists(path))?.split("\n")[0] ?? "";
  return /^\d+$/.test(first) ? Number(first) : null;
}

/**
 * Postmaster and backends: every `postgres` whose working directory is this data directory, or was until that was
 * removed: such a one goes on answering.
 */
export async function runningProcesses(place: Run): Promise<number[]> {
  const data = existsSync(place.data) ? await realpath(place.data) : place.data;
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const ours = await Promise.all(pids.map(async (pid) => await belongsTo(pid, data)));
  return pids.filter((_, index) => ours[index]);
}

async function belongsTo(pid: number, data: string): Promise<boolean> {
  try {
    const cwd = await readlink(`/proc/${pid}/cwd`);
    if (cwd !== data && cwd !== `${data} (deleted)`) return false;
    // After an update of the binaries the path ends in " (deleted)".
    const executable = (await readlink(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, "");
    return basename(executable) === "postgres" && identityOf(pid) !== null;
  } catch (error) {
    if (isErrno(error, "ENOENT", "ESRCH", "EACCES", "EPERM")) return false;
    throw error;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, "ESRCH")) throw error;
  }
}

/** Bytes of a log so far, for wordsSince; 0 where there is none yet. */
export async function logSize(logFile: string): Promise<number> {
  try {
    return (await stat(logFile)).size;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return 0;
    throw error;
  }
}

/** What was appended to the log since it had `from` bytes. */
export async function wordsSince(logFile: string, from: number): Promise<string> {
  return (await readFile(logFile)).subarray(from).subarray(-20_000).toString();
}
