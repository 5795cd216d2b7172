import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { type TestServer, testServer, writeWal } from "../../test/support/replication.ts";
import { sleep, until } from "../base/clock.ts";
import { formatLsn, lsn, parseLsn } from "../postgres/lsn.ts";
import type { ReceiverStatus } from "./receive-status.ts";
import { compareWithPgWal, endOf, ReceiveStage } from "./testing/receive-stage.ts";

const main = fileURLToPath(new URL("testing/receive-process.ts", import.meta.url));

// Each makes, fills and compares tens of megabytes on whatever disk there is.
vi.setConfig({ testTimeout: 90_000 });

let server: TestServer;
let stage: ReceiveStage;
const children: ChildProcess[] = [];
beforeAll(async () => {
  server = await testServer();
  await server.sql("alter system set wal_keep_size = '2GB'");
  await server.sql("select pg_reload_conf()");
});
afterAll(async () => await server.remove());
beforeEach(async () => {
  stage = await ReceiveStage.open(server);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await stage.remove();
});

interface Life {
  child: ChildProcess;
  newest(): ReceiverStatus | null;
}

function begin(failing: Readonly<Record<string, number>>): Life {
  const locations = Object.entries(failing).map(([name, rate]) => {
    stage.location(name);
    return { name, path: stage.path(name), failing: rate };
  });
  const order = { home: server.home.root, recovery: stage.recovery, locations };
  const child = spawn(process.execPath, [main, JSON.stringify(order)], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  let newest: ReceiverStatus | null = null;
  createInterface({ input: child.stdout }).on("line", (line) => {
    newest = JSON.parse(line);
  });
  return { child, newest: () => newest };
}

async function kill({ child }: Life): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** Rows, bulk and ends of segments, for as long as the test wants. */
function hammer(): { stop(): Promise<void> } {
  let going = true;
  const writing = (async () => {
    while (going) {
      const choice = randomInt(10);
      if (choice < 7) await server.sql("select pg_logical_emit_message(true, 'test', repeat('row', 1000))");
      else if (choice < 9) await writeWal(server, randomInt(1, 4));
      else await server.sql("select pg_switch_wal()");
      await sleep(randomInt(150));
    }
  })();
  const stop = async () => {
    going = false;
    await writing;
  };
  onTestFinished(stop);
  return { stop };
}

it("killed at any moment while others write, it goes on without a hole and without a wrong byte", async () => {
  const writers = hammer();
  for (let round = 0; round < 5; round++) {
    const life = begin({ primary: 0, secondary: 0 });
    await until(() => life.newest(), { timeout: 20_000 });
    await sleep(randomInt(1_500));
    await kill(life);
  }
  await writers.stop();
  const life = begin({ primary: 0, secondary: 0 });
  const end = await server.sql("select pg_current_wal_flush_lsn()::text as lsn");
  const target = parseLsn(String(end[0]?.lsn));
  for (const name of ["primary", "secondary"]) {
    const durable = () => life.newest()?.locations.find((one) => one.name === name)?.durable;
    await expect.poll(() => parseLsn(durable() ?? "0/0") >= target, { timeout: 30_000 }).toBe(true);
    expect(endOf(await compareWithPgWal(stage.location(name), stage.recovery, server))).toBeGreaterThanOrEqual(target);
  }
  await expect.poll(() => life.newest()).toMatchObject({ state: "streaming", gap: null });
});

it("killed while locations fail, too, each has everything in the end", async () => {
  const writers = hammer();
  for (let round = 0; round < 3; round++) {
    const life = begin({ primary: 20, secondary: 50 });
    await until(() => life.newest()?.state === "streaming", { timeout: 20_000 });
    await sleep(randomInt(2_000));
    await kill(life);
  }
  await writers.stop();
  const life = begin({ primary: 0, secondary: 0 });
  const target = await stage.flushed();
  for (const name of ["primary", "secondary"]) {
    const durable = () => life.newest()?.locations.find((one) => one.name === name)?.durable;
    await expect.poll(() => parseLsn(durable() ?? "0/0") >= target, { timeout: 30_000 }).toBe(true);
    expect(endOf(await compareWithPgWal(stage.location(name), stage.recovery, server))).toBeGreaterThanOrEqual(target);
  }
  expect(life.newest()?.gap).toBeNull();
});

it("what PostgreSQL was told that it may let go of is in the location after a kill", async () => {
  const writers = hammer();
  for (let round = 0; round < 3; round++) {
    const life = begin({ primary: 0 });
    await until(() => life.newest()?.state === "streaming", { timeout: 20_000 });
    // Before the location has that, the slot is where it was made.
    const made = (await stage.slot()) ?? lsn(0n);
    await until(() => parseLsn(life.newest()?.locations[0]?.durable ?? "0/0") >= made, { timeout: 20_000 });
    await sleep(randomInt(700));
    await kill(life);
    const told = await stage.slot();
    const held = endOf(await compareWithPgWal(stage.location("primary"), stage.recovery, server));
    expect(held >= (told ?? 0n), `${formatLsn(held)} is not behind what was told`).toBe(true);
  }
  await writers.stop();
});

it("told to stop it ends by itself, with everything stored", async () => {
  const life = begin({ primary: 0 });
  await until(() => life.newest()?.state === "streaming", { timeout: 20_000 });
  await writeWal(server, 5);
  const target = await stage.flushed();
  await until(() => parseLsn(life.newest()?.received ?? "0/0") >= target, { timeout: 20_000 });
  const ended = once(life.child, "exit");
  life.child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  expect(endOf(await compareWithPgWal(stage.location("primary"), stage.recovery, server))).toBeGreaterThanOrEqual(
    target,
  );
});
