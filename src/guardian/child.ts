/** The processes of this program that work for the guardian, one for each thing that is ordered or looked up. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { MORE_THREADS } from "../base/child.ts";
import { DISK_AWAY, isErrno } from "../base/files.ts";
import { JOB } from "../base/job-channel.ts";
import { rotated } from "../base/log.ts";

export interface Launcher {
  /** What starts this program again: Node's flags and the main file. */
  program: readonly string[];
  logs: string;
}

/** It speaks by messages; what it prints goes into a log. Throws where no process can be had: see `isWithoutMeans`. */
export function spawnChild(
  { program, logs }: Launcher,
  args: readonly string[],
  { env, ...options }: Pick<SpawnOptions, "detached" | "env"> = {},
): ChildProcess {
  const output = openSync(rotated(join(logs, "jobs.out")), "a", 0o600);
  try {
    return spawn(process.execPath, [...program, ...args], {
      ...options,
      stdio: ["ignore", output, output, "ipc"],
      env: { ...process.env, ...MORE_THREADS, ...env, [JOB]: "1" },
    });
  } finally {
    closeSync(output);
  }
}

/** A full disk, a missing directory, too many processes: that is to be told, and no reason to end. */
export function isWithoutMeans(error: unknown): error is NodeJS.ErrnoException {
  return isErrno(error, ...DISK_AWAY, "EACCES", "EMFILE", "ENFILE", "EAGAIN", "ENOMEM");
}

/** How it ended, in a word or two. What it said before it ended is heard first. */
export async function endOf(child: ChildProcess): Promise<string> {
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  child.once("exit", (code, signal) => resolve(signal ?? `exit ${code}`));
  child.once("error", (error) => resolve(error.message));
  const how = await ended;
  if (child.connected) await new Promise((done) => child.once("disconnect", done));
  return how;
}
