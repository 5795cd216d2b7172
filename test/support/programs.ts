/** The programs that run on a home, also those that children.json does not know (a successor on its way, say). */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { sleep, until } from "../../src/base/clock.ts";
import type { Home } from "../../src/base/config.ts";
import { identityOf } from "../../src/base/lock.ts";
import { stopLeftOver } from "../../src/postgres/cluster.ts";
import { existingPlace } from "../../src/postgres/place.ts";
import { runningProcesses } from "../../src/postgres/postmaster.ts";

/** Those that run as long as the instance does; jobs and the receiver come and go. */
export const MAIN = ["up", "guard", "serve"];

/** Process ids of supervisors, guards, servers and verbs; with `verbs` only of those. */
export async function programsOf(home: Home, ...verbs: string[]): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const mine = await Promise.all(pids.map(async (pid) => (await runsOn(home, pid)) && (await isOne(pid, verbs))));
  return pids.filter((_, index) => mine[index]);
}

async function runsOn(home: Home, pid: number): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  return environment.split("\0").includes(`PROMPTLIB_HOME=${home.root}`) && identityOf(pid) !== null;
}

async function isOne(pid: number, verbs: readonly string[]): Promise<boolean> {
  if (verbs.length === 0) return true;
  const command = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
  return verbs.some((verb) => command.includes(verb));
}

/**
 * Nobody is left who could start anything: also when a server was killed while it was calling a successor, which then is not
 * there yet. What they leave behind takes its time to end.
 */
export async function allGone(home: Home): Promise<boolean> {
  await sleep(300);
  const outcome = async () => {
    if ((await programsOf(home, "up", "serve")).length > 0) return "not over";
    return (await programsOf(home)).length === 0 ? "over" : null;
  };
  return (await until(outcome, { timeout: 30_000 })) === "over";
}

/** Also no file is left that says so. */
export async function nothingRuns(home: Home): Promise<void> {
  expect(await programsOf(home)).toEqual([]);
  const place = await existingPlace(home);
  expect(place ? await runningProcesses(place) : []).toEqual([]);
  for (const name of ["children.json", "lock"]) expect(existsSync(join(home.run, name)), name).toBe(false);
}

/** Whatever a failed test left: those that start others are killed first, until there is none; PostgreSQL last. */
export async function clearPrograms(home: Home): Promise<void> {
  for (let left = await programsOf(home); left.length > 0; left = await programsOf(home)) {
    for (const pid of left) if (identityOf(pid)) process.kill(pid, "SIGKILL");
    for (const pid of left) await until(() => identityOf(pid) === null, { timeout: 20_000, every: 5 });
  }
  await stopLeftOver(home);
}
