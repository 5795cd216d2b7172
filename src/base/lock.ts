/**
 * Locks between processes. Node has no flock: the file is created exclusively and says who holds it;
 * it is stale when no such process lives. A stale one is renamed away first, so that one of many wins.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { createFileDurably, isErrno, readIfExists } from "./files.ts";

/** One process, for ever: pid numbers are used again, the start time in this boot is not. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot when the process started (field 22 of /proc/PID/stat). */
  started: string;
  boot: string;
}

export function identityOf(pid: number): ProcessIdentity | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command in parentheses may hold anything, so count from the last one.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z") return null;
    return { pid, started: fields[19] ?? "", boot: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() };
  } catch (error) {
    if (isErrno(error, "ENOENT", "ESRCH")) return null;
    throw error;
  }
}

export function isAlive(identity: ProcessIdentity): boolean {
  const found = identityOf(identity.pid);
  return found !== null && found.started === identity.started && found.boot === identity.boot;
}

export interface Lock {
  release(): Promise<void>;
}

/** Takes the lock, or answers who holds it. */
export async function takeLock(path: string): Promise<Lock | { heldBy: ProcessIdentity }> {
  const mine = identityOf(process.pid);
  if (!mine) throw new Error("/proc does not know this process");
  const content = JSON.stringify(mine);
  for (;;) {
    if (await createFileDurably(path, content)) return held(path, content);
    const text = await readIfExists(path);
    if (text === null) continue;
    const holder = parseIdentity(text);
    if (holder && isAlive(holder)) return { heldBy: holder };
    await setAside(path, text);
  }
}

/** The living process that holds the lock, or null. */
export async function lockHolder(path: string): Promise<ProcessIdentity | null> {
  const text = await readIfExists(path);
  const holder = text === null ? null : parseIdentity(text);
  return holder && isAlive(holder) ? holder : null;
}

async function setAside(path: string, staleText: string): Promise<void> {
  const aside = `${path}~${randomBytes(6).toString("hex")}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    throw error;
  }
  const moved = await readFile(aside, "utf8");
  // Between our look and our rename someone else may have won: give it back, if nobody took it since.
  if (moved !== staleText) await createFileDurably(path, moved);
  await rm(aside, { force: true });
}

function held(path: string, content: string): Lock {
  const onExit = () => {
    try {
      if (readFileSync(path, "utf8") === content) rmSync(path);
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
    }
  };
  process.once("exit", onExit);
  return {
    async release() {
      process.removeListener("exit", onExit);
      if ((await readIfExists(path)) === content) await rm(path, { force: true });
    },
  };
}

function parseIdentity(text: string): ProcessIdentity | null {
  try {
    const value = JSON.parse(text) as Partial<ProcessIdentity>;
    return typeof value.pid === "number" && value.started && value.boot
      ? { pid: value.pid, started: value.started, boot: value.boot }
      : null;
  } catch {
    return null; // torn by a crash: nobody holds it
  }
}
