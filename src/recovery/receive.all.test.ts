import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type TestServer, testServer, writeWal } from "../../test/support/replication.ts";
import { until } from "../base/clock.ts";
import { formatLsn, parseLsn } from "../postgres/lsn.ts";
import { readClaims } from "./claims.ts";
import { readIncarnation } from "./incarnation.ts";
import { compareWithPgWal, endOf, ReceiveStage, walObjects } from "./testing/receive-stage.ts";

// Each makes, fills and compares tens of megabytes on whatever disk there is.
vi.setConfig({ testTimeout: 90_000 });

let server: TestServer;
let stage: ReceiveStage;
beforeAll(async () => {
  server = await testServer();
  // So that there is something to compare with.
  await server.sql("alter system set wal_keep_size = '1GB'");
  await server.sql("select pg_reload_conf()");
});
afterAll(async () => await server.remove());
beforeEach(async () => {
  stage = await ReceiveStage.open(server);
});
afterEach(async () => await stage.remove());

describe("while PostgreSQL writes", () => {
  it("a location has every byte, within seconds, and PostgreSQL may let go of it", async () => {
    const location = stage.location("primary");
    const receiver = stage.start([location]);
    await writeWal(server, 40);
    const end = await stage.stored(receiver, "primary");
    expect(endOf(await compareWithPgWal(location, stage.recovery, server))).toBeGreaterThanOrEqual(end);
    await expect.poll(() => stage.slot()).toBeGreaterThanOrEqual(end);
    expect(receiver.status()).toMatchObject({ state: "streaming", problem: null, gap: null, timeline: 1 });
  });

  it("a single row is stored at once, and its risk is told", async () => {
    const location = stage.location("primary");
    const receiver = stage.start([location]);
    await stage.stored(receiver, "primary");
    const before = await walObjects(location, stage.recovery);
    await server.sql("select pg_logical_emit_message(true, 'test', 'one row')");
    await stage.stored(receiver, "primary");
    const after = await walObjects(location, stage.recovery);
    expect(after.filter((name) => !before.includes(name)).every((name) => /\/\d+-\d+\.zst$/.test(name))).toBe(true);
    await expect
      .poll(() => receiver.status().locations[0], { timeout: 30_000 })
      .toMatchObject({
        name: "primary",
        riskSeconds: 0,
        lagBytes: 0,
        problem: null,
        fenced: false,
      });
    expect(Date.parse(receiver.status().sampledAt ?? "")).toBeGreaterThan(0);
  });

  it("the fragments of a segment give way to the whole one", async () => {
    const location = stage.location("primary");
    const receiver = stage.start([location]);
    const fragments = async () =>
      (await walObjects(location, stage.recovery)).filter((name) => /\/\d+-\d+\.zst$/.test(name));
    await stage.stored(receiver, "primary");
    await server.sql("select pg_switch_wal()");
    await server.sql("select pg_logical_emit_message(true, 'test', 'one row')");
    await stage.stored(receiver, "primary");
    const ended = await fragments();
    expect(ended).not.toEqual([]);
    await server.sql("select pg_switch_wal()");
    // The next segment may have some of its own by then.
    await expect.poll(async () => (await fragments()).filter((name) => ended.includes(name))).toEqual([]);
    const end = await stage.stored(receiver, "primary");
    expect(endOf(await compareWithPgWal(location, stage.recovery, server))).toBeGreaterThanOrEqual(end);
  });

  it("a segment that fills slowly is ended, once it holds anything", async () => {
    const location = stage.location("primary");
    const receiver = stage.start([location], { limits: { switchAfter: 1_500 } });
    await stage.stored(receiver, "primary");
    await server.sql("select pg_logical_emit_message(true, 'test', 'one row')");
    const written = await stage.flushed();
    const next = (position: string | null) => position !== null && parseLsn(position) - written > 65_536n;
    await expect.poll(() => next(receiver.status().received)).toBe(true);
    expect(receiver.status().problem).toBeNull();
  });

  it("several locations hold the same, each with its claim", async () => {
    const locations = ["primary", "secondary", "tertiary"].map((name) => stage.location(name));
    const receiver = stage.start(locations);
    await writeWal(server, 20);
    for (const location of locations) {
      const end = await stage.stored(receiver, location.name);
      expect(endOf(await compareWithPgWal(location, stage.recovery, server))).toBeGreaterThanOrEqual(end);
      const incarnation = (await readIncarnation(stage.recovery))?.incarnation;
      expect(await readClaims(location)).toMatchObject([{ number: 1, incarnation, host: "ada.example", from: null }]);
    }
  });
});

describe("a stop", () => {
  it("waits until locations have what was received", async () => {
    const location = stage.location("primary");
    const receiver = stage.start([location], { limits: { stopPatience: 60_000 } });
    await stage.stored(receiver, "primary");
    await writeWal(server, 8);
    const end = await stage.flushed();
    await until(() => parseLsn(receiver.status().received ?? "0/0") >= end, { timeout: 20_000, every: 1 });
    await receiver.stop();
    expect(endOf(await compareWithPgWal(location, stage.recovery, server))).toBeGreaterThanOrEqual(end);
  });

  it("ends at once when PostgreSQL was never there", async () => {
    const receiver = stage.start([stage.location("primary")], {
      client: { ...server.guard, host: stage.path("no-such-socket") },
    });
    await until(() => receiver.told.at(-1)?.state === "waiting", { timeout: 30_000 });
    expect(receiver.status().problem).toContain("PostgreSQL does not take a replication connection");
    await receiver.stop();
    await receiver.done;
  });

  it("and a new start go on without a hole", async () => {
    const location = stage.location("primary");
    for (let life = 0; life < 4; life++) {
      const receiver = stage.start([location]);
      await writeWal(server, 3);
      await stage.stored(receiver, "primary");
      await receiver.stop();
      await writeWal(server, 7);
    }
    const receiver = stage.start([location]);
    const end = await stage.stored(receiver, "primary");
    expect(endOf(await compareWithPgWal(location, stage.recovery, server))).toBeGreaterThanOrEqual(end);
    expect(receiver.status().gap).toBeNull();
  });
});

describe("a second receiver", () => {
  it("waits, told why, and takes over when the first one ends", async () => {
    const first = stage.start([stage.location("primary")]);
    await stage.stored(first, "primary");
    const second = stage.start([stage.location("primary")]);
    await until(() => second.told.at(-1)?.state === "waiting", { timeout: 20_000 });
    expect(second.status().problem).toMatch(/active/);
    expect(first.status().state).toBe("streaming");
    await first.stop();
    await writeWal(server, 1);
    const end = await stage.stored(second, "primary");
    expect(endOf(await compareWithPgWal(stage.location("primary"), stage.recovery, server))).toBeGreaterThanOrEqual(
      end,
    );
  });
});

it("what is told is JSON with positions as PostgreSQL writes them", async () => {
  const receiver = stage.start([stage.location("primary")]);
  await stage.stored(receiver, "primary");
  const status = receiver.status();
  expect(JSON.parse(JSON.stringify(status))).toEqual(status);
  for (const position of [status.received, status.position, status.locations[0]?.durable]) {
    expect(formatLsn(parseLsn(position ?? ""))).toBe(position);
  }
});
