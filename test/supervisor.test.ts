import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { sleep, until } from "../src/base/clock.ts";
import { type Home, homeAt, readConfig } from "../src/base/config.ts";
import { identityOf } from "../src/base/lock.ts";
import { stopLeftOver } from "../src/postgres/cluster.ts";
import { postgresConnection } from "../src/postgres/connection.ts";
import { existingPlace } from "../src/postgres/place.ts";
import { runningProcesses } from "../src/postgres/postmaster.ts";
import { temporaryDirectory } from "./support/cluster.ts";

const main = fileURLToPath(new URL("./support/fake-main.ts", import.meta.url));

interface Up {
  process: ChildProcess;
  printed(): string;
  ended: Promise<number | null>;
}

interface Children {
  supervisor: number;
  children: {
    serve: { pid: number; state: string; restarts: number };
    guard?: { pid: number; state: string; postgres?: { pid: number; state: string } };
  };
}

let directory: string;
let home: Home;
const started: Up[] = [];

beforeAll(async () => {
  directory = await temporaryDirectory();
  home = homeAt(join(directory, "home"));
});

afterEach(async () => {
  // Whatever a failed test left; a supervisor of a supervisor that was killed is in children.json.
  for (const up of started.splice(0)) up.process.kill("SIGTERM");
  const left = await children();
  for (const pid of left ? pidsOf(left) : []) if (identityOf(pid)) process.kill(pid, "SIGKILL");
  await stopLeftOver(home);
});

afterAll(async () => await rm(directory, { recursive: true, force: true, maxRetries: 5 }));

function startUp(environment: Record<string, string> = {}): Up {
  const child = spawn(process.execPath, [main, "up"], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? "", PROMPTLIB_HOME: home.root, PORT: "0", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (printed += data));
  const up = {
    process: child,
    printed: () => printed,
    ended: once(child, "close").then(([code]) => code as number | null),
  };
  started.push(up);
  return up;
}

async function ready(up: Up): Promise<string> {
  const url = await until(() => /ready at (\S+)/.exec(up.printed())?.[1], { timeout: 30_000 });
  if (!url) throw new Error(`not ready: ${up.printed()}`);
  return url;
}

async function children(): Promise<Children | null> {
  const text = await readFile(join(home.run, "children.json"), "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as Children);
}

/** Waits until all run, and answers who they are. */
async function allRunning(): Promise<Children & { postgres: number }> {
  const all = await until(
    async () => {
      const found = await children();
      const { serve, guard } = found?.children ?? {};
      const alive = found && pidsOf(found).every((pid) => identityOf(pid));
      const states = [serve?.state, guard?.state, guard?.postgres?.state];
      return alive && states.every((state) => state === "running") ? found : null;
    },
    { timeout: 30_000 },
  );
  if (!all) throw new Error(`not running: ${JSON.stringify(await children())}`);
  return { ...all, postgres: all.children.guard?.postgres?.pid ?? 0 };
}

function pidsOf({ supervisor, children: { serve, guard } }: Children): number[] {
  return [supervisor, serve.pid, guard?.pid, guard?.postgres?.pid].filter((pid) => typeof pid === "number");
}

async function nothingRuns(before: Children): Promise<void> {
  expect(pidsOf(before).filter((pid) => identityOf(pid))).toEqual([]);
  const place = await existingPlace(home);
  expect(place && (await runningProcesses(place))).toEqual([]);
  expect(existsSync(join(home.run, "children.json"))).toBe(false);
  expect(existsSync(join(home.run, "lock"))).toBe(false);
}

/** On a connection of its own, so that each asks whoever listens now. */
async function answerer(url: string): Promise<number> {
  const response = await fetch(url, { headers: { connection: "close" } });
  return Number(await response.text());
}

async function gone(pid: number): Promise<void> {
  expect(await until(() => identityOf(pid) === null, { timeout: 10_000, every: 2 })).toBe(true);
}

describe("what up started", () => {
  it("is announced once it answers, and is stopped in order by SIGTERM with nothing left behind", async () => {
    const up = startUp({ FAKE_ADMIN: "a-password-to-print" });
    const url = await ready(up);
    const all = await allRunning();
    expect(await answerer(url)).toBe(all.children.serve.pid);
    expect(up.printed()).toMatch(/^Making the database …\n/);
    expect(await until(() => up.printed().includes("a-password-to-print"), { timeout: 5_000 })).toBe(true);
    up.process.kill("SIGTERM");
    expect(await up.ended).toBe(0);
    await nothingRuns(all);
  });

  it("ends a request in flight before it stops, and takes a second Ctrl-C calmly", async () => {
    const up = startUp();
    const url = await ready(up);
    const all = await allRunning();
    expect(up.printed()).toMatch(/^Starting …\n/);
    const slow = answerer(`${url}/slow`);
    await sleep(200);
    up.process.kill("SIGINT");
    up.process.kill("SIGINT");
    expect(await slow).toBe(all.children.serve.pid);
    expect(await up.ended).toBe(0);
    await nothingRuns(all);
  });

  it("mends a killed server: who connects in between is answered by the next one", async () => {
    const up = startUp();
    const url = await ready(up);
    const before = await allRunning();
    process.kill(before.children.serve.pid, "SIGKILL");
    await gone(before.children.serve.pid);
    const inBetween = await answerer(url);
    const after = await allRunning();
    expect(inBetween).toBe(after.children.serve.pid);
    expect(after.children.serve).toMatchObject({ restarts: 1 });
    expect(after.postgres).toBe(before.postgres);
  });

  it("mends a killed guard, which adopts PostgreSQL, and a killed PostgreSQL", async () => {
    const up = startUp();
    await ready(up);
    const first = await allRunning();
    process.kill(first.children.guard?.pid ?? 0, "SIGKILL");
    await until(async () => ((await children())?.children.guard?.pid ?? 0) !== first.children.guard?.pid, {
      timeout: 10_000,
    });
    const second = await allRunning();
    expect(second.postgres).toBe(first.postgres);

    process.kill(second.postgres, "SIGKILL");
    await gone(second.postgres);
    await until(async () => ((await children())?.children.guard?.postgres?.pid ?? 0) !== second.postgres, {
      timeout: 10_000,
    });
    const third = await allRunning();
    expect(third.children.guard?.pid).toBe(second.children.guard?.pid);
  });

  it("leaves nothing behind when the guard is killed and everything is stopped at once", async () => {
    const up = startUp();
    await ready(up);
    const all = await allRunning();
    process.kill(all.children.guard?.pid ?? 0, "SIGKILL");
    up.process.kill("SIGTERM");
    expect(await up.ended).toBe(0);
    await nothingRuns(all);
  });

  it("goes on when the supervisor is killed: every request and write is answered, and a successor takes over", async () => {
    const up = startUp();
    const url = await ready(up);
    const before = await allRunning();
    const traffic = startTraffic(url);
    await until(() => traffic.answered.size > 0, { timeout: 10_000 });
    up.process.kill("SIGKILL");
    await until(async () => ((await children())?.supervisor ?? 0) !== before.supervisor, { timeout: 20_000 });
    const after = await allRunning();
    await gone(before.children.serve.pid);
    await until(() => traffic.answered.has(after.children.serve.pid), { timeout: 10_000 });
    expect(await traffic.stop()).toEqual([]);
    expect(after.postgres).toBe(before.postgres);
    expect(traffic.answered).toEqual(new Set([before.children.serve.pid, after.children.serve.pid]));

    process.kill(after.supervisor, "SIGTERM");
    await gone(after.supervisor);
    await nothingRuns(after);
  });

  it("starts again after everything was killed at once", async () => {
    const up = startUp();
    await ready(up);
    const all = await allRunning();
    for (const pid of pidsOf(all)) process.kill(pid, "SIGKILL");
    for (const pid of pidsOf(all)) await gone(pid);
    const next = startUp();
    await ready(next);
    const again = await allRunning();
    next.process.kill("SIGTERM");
    expect(await next.ended).toBe(0);
    await nothingRuns(again);
  });
});

/** Requests and writes to the database without a pause, each failure kept. */
function startTraffic(url: string) {
  const failures: unknown[] = [];
  const answered = new Set<number>();
  let going = true;
  const loop = async (work: () => Promise<void>) => {
    while (going) await work().catch((error: unknown) => failures.push(error));
  };
  const requests = loop(async () => void answered.add(await answerer(url)));
  const writes = (async () => {
    const { client: settings } = await postgresConnection(readConfig({ PROMPTLIB_HOME: home.root }), "owner");
    const client = new pg.Client(settings);
    client.on("error", (error) => failures.push(error));
    await client.connect();
    await client.query("create table if not exists written (at timestamptz)");
    await loop(async () => void (await client.query("insert into written values (now())")));
    await client.end();
  })();
  return {
    answered,
    async stop(): Promise<unknown[]> {
      going = false;
      await Promise.all([requests, writes]);
      return failures;
    },
  };
}

describe("up is refused with a sentence, a code and an exit code", () => {
  it("where the home is in use, and the one that uses it goes on", async () => {
    const up = startUp();
    const url = await ready(up);
    const all = await allRunning();
    const second = startUp();
    expect(await second.ended).toBe(11);
    expect(second.printed()).toMatch(/promptlib: .*\(home_in_use\)\n {11}\S/);
    expect(await answerer(url)).toBe(all.children.serve.pid);
  });

  it("where the port is in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const up = startUp({ PORT: String(port) });
    expect(await up.ended).toBe(10);
    expect(up.printed()).toContain(`127.0.0.1:${port}`);
    expect(existsSync(join(home.run, "lock"))).toBe(false);
    other.close();
  });

  it("where the address is not this machine's, and where the configuration is wrong, every fault at once", async () => {
    const elsewhere = startUp({ HOST: "203.0.113.1" });
    expect(await elsewhere.ended).toBe(2);
    const wrong = startUp({ PORT: "many", LOG_LEVEL: "loud" });
    expect(await wrong.ended).toBe(2);
    expect(wrong.printed()).toMatch(/PORT .*LOG_LEVEL /);
  });

  it("where the data directory is of another major version, and the server is stopped, too", async () => {
    const up = startUp();
    await ready(up);
    up.process.kill("SIGTERM");
    await up.ended;
    const file = join((await existingPlace(home))?.data ?? "", "PG_VERSION");
    const version = await readFile(file, "utf8");
    await writeFile(file, "12\n");
    const refused = startUp();
    expect(await refused.ended).toBe(14);
    expect(refused.printed()).toContain("(postgres_version_mismatch)");
    expect(existsSync(join(home.run, "children.json"))).toBe(false);
    await writeFile(file, version);
  });

  it("where the server finds out after its start that it must not go on", async () => {
    const up = startUp({ FAKE_REFUSAL: "database_newer" });
    expect(await up.ended).toBe(16);
    expect(up.printed()).toContain("(database_newer)");
    expect(existsSync(join(home.run, "children.json"))).toBe(false);
  });
});

it("with a PostgreSQL that is not ours there is no guard", async () => {
  const up = startUp({ DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" });
  const url = await ready(up);
  const all = await children();
  expect(all?.children.guard).toBeUndefined();
  expect(await answerer(url)).toBe(all?.children.serve.pid);
  up.process.kill("SIGTERM");
  expect(await up.ended).toBe(0);
});
