import { execFile } from "node:child_process";
import { chown, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type TestServer, testServer, writeWal } from "../../test/support/replication.ts";
import { monotonic, until } from "../base/clock.ts";
import { formatLsn, parseHistory, parseLsn, segmentStart } from "../postgres/lsn.ts";
import { nextIncarnation, readIncarnation, writeIncarnation } from "./incarnation.ts";
import { historyObject, walFolder } from "./layout.ts";
import { FickleLocation } from "./testing/receive-fickle.ts";
import { compareWithPgWal, endOf, ReceiveStage, walObjects } from "./testing/receive-stage.ts";

// Each makes, fills and compares tens of megabytes on whatever disk there is.
vi.setConfig({ testTimeout: 90_000 });

let server: TestServer;
let stage: ReceiveStage;
beforeEach(async () => {
  server = await testServer();
  stage = await ReceiveStage.open(server);
});
afterEach(async () => {
  await stage.remove();
  await server.remove();
});

async function configure(settings: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) await server.sql(`alter system set ${name} = '${value}'`);
  await server.sql("select pg_reload_conf()");
}

/** PostgreSQL keeps all of its WAL, so that there is something to compare with. */
async function receivedAndStopped() {
  await configure({ wal_keep_size: "1GB" });
  const location = stage.location("primary");
  const first = stage.start([location]);
  await writeWal(server, 20);
  await stage.stored(first, "primary");
  await first.stop();
  return location;
}

/** With owners and modes, which PostgreSQL insists on. */
async function copy(from: string, to: string): Promise<void> {
  await promisify(execFile)("cp", ["-a", from, to]);
}

/** The same cluster, gone on to the next timeline, as after a failover. Answers where. */
async function promote(): Promise<string> {
  await server.cluster.stop();
  const signal = join(server.place.data, "standby.signal");
  await writeFile(signal, "");
  const owner = await stat(server.place.data);
  await chown(signal, owner.uid, owner.gid);
  await server.cluster.start();
  await server.sql("select pg_promote()");
  const history = await server.segment("00000002.history");
  return formatLsn(parseHistory(history.toString())[0]?.lsn ?? parseLsn("0/0"));
}

describe("a PostgreSQL that stops", () => {
  it("waits for a location that answers, and everything is stored, its last record, too", async () => {
    const location = stage.location("primary");
    const receiver = stage.start([location], { limits: { shutdownPatience: 60_000, stopPatience: 60_000 } });
    await stage.stored(receiver, "primary");
    await writeWal(server, 3);
    await server.cluster.stop();
    await receiver.stop();
    const end = endOf(await compareWithPgWal(location, stage.recovery, server));
    await server.cluster.start();
    const [row] = await server.sql("select checkpoint_lsn::text as lsn from pg_control_checkpoint()");
    expect(end).toBeGreaterThan(parseLsn(String(row?.lsn)));
  });

  it("does not wait for ever for a location that is dead", async () => {
    const location = new FickleLocation(stage.location("primary"));
    const receiver = stage.start([location]);
    await stage.stored(receiver, "primary");
    location.away = true;
    await writeWal(server, 3);
    const start = monotonic();
    await server.cluster.stop();
    const took = monotonic() - start;
    expect(took).toBeGreaterThan(4_000);
    expect(took).toBeLessThan(20_000);
    await expect.poll(() => receiver.status().state).toBe("waiting");
    // What the spool has is stored all the same, once the location is back.
    location.away = false;
    await expect.poll(() => receiver.status().locations[0]?.durable === receiver.status().received).toBe(true);
    await server.cluster.start();
    await writeWal(server, 1);
    const end = await stage.stored(receiver, "primary");
    expect(endOf(await compareWithPgWal(location, stage.recovery, server))).toBeGreaterThanOrEqual(end);
    expect(receiver.status()).toMatchObject({ state: "streaming", problem: null, gap: null });
  });

  it("and comes back is followed again, by itself", async () => {
    const location = stage.location("primary");
    const receiver = stage.start([location]);
    await stage.stored(receiver, "primary");
    await server.signal("SIGKILL");
    await until(() => receiver.told.at(-1)?.state === "waiting", { timeout: 20_000 });
    await server.cluster.stop("immediate");
    await server.cluster.start();
    await writeWal(server, 2);
    const end = await stage.stored(receiver, "primary");
    expect(endOf(await compareWithPgWal(location, stage.recovery, server))).toBeGreaterThanOrEqual(end);
  });

  it("keeps no receiver from storing what an earlier one received", async () => {
    const location = new FickleLocation(stage.location("primary"));
    location.away = true;
    const first = stage.start([location], { limits: { stopPatience: 0 } });
    await until(() => first.told.at(-1)?.state === "streaming", { timeout: 20_000 });
    await writeWal(server, 2);
    const end = await stage.flushed();
    await until(() => parseLsn(first.status().received ?? "0/0") >= end, { timeout: 20_000 });
    await first.stop();
    await server.cluster.stop("immediate");
    location.away = false;
    const second = stage.start([location]);
    await expect.poll(() => parseLsn(second.told.at(-1)?.locations[0]?.durable ?? "0/0") >= end).toBe(true);
    expect(second.status().state).toBe("waiting");
  });
});

describe("WAL that is lost", () => {
  it("with its slot is a gap, and receiving goes on after it", async () => {
    const location = stage.location("primary");
    const first = stage.start([location]);
    await stage.stored(first, "primary");
    await first.stop();
    await stage.dropSlot();
    await writeWal(server, 40);
    await server.sql("checkpoint");
    await writeWal(server, 20);
    await server.sql("checkpoint");
    const receiver = stage.start([location]);
    await expect.poll(() => receiver.status().gap).not.toBeNull();
    const gap = receiver.status().gap;
    await stage.stored(receiver, "primary");
    expect(parseLsn(gap?.from ?? "0/0")).toBeGreaterThan(0n);
    expect(gap?.to).toBe(formatLsn(segmentStart(parseLsn(gap?.to ?? "0/0"))));
    expect(receiver.status()).toMatchObject({ state: "streaming", problem: null });
    // Whoever asks later hears of it, too.
    await receiver.stop();
    const third = stage.start([location]);
    await stage.stored(third, "primary");
    expect(third.status().gap).toEqual(gap);
  });

  it("because the slot lagged too far is a gap, too", async () => {
    await configure({ max_slot_wal_keep_size: "32MB" });
    const location = stage.location("primary");
    const first = stage.start([location]);
    await stage.stored(first, "primary");
    await first.stop();
    for (let round = 0; round < 3; round++) {
      await writeWal(server, 40);
      await server.sql("checkpoint");
    }
    const [slot] = await server.sql("select wal_status from pg_replication_slots where slot_name = 'promptlib'");
    expect(slot).toEqual({ wal_status: "lost" });
    const receiver = stage.start([location]);
    await expect.poll(() => receiver.status().gap).not.toBeNull();
    await stage.stored(receiver, "primary");
    await expect
      .poll(() => server.sql("select wal_status from pg_replication_slots where slot_name = 'promptlib'"))
      .toEqual([{ wal_status: expect.stringMatching(/reserved|extended/) }]);
  });

  it("is none when only the slot was dropped and PostgreSQL still has the WAL", async () => {
    await configure({ wal_keep_size: "1GB" });
    const location = stage.location("primary");
    const first = stage.start([location]);
    await stage.stored(first, "primary");
    await first.stop();
    await stage.dropSlot();
    await writeWal(server, 20);
    await server.sql("checkpoint");
    const receiver = stage.start([location]);
    const end = await stage.stored(receiver, "primary");
    expect(endOf(await compareWithPgWal(location, stage.recovery, server))).toBeGreaterThanOrEqual(end);
    expect(receiver.status().gap).toBeNull();
  });

  it("from the spool is found in the location", async () => {
    const location = await receivedAndStopped();
    await writeWal(server, 20);
    await rm(join(stage.recovery, "spool"), { recursive: true });
    const receiver = stage.start([location]);
    const end = await stage.stored(receiver, "primary");
    expect(endOf(await compareWithPgWal(location, stage.recovery, server))).toBeGreaterThanOrEqual(end);
    expect(receiver.status().gap).toBeNull();
  });
});

describe("after the machine died", () => {
  const spool = async () => join(stage.recovery, "spool", (await readIncarnation(stage.recovery))?.incarnation ?? "");
  const died = async () => await writeFile(join(await spool(), "boot-id"), "another life of this machine");
  const newest = async () => {
    const names = (await readdir(await spool())).filter((name) => /^[0-9A-F]{24}$/.test(name)).sort();
    return join(await spool(), names.at(-1) ?? "");
  };

  it("holes in what was received last are filled, and none reaches a location", async () => {
    const location = await receivedAndStopped();
    await writeWal(server, 2);
    await died();
    const bytes = await readFile(await newest());
    await writeFile(await newest(), bytes.fill(0, Math.floor(bytes.length / 3), Math.floor(bytes.length / 2)));
    const receiver = stage.start([location]);
    const end = await stage.stored(receiver, "primary");
    expect(endOf(await compareWithPgWal(location, stage.recovery, server))).toBeGreaterThanOrEqual(end);
    expect(receiver.status()).toMatchObject({ state: "streaming", gap: null });
  });

  it("WAL that PostgreSQL has let go of since, because it was received, is not missed", async () => {
    const location = stage.location("primary");
    const first = stage.start([location]);
    await writeWal(server, 20);
    await server.sql("select pg_switch_wal()");
    const end = await stage.stored(first, "primary");
    await expect.poll(() => stage.slot()).toBeGreaterThanOrEqual(segmentStart(end));
    await first.stop();
    await died();
    await server.cluster.stop();
    await server.cluster.start();
    await writeWal(server, 1);
    await server.sql("checkpoint");
    const receiver = stage.start([location]);
    await stage.stored(receiver, "primary");
    expect(receiver.status()).toMatchObject({ state: "streaming", gap: null });
  });
});

it("locations that lag far are an alarm, and PostgreSQL lets go of what only the spool has before the slot is lost", async () => {
  await configure({ max_slot_wal_keep_size: "64MB" });
  const location = new FickleLocation(stage.location("primary"));
  const receiver = stage.start([location]);
  await stage.stored(receiver, "primary");
  location.away = true;
  await writeWal(server, 50);
  await expect.poll(() => receiver.status().problem).toContain("Locations lag so far");
  const end = await stage.flushed();
  await expect.poll(() => stage.slot()).toBeGreaterThanOrEqual(end);
  location.away = false;
  await stage.stored(receiver, "primary");
  await expect.poll(() => receiver.status().problem).toBeNull();
});

async function keepEarlier(): Promise<void> {
  await server.cluster.stop();
  await copy(server.place.data, stage.path("earlier"));
  await server.cluster.start();
}

async function putBack(): Promise<void> {
  await server.cluster.stop();
  await rm(server.place.data, { recursive: true });
  await copy(stage.path("earlier"), server.place.data);
  await server.cluster.start();
}

it("a data directory that was put back to an earlier state is refused, and what was received stays", async () => {
  const location = stage.location("primary");
  await keepEarlier();
  const receiver = stage.start([location]);
  await writeWal(server, 5);
  await stage.stored(receiver, "primary");
  const received = await walObjects(location, stage.recovery);
  await putBack();
  await writeWal(server, 1);
  await until(() => receiver.told.at(-1)?.state === "failed", { timeout: 20_000 });
  expect(receiver.status().problem).toContain("put back to an earlier state");
  await writeWal(server, 20);
  await until(() => receiver.told.at(-1)?.problem?.includes("sends other WAL"), { timeout: 20_000 });
  expect(receiver.status().problem).toContain("sends other WAL");
  expect(await walObjects(location, stage.recovery)).toEqual(expect.arrayContaining(received.slice(0, -1)));
});

it("is refused also once it has written beyond the segment's boundary at which receiving ended", async () => {
  const location = stage.location("primary");
  await keepEarlier();
  const first = stage.start([location]);
  await writeWal(server, 5);
  await server.sql("select pg_switch_wal()");
  await stage.stored(first, "primary");
  await first.stop();
  const boundary = endOf(await compareWithPgWal(location, stage.recovery, server));
  expect(boundary).toBe(segmentStart(boundary));
  const received = await walObjects(location, stage.recovery);
  await putBack();
  const second = stage.start([location]);
  await until(() => second.told.at(-1)?.state === "failed", { timeout: 20_000 });
  expect(second.status().problem).toContain("put back to an earlier state");
  while ((await stage.flushed()) <= boundary) await writeWal(server, 5);
  expect(await until(() => second.told.at(-1)?.problem?.includes("sends other WAL"), { timeout: 20_000 })).toBe(true);
  await second.stop();
  expect(await walObjects(location, stage.recovery)).toEqual(received);
  expect(await stage.slot()).toBeLessThan(boundary);
});

it("home and database that were put back together are told by what the location holds, and nothing is confirmed", async () => {
  const location = stage.location("primary");
  const first = stage.start([location]);
  await writeWal(server, 2);
  await stage.stored(first, "primary");
  await first.stop();
  await server.cluster.stop();
  await copy(server.place.data, stage.path("earlier"));
  await copy(stage.recovery, stage.path("earlier-recovery"));
  await server.cluster.start();
  const second = stage.start([location]);
  await writeWal(server, 20);
  const end = await stage.stored(second, "primary");
  await second.stop();
  const stored = await walObjects(location, stage.recovery);
  await server.cluster.stop();
  await rm(server.place.data, { recursive: true });
  await rm(stage.recovery, { recursive: true });
  await copy(stage.path("earlier"), server.place.data);
  await copy(stage.path("earlier-recovery"), stage.recovery);
  await server.cluster.start();
  const kept = await stage.slot();
  const receiver = stage.start([location]);
  await writeWal(server, 2);
  const told = (words: string) => async () => {
    const { state, locations } = receiver.told.at(-1) ?? {};
    return state === "streaming" && locations?.[0]?.problem?.includes(words);
  };
  expect(await until(told("was put back to an earlier state"), { timeout: 20_000 })).toBe(true);
  expect(receiver.status().locations[0]).toMatchObject({ durable: null, riskSeconds: null, lagBytes: null });
  while ((await stage.flushed()) <= end) await writeWal(server, 5);
  expect(await until(told("holds other bytes"), { timeout: 20_000 })).toBe(true);
  expect(receiver.status().locations[0]).toMatchObject({ durable: null, riskSeconds: null });
  await receiver.stop();
  expect(await walObjects(location, stage.recovery)).toEqual(stored);
  expect(await stage.slot()).toBe(kept);
});

it("another database in the place of ours is refused", async () => {
  const first = stage.start([stage.location("primary")]);
  await stage.stored(first, "primary");
  await first.stop();
  const known = await readIncarnation(stage.recovery);
  if (!known) throw new Error("no incarnation");
  await writeIncarnation(stage.recovery, { ...known, systemId: "7001" });
  const receiver = stage.start([stage.location("primary")]);
  await until(() => receiver.told.at(-1)?.state === "failed", { timeout: 20_000 });
  expect(receiver.status().problem).toContain("another database");
});

describe("a new timeline", () => {
  it("in the same life is followed from where it forked, its history first", async () => {
    await configure({ wal_keep_size: "1GB" });
    const location = stage.location("primary");
    const receiver = stage.start([location]);
    await writeWal(server, 2);
    await stage.stored(receiver, "primary");
    const fork = await promote();
    await writeWal(server, 20);
    const end = await stage.stored(receiver, "primary");
    const runs = await compareWithPgWal(location, stage.recovery, server);
    expect(runs.map((run) => run.split(" ")[0])).toEqual(["1", "2"]);
    expect(runs[0]?.split(" ")[2]).toBe(fork);
    expect(runs[1]?.split(" ")[1]).toBe(formatLsn(segmentStart(parseLsn(fork))));
    expect(parseLsn(runs[1]?.split(" ")[2] ?? "")).toBeGreaterThanOrEqual(end);
    expect((await walObjects(location, stage.recovery)).some((name) => name.endsWith("/00000002.history"))).toBe(true);
    expect(receiver.status()).toMatchObject({ state: "streaming", timeline: 2, gap: null });
  });

  it("of a new life is received from its origin on, beside the old one's WAL", async () => {
    await configure({ wal_keep_size: "1GB" });
    const location = stage.location("primary");
    const first = stage.start([location]);
    await writeWal(server, 2);
    await stage.stored(first, "primary");
    await first.stop();
    const before = await readIncarnation(stage.recovery);
    if (!before) throw new Error("no incarnation");
    await stage.dropSlot();
    const fork = await promote();
    await writeWal(server, 20);
    const from = { incarnation: before.incarnation, timeline: 1, lsn: fork };
    const next = nextIncarnation(before, from, { library: before.library, systemId: before.systemId, replaces: [] });
    await writeIncarnation(stage.recovery, next);

    const second = stage.start([location]);
    const end = await stage.stored(second, "primary");
    const [run, ...more] = await compareWithPgWal(location, stage.recovery, server);
    expect(more).toEqual([]);
    expect(run?.split(" ").slice(0, 2)).toEqual(["2", formatLsn(segmentStart(parseLsn(fork)))]);
    expect(parseLsn(run?.split(" ")[2] ?? "")).toBeGreaterThanOrEqual(end);
    const history = await text(await location.get(historyObject(walFolder(next), 2)));
    expect(parseHistory(history)).toEqual([{ timeline: 1, lsn: parseLsn(fork) }]);
    expect(second.status()).toMatchObject({ incarnation: next.incarnation, timeline: 2, gap: null });
    expect(await location.list(walFolder(before))).not.toEqual([]);
  });
});
