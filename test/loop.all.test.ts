/**
 * The loop: write, stream away, destroy, restore, compare, in random rounds. LOOP_SEED repeats a run, LOOP_MINUTES makes
 * it longer.
 */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { monotonic, sleep, until } from "../src/base/clock.ts";
import type { RestoreReport } from "../src/contract/recovery-shapes.ts";
import { parseLsn } from "../src/postgres/lsn.ts";
import { existingPlace } from "../src/postgres/place.ts";
import { runningProcesses } from "../src/postgres/postmaster.ts";
import { freePort } from "./support/free-port.ts";
import { health, Instance } from "./support/instance.ts";
import { kill } from "./support/kill.ts";
import { Ledger } from "./support/ledger.ts";
import { programsOf } from "./support/programs.ts";

const MINUTES = Number(process.env.LOOP_MINUTES ?? 0.4);
const seed = Number(process.env.LOOP_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** What is lost, after how long, and who dies with it. */
interface Round {
  writeMs: number;
  kill: "nothing" | "postgres" | "receiver" | "guard" | "everything";
  /** A backup is begun just before, so that it is torn from its work. */
  backup: boolean;
}

const round: fc.Arbitrary<Round> = fc.record({
  writeMs: fc.integer({ min: 0, max: 3_000 }),
  kill: fc.constantFrom("nothing", "postgres", "receiver", "guard", "everything"),
  backup: fc.boolean(),
});

let instance: Instance;
let ledger: Ledger;
let port: string;

beforeAll(async () => {
  process.stdout.write(`loop: LOOP_SEED=${seed} does the same again\n`);
  instance = await Instance.make();
  port = String(await freePort());
  const url = await instance.start({ PORT: port });
  const key = (await instance.run(["key", "create", "loop", "--scope", "read", "--scope", "write"])).stdout.trim();
  await until(firstBackup, { timeout: 60_000 });
  ledger = new Ledger(instance.home, url, key);
});
afterAll(async () => {
  await ledger.stop();
  await instance.remove();
});

it(
  "whatever is destroyed, what had reached the location is back",
  async () => {
    const end = monotonic() + MINUTES * 60_000;
    let count = 0;
    for (const one of fc.sample(round, { numRuns: 10_000, seed })) {
      if (monotonic() > end && count >= 3) break;
      const trace = `round ${count} (LOOP_SEED=${seed}): ${JSON.stringify(one)}`;
      ledger.start();
      await ledger.more(3);
      await sleep(one.writeMs);
      await destroy(one);
      const report = await restored(trace);
      await ledger.stop();
      // Nobody took anything from the location, so all that it ever had leads on to what it has now.
      expect(
        report.warnings.filter((warning) => warning.includes("missing")),
        trace,
      ).toEqual([]);
      const { lost, kept } = await ledger.settle(parseLsn(report.reached.lsn)).catch((error: Error) => {
        throw new Error(`${trace}: ${error.message}`);
      });
      process.stdout.write(
        `${trace}: ${kept} kept, ${lost} lost; down ${report.downtime} s, of them ${report.seconds} s of restoring\n`,
      );
      count += 1;
    }
    expect(count).toBeGreaterThanOrEqual(3);
  },
  MINUTES * 60_000 + 300_000,
);

async function firstBackup(): Promise<boolean> {
  const { stdout } = await instance.run(["info", "--json"]);
  const { backups } = JSON.parse(stdout) as { backups: { state: string }[] };
  return backups.some(({ state }) => state === "whole");
}

async function destroy({ kill, backup }: Round): Promise<void> {
  const place = await existingPlace(instance.home);
  if (!place) throw new Error("no cluster");
  if (backup) {
    // Its end is not waited for: it is to be torn.
    void instance.run(["backup"]).catch(() => {});
    await sleep(Math.random() * 1_500);
  }
  const processes = await instance.processes();
  if (kill === "postgres") end(processes.postgres);
  if (kill === "guard") end(processes.guard);
  if (kill === "receiver") for (const pid of await programsOf(instance.home, "receive")) end(pid);
  if (kill === "everything") {
    for (let left = await programsOf(instance.home); left.length > 0; left = await programsOf(instance.home)) {
      for (const pid of [...left, ...(await runningProcesses(place))]) end(pid);
      await sleep(20);
    }
  }
  await rm(place.data, { recursive: true, force: true, maxRetries: 10 });
}

function end(pid: number): void {
  kill(pid);
}

/** With the command line, as an operator does: again while a torn backup still holds the place. */
async function restored(trace: string): Promise<RestoreReport> {
  let last = "";
  const report = await until(
    async () => {
      const ran = await instance.run(["restore", "latest", "--json"]);
      last = ran.stdout + ran.stderr;
      return ran.code === 0 ? (JSON.parse(ran.stdout) as RestoreReport) : null;
    },
    { timeout: 120_000, every: 500 },
  );
  if (!report) throw new Error(`${trace}: not restored: ${last}`);
  if ((await programsOf(instance.home)).length === 0) await instance.start({ PORT: port });
  const url = `http://127.0.0.1:${port}`;
  const healthy = await until(async () => (await health(url)) === "healthy", { timeout: 120_000 });
  if (!healthy) throw new Error(`${trace}: not healthy again: ${await troubles(url)}`);
  return report;
}

async function troubles(url: string): Promise<string> {
  const body = await fetch(`${url}/api/system/health`).then((response) => response.text(), String);
  const logs = ["guard.log", "server.log"].map(async (name) => await readable(join(instance.home.logs, name)));
  return [body, ...(await Promise.all(logs))].join("\n");
}

async function readable(path: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return (await readFile(path, "utf8").catch(() => "")).split("\n").slice(-10).join("\n");
}
