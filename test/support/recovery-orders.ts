/** Ordering backups, restores and drills of a whole instance, as an operator does, and looking at what became of them. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { until } from "../../src/base/clock.ts";
import { readLocalFile } from "../../src/base/local-file.ts";
import { GuardianClient } from "../../src/cli/guardian-client.ts";
import type { ErrorBody } from "../../src/contract/errors.ts";
import type { Job } from "../../src/contract/recovery.ts";
import type { RecoveryInfo } from "../../src/contract/recovery-shapes.ts";
import type { Instance, Ran } from "./instance.ts";
import { programsOf } from "./programs.ts";

const JOB_RUNNING = 28;

/** Again while another job (a scheduled backup, say) holds the place. */
export async function order(instance: Instance, ...args: string[]): Promise<Ran> {
  const ran = await until(
    async () => {
      const one = await instance.run(args);
      return one.code === JOB_RUNNING ? null : one;
    },
    { timeout: 90_000, every: 200 },
  );
  if (!ran) throw new Error(`another job never ended: ${args.join(" ")}`);
  return ran;
}

/** Answers what `--json` prints. */
export async function done<Result>(instance: Instance, ...args: string[]): Promise<Result> {
  const ran = await order(instance, ...args, "--json");
  expect(ran, `${args.join(" ")}: ${ran.stdout}${ran.stderr}`).toMatchObject({ code: 0 });
  return JSON.parse(ran.stdout) as Result;
}

/** Answers the exit code and the error. */
export async function refused(
  instance: Instance,
  ...args: string[]
): Promise<ErrorBody["error"] & { exit: number | null }> {
  const ran = await order(instance, ...args, "--json");
  const { error } = JSON.parse(ran.stdout) as Partial<ErrorBody>;
  if (!error) throw new Error(`${args.join(" ")} was not refused: ${ran.stdout}`);
  return { ...error, exit: ran.code };
}

export async function info(instance: Instance): Promise<RecoveryInfo> {
  return await done<RecoveryInfo>(instance, "info");
}

/** Until so many backups are whole, and no job runs: what a start or a restore makes by itself is then done. */
export async function settled(instance: Instance, backups = 1): Promise<void> {
  const enough = await until(
    async () => {
      if ((await jobs(instance)).some(({ state }) => state === "running")) return false;
      return (await info(instance)).backups.filter(({ state }) => state === "whole").length >= backups;
    },
    { timeout: 90_000, every: 200 },
  );
  if (!enough) throw new Error(`there were never ${backups} backups: ${JSON.stringify(await info(instance))}`);
}

/** Of the guardian, oldest first; none where it does not answer. */
async function jobs(instance: Instance): Promise<Job[]> {
  return (await (await guardianOf(instance))?.jobs().catch(() => null)) ?? [];
}

async function guardianOf({ home }: Instance): Promise<GuardianClient | null> {
  const address = await readLocalFile(home, "guardian.json");
  return address && new GuardianClient(address);
}

/** Until a job of the verb runs, and has come to the phase; without one: as soon as its process is there. */
export async function jobInPhase(instance: Instance, verb: Job["verb"], phase: string | null): Promise<number> {
  const found = await until(
    async () => {
      const job = (await jobs(instance)).findLast((one) => one.state === "running" && one.verb === verb);
      const [pid] = job ? await programsOf(instance.home, "job") : [];
      return job && pid ? { job, pid } : null;
    },
    { timeout: 60_000, every: 1 },
  );
  if (!found) throw new Error(`no ${verb} runs: ${JSON.stringify(await jobs(instance))}`);
  if (phase === null) return found.pid;
  // Told of each phase, also of one that is over before one could ask again.
  for await (const job of (await guardianOf(instance))?.follow(found.job.id) ?? []) {
    if (job.progress?.phase === phase) return found.pid;
  }
  throw new Error(`the ${verb} never came to ${phase}: ${JSON.stringify(await jobs(instance))}`);
}

/** What was left of restores and drills beside the data directory: none, when all is in order. */
export async function workplaces({ home }: Instance): Promise<string[]> {
  return (await readdir(home.postgres)).filter((name) => name.startsWith("rebuild-"));
}

/** recovery/restores or recovery/drills, oldest first. */
export async function reports<Report>({ home }: Instance, kind: "restores" | "drills"): Promise<Report[]> {
  const folder = join(home.recovery, kind);
  const names = (await readdir(folder).catch(() => [])).sort();
  return await Promise.all(names.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as Report));
}
