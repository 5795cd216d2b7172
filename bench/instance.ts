/**
 * Figures for docs/benchmarks.md: `npm run bench`, or `npm run bench fetch starts outage size memory import search events lighthouse
 * pages recovery`
 * for some of it.
 * Everything compared is measured in the same run, interleaved, because machines differ and are shared.
 *
 * This file starts a whole Prompt Library, as a user would, on a home of its own.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { monotonic, until } from "../src/base/clock.ts";
import { type Config, readConfig } from "../src/base/config.ts";
import { type Client, createClient } from "../src/sdk/index.ts";

export const root = fileURLToPath(new URL("..", import.meta.url));

export interface Started {
  url: string;
  /** The process of the server alone. */
  pid: number;
  client: Client;
  config: Config;
  /** ms from the command to a 200 of /health, and to a database that answers. */
  healthMs: number;
  databaseMs: number;
  stop(): Promise<void>;
}

export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "promptlib-bench-"));
  // Root's PostgreSQL runs as another account, which must pass; else its cluster would lie elsewhere, and stay there.
  await chmod(path, 0o711);
  return path;
}

export async function remove(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

export async function start(directory: string, settings: Record<string, string> = {}): Promise<Started> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const environment = {
    PROMPTLIB_HOME: join(directory, "home"),
    PORT: String(port),
    GUARDIAN_PORT: String(await freePort()),
    ...settings,
  };
  const began = monotonic();
  const up = spawn(join(root, "bin/promptlib"), ["up"], {
    env: { PATH: process.env.PATH ?? "", ...environment },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const healthMs = await timeUntil(began, up, async () => (await fetch(`${url}/health`)).ok);
  const databaseMs = await timeUntil(began, up, async () => {
    const { parts } = (await (await fetch(`${url}/api/system/health`)).json()) as {
      parts: { database: { state: string } };
    };
    return parts.database.state === "up";
  });
  const config = readConfig(environment);
  const local = JSON.parse(await readFile(join(config.home.run, "server.json"), "utf8")) as {
    token: string;
    pid: number;
  };
  return {
    url,
    pid: local.pid,
    client: createClient({ url, token: local.token }),
    config,
    healthMs,
    databaseMs,
    async stop() {
      const closed = once(up, "close");
      up.kill("SIGTERM");
      await closed;
    },
  };
}

async function timeUntil(began: number, up: ChildProcess, condition: () => Promise<boolean>): Promise<number> {
  const met = await until(() => condition().catch(() => up.exitCode !== null), { timeout: 120_000, every: 10 });
  if (!met || up.exitCode !== null) throw new Error("the library did not start");
  return monotonic() - began;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

const AT_REST = { seconds: 30, share: 0.15 };

/**
 * Waits until the machine has next to nothing to do for half a minute: after very many rows were written, their WAL is
 * stored away and the tables are vacuumed for a while.
 */
export async function atRest(): Promise<void> {
  let calmSince = monotonic();
  const calm = () => monotonic() - calmSince > AT_REST.seconds * 1_000;
  let before = cpuTimes();
  const isSo = await until(
    () => {
      const present = cpuTimes();
      if (present.busy - before.busy > AT_REST.share * (present.all - before.all)) calmSince = monotonic();
      before = present;
      return calm();
    },
    { timeout: 600_000, every: 2_000 },
  );
  if (!isSo) throw new Error("the machine does not come to rest: something else is running on it");
}

/** Of all processors, in ms. */
function cpuTimes(): { busy: number; all: number } {
  const times = cpus().map(({ times }) => times);
  const all = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
  return { busy: all - times.reduce((sum, { idle }) => sum + idle, 0), all };
}

/** Resident memory of a process now and at its highest, in MiB. */
export async function memoryOf(pid: number): Promise<{ now: number; highest: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const read = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? Number.NaN) / 1024;
  return { now: read("VmRSS"), highest: read("VmHWM") };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

export function print(...lines: string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
