import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type TestServer, testServer, writeWal } from "../../test/support/replication.ts";
import { until } from "../base/clock.ts";
import { parseLsn, SEGMENT_BYTES } from "../postgres/lsn.ts";
import { claimLocation } from "./claims.ts";
import { nextIncarnation, readIncarnation } from "./incarnation.ts";
import { FickleLocation } from "./testing/receive-fickle.ts";
import { compareWithPgWal, endOf, ReceiveStage, type Started } from "./testing/receive-stage.ts";

// Each makes, fills and compares tens of megabytes on whatever disk there is.
vi.setConfig({ testTimeout: 90_000 });

let server: TestServer;
let stage: ReceiveStage;
beforeAll(async () => {
  server = await testServer();
  await server.sql("alter system set wal_keep_size = '2GB'");
  await server.sql("select pg_reload_conf()");
});
afterAll(async () => await server.remove());
beforeEach(async () => {
  stage = await ReceiveStage.open(server);
});
afterEach(async () => await stage.remove());

function fickle(name: string, more: Parameters<ReceiveStage["location"]>[1] = {}): FickleLocation {
  return new FickleLocation(stage.location(name, more));
}

const of = (receiver: Started, name: string) => receiver.told.at(-1)?.locations.find((one) => one.name === name);

async function spooled(): Promise<string[]> {
  const incarnation = (await readIncarnation(stage.recovery))?.incarnation ?? "";
  return (await readdir(join(stage.recovery, "spool", incarnation))).filter((name) => name.length === 24).sort();
}

/** More than the spool would keep of its own accord. */
async function writeSegments(count: number): Promise<void> {
  await writeWal(server, (count * SEGMENT_BYTES) / 1024 ** 2);
}

describe("a location that is away", () => {
  it("holds up no other one, says so with its risk, and gets everything when it is back", async () => {
    const [primary, secondary] = [fickle("primary"), fickle("secondary")];
    const receiver = stage.start([primary, secondary]);
    await stage.stored(receiver, "primary");
    await stage.stored(receiver, "secondary");
    secondary.away = true;
    await writeSegments(3);
    await stage.stored(receiver, "primary");
    await expect.poll(() => of(receiver, "secondary")?.riskSeconds ?? 0).toBeGreaterThan(2);
    expect(of(receiver, "secondary")).toMatchObject({ problem: expect.stringContaining("it is away"), fenced: false });
    expect(of(receiver, "secondary")?.lagBytes).toBeGreaterThan(2 * SEGMENT_BYTES);
    await expect.poll(() => of(receiver, "primary")?.riskSeconds).toBe(0);
    expect((await spooled()).length).toBeGreaterThanOrEqual(3);
    secondary.away = false;
    const end = await stage.stored(receiver, "secondary");
    expect(endOf(await compareWithPgWal(secondary, stage.recovery, server))).toBeGreaterThanOrEqual(end);
    await expect.poll(() => spooled().then(({ length }) => length)).toBe(1);
    expect(of(receiver, "secondary")?.problem).toBeNull();
  });

  it("and is the one that counts keeps PostgreSQL from letting go, and nothing else", async () => {
    const secondary = fickle("secondary", { required: true });
    const receiver = stage.start([fickle("primary"), secondary]);
    await stage.stored(receiver, "secondary");
    const before = await stage.slot();
    secondary.away = true;
    await writeSegments(2);
    await stage.stored(receiver, "primary");
    expect(((await stage.slot()) ?? 0n) - (before ?? 0n)).toBeLessThan(SEGMENT_BYTES);
    secondary.away = false;
    const end = await stage.stored(receiver, "secondary");
    await expect.poll(() => stage.slot()).toBeGreaterThanOrEqual(end);
  });

  it("for long costs no more than the spool's cap: what it lacks comes from another location then", async () => {
    const [primary, secondary] = [fickle("primary"), fickle("secondary")];
    const receiver = stage.start([primary, secondary], { limits: { spoolCap: 2 * SEGMENT_BYTES } });
    await stage.stored(receiver, "secondary");
    secondary.away = true;
    await writeSegments(6);
    await stage.stored(receiver, "primary");
    await expect.poll(() => spooled().then(({ length }) => length)).toBeLessThanOrEqual(3);
    secondary.away = false;
    const end = await stage.stored(receiver, "secondary", 40_000);
    expect(endOf(await compareWithPgWal(secondary, stage.recovery, server))).toBeGreaterThanOrEqual(end);
    expect(receiver.status().gap).toBeNull();
  });

  it("together with all others makes receiving wait at the spool's cap, with nothing lost", async () => {
    const [primary, secondary] = [fickle("primary"), fickle("secondary")];
    const receiver = stage.start([primary, secondary], { limits: { spoolCap: 2 * SEGMENT_BYTES } });
    await stage.stored(receiver, "secondary");
    primary.away = true;
    secondary.away = true;
    await writeSegments(6);
    await expect.poll(() => receiver.status().problem).toContain("The spool is full");
    expect((await spooled()).length).toBeLessThanOrEqual(4);
    primary.away = false;
    secondary.away = false;
    for (const location of [primary, secondary]) {
      const end = await stage.stored(receiver, location.name, 40_000);
      expect(endOf(await compareWithPgWal(location, stage.recovery, server))).toBeGreaterThanOrEqual(end);
    }
    await expect.poll(() => receiver.status()).toMatchObject({ problem: null, gap: null });
  });

  it("from the very start keeps nothing from being received", async () => {
    const primary = fickle("primary");
    primary.away = true;
    const receiver = stage.start([primary]);
    await until(() => receiver.told.at(-1)?.state === "streaming", { timeout: 20_000 });
    await writeWal(server, 1);
    const end = await stage.flushed();
    await expect.poll(() => parseLsn(receiver.status().received ?? "0/0") >= end).toBe(true);
    expect(of(receiver, "primary")).toMatchObject({ durable: null, riskSeconds: null, lagBytes: null });
    primary.away = false;
    await stage.stored(receiver, "primary");
  });
});

it("a location that fails every other time and is slow still gets everything right", async () => {
  const primary = fickle("primary");
  primary.failing = 40;
  primary.delay = 60;
  const receiver = stage.start([primary]);
  for (let round = 0; round < 6; round++) {
    await writeWal(server, 5);
    await server.sql("select pg_switch_wal()");
  }
  primary.failing = 0;
  const end = await stage.stored(receiver, "primary", 40_000);
  expect(endOf(await compareWithPgWal(primary, stage.recovery, server))).toBeGreaterThanOrEqual(end);
});

it("a location that never answers is told as silent, and holds up neither the others nor a stop", async () => {
  const [primary, secondary] = [fickle("primary"), fickle("secondary")];
  const receiver = stage.start([primary, secondary], { limits: { stopPatience: 500 } });
  await stage.stored(receiver, "secondary");
  secondary.hanging = true;
  await writeWal(server, 3);
  await stage.stored(receiver, "primary");
  await expect
    .poll(() => of(receiver, "secondary")?.problem, { timeout: 25_000 })
    .toMatch(/has not answered for \d+ s/);
  await receiver.stop();
});

describe("another installation", () => {
  it("that takes over a location stops us there, and the others go on", async () => {
    const [primary, secondary] = [fickle("primary"), fickle("secondary")];
    const receiver = stage.start([primary, secondary]);
    await stage.stored(receiver, "primary");
    await stage.stored(receiver, "secondary");
    await takeOver(secondary);
    // A location that was away is asked for its claims before anything is stored.
    secondary.away = true;
    await writeWal(server, 1);
    await expect.poll(() => of(receiver, "secondary")?.problem).toContain("away");
    secondary.away = false;
    await expect.poll(() => of(receiver, "secondary")?.fenced).toBe(true);
    await writeSegments(2);
    await stage.stored(receiver, "primary");
    expect(receiver.status().state).toBe("streaming");
    expect(of(receiver, "secondary")?.problem).toContain("Another installation");
    await expect.poll(() => spooled().then(({ length }) => length)).toBe(1);
  });

  it("that took over every location ends receiving, and lets go of the slot", async () => {
    const first = stage.start([stage.location("primary")]);
    await stage.stored(first, "primary");
    await first.stop();
    await takeOver(stage.location("primary"));
    const receiver = stage.start([stage.location("primary")]);
    await expect.poll(() => receiver.status().state).toBe("fenced");
    await expect
      .poll(() => server.sql("select active from pg_replication_slots where slot_name = 'promptlib'"), {
        timeout: 10_000,
      })
      .toEqual([{ active: false }]);
    expect(receiver.status().locations).toMatchObject([{ fenced: true }]);
  });

  async function takeOver(location: FickleLocation | ReturnType<ReceiveStage["location"]>): Promise<void> {
    const ours = await readIncarnation(stage.recovery);
    if (!ours) throw new Error("no incarnation");
    const from = { incarnation: ours.incarnation, timeline: 1, lsn: "0/1000000" };
    const theirs = nextIncarnation(ours, from, { library: ours.library, systemId: ours.systemId, replaces: [] });
    await claimLocation(location, { incarnation: theirs, host: "bob.example", recovery: stage.path("theirs") });
  }
});
