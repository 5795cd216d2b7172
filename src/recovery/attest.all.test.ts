import { open as openFile, rm } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory, temporaryHome, testCluster, testLog } from "../../test/support/cluster.ts";
import { copyData, copyWal, duplicate, type Origin, originOf } from "../../test/support/copied-cluster.ts";
import { sleep } from "../base/clock.ts";
import type { Cluster } from "../postgres/cluster.ts";
import { embeddedConnection } from "../postgres/connection.ts";
import { connectAsSuperuser } from "../postgres/roles.ts";
import { clearScratch, type Scratch, startScratch } from "../postgres/scratch.ts";
import { type AttestedPoint, type AttestOptions, attest } from "./attest.ts";
import { isAllSince } from "./attest-point.ts";
import { compareFigures } from "./compare.ts";
import { tableFigures } from "./table-figures.ts";

let made: Awaited<ReturnType<typeof temporaryHome>>;
let cluster: Cluster;
let origin: Origin;
let base: string;
let admin: pg.Client;
let abort: AbortController;
let major: number;

beforeAll(async () => {
  made = await temporaryHome();
  cluster = testCluster(made.home);
  await cluster.start();
  origin = await originOf(made.home);
  base = await temporaryDirectory();
  admin = await connectAsSuperuser(made.home, "promptlib");
  // The WAL since the base is copied from where it was made; and nobody else has a transaction.
  for (const setting of ["wal_keep_size = '4GB'", "autovacuum = off"]) await admin.query(`alter system set ${setting}`);
  await admin.query("select pg_reload_conf()");
  major = Math.floor(Number((await admin.query("show server_version_num")).rows[0].server_version_num) / 10_000);
  await admin.query("create database second");
  const second = await connectAsSuperuser(made.home, "second");
  await second.query("create table t (n int)");
  await second.end();
  await admin.query(`
    create table parent (id bigint generated always as identity primary key, note text);
    create table child (id bigserial primary key, parent bigint references parent, body text);
    create table parted (n int, v text) partition by range (n);
    create table part_1 partition of parted for values from (0) to (500);
    create table part_2 partition of parted for values from (500) to (1000);
    create table hidden (n int, w text); alter table hidden enable row level security;
    create unlogged table cache (n int); insert into cache values (1);
    insert into hidden select n, repeat('h', 3000) from generate_series(1, 100) n;
    create materialized view v as select * from hidden`);
  await copyData(origin, join(base, "backup"));
});
afterAll(async () => {
  await admin.end();
  await cluster.stop("immediate");
  await made.remove();
  await rm(base, { recursive: true, force: true, maxRetries: 5 });
});
beforeEach(() => {
  abort = new AbortController();
});

async function connect(user: string, database: string): Promise<pg.Client> {
  const client = new pg.Client(await embeddedConnection(made.home, user, database));
  client.on("error", () => {});
  await client.connect();
  return client;
}

async function attested(more: Partial<AttestOptions> = {}, user = "promptlib_guard") {
  return await attest((database) => connect(user, database), {
    name: "promptlib_20261122T060000Z-7f3a",
    databases: ["promptlib"],
    signal: abort.signal,
    ...more,
  });
}

async function pointOf(more: Partial<AttestOptions> = {}): Promise<AttestedPoint> {
  const point = await attested(more);
  if ("notAttested" in point) throw new Error(point.notAttested);
  return point;
}

const WRITES = [
  "insert into parent (note) select repeat(random()::text, 20)",
  "insert into child (parent, body) select id, 'x' from parent order by random() limit 3",
  "update parent set note = note || '.' where id = (select id from parent order by random() limit 1)",
  "delete from child where id in (select id from child order by random() limit 1)",
  "insert into parted select random() * 999, 'v' from generate_series(1, 5)",
  "begin; update parted set n = 999 - n where n % 7 = 3; insert into hidden values (1, 'y'); commit",
  "begin; insert into parent (note) values ('no'); rollback",
];

/** Another writer was faster with these rows, and moved them to the other partition: serialization_failure, deadlock_detected */
const LOST = ["40001", "40P01"];

async function writeOnce(client: pg.Client): Promise<void> {
  try {
    await client.query(WRITES[Math.floor(Math.random() * WRITES.length)] ?? "");
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || !LOST.includes(error.code ?? "")) throw error;
    await client.query("rollback");
  }
}

/** They go on beside the test: one that fails is told when it is waited for, and not before. */
function beside(loops: Promise<void>[]): Promise<unknown> {
  const all = Promise.all(loops);
  all.catch(() => {});
  return all;
}

/** `pause`: the longest between two writes of one writer. Answers how many there were. */
async function whileWriting<T>(writers: number, pause: number, work: () => Promise<T>): Promise<T> {
  let over = false;
  let writes = 0;
  const writing = async () => {
    const client = await connectAsSuperuser(made.home, "promptlib");
    while (!over) {
      await writeOnce(client);
      writes += 1;
      if (pause > 0) await sleep(Math.random() * pause);
    }
    await client.end();
  };
  const loops = beside(Array.from({ length: writers }, writing));
  try {
    await sleep(200);
    const before = writes;
    const result = await work();
    await sleep(100);
    expect(writes).toBeGreaterThan(before);
    return result;
  } finally {
    over = true;
    await loops;
  }
}

/** At practically every moment some transaction is open that has written. */
async function whileNeverResting<T>(work: () => Promise<T>): Promise<T> {
  let over = false;
  const writing = async () => {
    const client = await connectAsSuperuser(made.home, "promptlib");
    while (!over) {
      await client.query("begin; insert into parent (note) values ('open')");
      await sleep(20);
      await client.query("commit");
    }
    await client.end();
  };
  const loops = beside(Array.from({ length: 5 }, writing));
  try {
    return await work();
  } finally {
    over = true;
    await loops;
  }
}

async function restored<T>(point: AttestedPoint, use: (scratch: Scratch, data: string) => Promise<T>): Promise<T> {
  const directory = await temporaryDirectory();
  const data = await duplicate(join(base, "backup"), join(directory, "data"));
  try {
    await copyWal(origin, join(directory, "wal"));
    const scratch = await startScratch({
      data,
      directory: join(directory, "scratch"),
      bin: origin.bin,
      account: origin.account,
      recovery: { walDirectory: join(directory, "wal"), timeline: point.timeline, target: { name: point.point } },
      settings: {},
      log: testLog(made.home),
      signal: abort.signal,
    });
    expect(scratch.targetReached).toBe(true);
    return await use(scratch, data);
  } finally {
    await clearScratch(data);
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function figuresOf(scratch: Scratch, database: string) {
  const client = new pg.Client(scratch.connection(database));
  client.on("error", () => {});
  await client.connect();
  try {
    return await tableFigures(client, { signal: abort.signal });
  } finally {
    await client.end();
  }
}

async function differences(point: AttestedPoint) {
  return await restored(point, async (scratch) => {
    const all = [];
    for (const { name } of point.databases) all.push(await figuresOf(scratch, name));
    return compareFigures(point.databases, all);
  });
}

describe("a restore to the attested point gives exactly its figures", () => {
  it("while writers hammer, without a lock", { timeout: 120_000 }, async () => {
    const points = await whileWriting(4, 40, async () => {
      const found: AttestedPoint[] = [];
      for (let number = 0; number < 3; number += 1) {
        // Whatever the others happen to do between two points, no two have the same rows.
        await admin.query("insert into parent (note) values ('between')");
        found.push(await pointOf({ patienceMs: 30_000 }));
      }
      return found;
    });
    for (const point of points) {
      expect(point).toMatchObject({ format: 1, timeline: 1, locked: false });
      expect(point.point).toMatch(/^promptlib_20261122T060000Z-7f3a_[0-9a-f]{8}$/);
      const [figures] = point.databases;
      expect(figures?.tables.map(({ name }) => name)).toEqual(
        ["parent", "child", "part_1", "part_2", "hidden", "v"].map((name) => `public.${name}`),
      );
      expect(figures?.notCompared).toContain("public.cache: unlogged, and so empty after every restore");
      expect(await differences(point)).toEqual([]);
    }
    const hashes = points.map(({ databases }) => databases[0]?.tables[0]?.hash);
    expect(new Set(hashes).size).toBe(points.length);
  });

  it("with locks, where some transaction is always open", { timeout: 120_000 }, async () => {
    const point = await whileNeverResting(async () => await attested({ patienceMs: 300, lockTries: 20 }));
    if (major < 17) {
      expect(point).toEqual({ notAttested: expect.stringContaining("permission denied") });
      return;
    }
    if ("notAttested" in point) throw new Error(point.notAttested);
    expect(point.locked).toBe(true);
    expect(await differences(point)).toEqual([]);
  });

  it("in two databases at once", { timeout: 120_000 }, async () => {
    const second = await connectAsSuperuser(made.home, "second");
    let over = false;
    const writing = async () => {
      while (!over) {
        await second.query("insert into t select 1 from generate_series(1, 3)");
        await sleep(10);
      }
    };
    const loop = beside([writing()]);
    const point = await whileWriting(1, 40, () => pointOf({ databases: ["promptlib", "second"], patienceMs: 30_000 }));
    over = true;
    await loop;
    await second.end();
    expect(point.databases.map(({ name }) => name)).toEqual(["promptlib", "second"]);
    expect(await differences(point)).toEqual([]);
  });

  it("and one changed row, one page that cannot be read, are found", { timeout: 120_000 }, async () => {
    const point = await pointOf();
    await restored(point, async (scratch, data) => {
      const client = new pg.Client(scratch.connection("promptlib"));
      await client.connect();
      const { rows } = await client.query("select pg_relation_filepath('v') as path");
      await client.query("update hidden set w = w || '.' where ctid = (select min(ctid) from hidden)");
      await client.end();
      expect(compareFigures(point.databases, [await figuresOf(scratch, "promptlib")])).toMatchObject([
        { kind: "content", name: "public.hidden" },
      ]);
      await scratch.stop();
      const file = await openFile(join(data, rows[0].path), "r+");
      await file.write(Buffer.alloc(100, 7), 0, 100, 4000);
      await file.close();
      const again = await startScratch({
        data,
        directory: join(data, "..", "scratch"),
        bin: origin.bin,
        account: origin.account,
        recovery: null,
        settings: {},
        log: testLog(made.home),
        signal: abort.signal,
      });
      await expect(figuresOf(again, "promptlib")).rejects.toMatchObject({
        code: "comparison_failed",
        message: expect.stringContaining("public.v"),
      });
    });
  });
});

/** Does `action` once, just before the readers take their snapshots: after the restore point. */
async function attestedDespite(action: () => Promise<unknown>): Promise<AttestedPoint> {
  let meanwhile: Promise<unknown> | null = null;
  const open = async (database: string) => {
    const client = await connect("promptlib_guard", database);
    const query = client.query.bind(client);
    return Object.assign(client, {
      query: async (text: string, values?: unknown[]) => {
        if (text.startsWith("select pg_current_snapshot()")) {
          meanwhile ??= action();
          await meanwhile;
        }
        return await query(text, values);
      },
    });
  };
  const options = { name: "promptlib_between", databases: ["promptlib"] as const, signal: abort.signal };
  const point = await attest(open, { ...options, patienceMs: 20_000 });
  expect(meanwhile).not.toBeNull();
  if ("notAttested" in point) throw new Error(point.notAttested);
  return point;
}

describe("a point is made anew when between it and the snapshot", () => {
  it("somebody wrote and committed", async () => {
    const point = await attestedDespite(() => admin.query("insert into hidden values (1, 'between')"));
    expect(await differences(point)).toEqual([]);
  });

  it("somebody committed who had written before", { timeout: 60_000 }, async () => {
    const writer = await connectAsSuperuser(made.home, "promptlib");
    await writer.query("insert into hidden values (1, 'earlier')");
    let begun = false;
    const committing = async () => {
      begun = true;
      await writer.query("commit");
    };
    await writer.query("begin; insert into hidden values (2, 'open')");
    // The right code never comes so far while it is open; then it is ended from here.
    const end = beside([sleep(500).then(async () => void (begun ? null : await writer.query("commit")))]);
    const point = await attestedDespite(committing);
    await end;
    await writer.end();
    expect(await differences(point)).toEqual([]);
  });

  it("somebody emptied a table", async () => {
    const point = await attestedDespite(async () => {
      const writer = await connectAsSuperuser(made.home, "promptlib");
      await writer.query("truncate parted");
      await writer.end();
    });
    expect(await differences(point)).toEqual([]);
  });
});

describe("nothing is attested, and it is said why", () => {
  it("when a transaction that writes stays open", async () => {
    const writer = await connectAsSuperuser(made.home, "promptlib");
    await writer.query("begin; insert into parent (note) values ('open')");
    const point = await attested({ patienceMs: 200, lockTries: 1 });
    await writer.query("rollback");
    await writer.end();
    expect(point).toEqual({ notAttested: expect.stringMatching(major < 17 ? /permission denied/ : /no moment/) });
    const waits = await admin.query("select from pg_locks where not granted");
    expect(waits.rowCount).toBe(0);
  });

  it("when the login may not make restore points", async () => {
    expect(await attested({}, "promptlib_app")).toEqual({
      notAttested: expect.stringContaining("pg_create_restore_point"),
    });
  });

  it("when reading takes too long", async () => {
    await admin.query("create table large as select repeat('x', 1000) from generate_series(1, 300000)");
    const point = await attested({ readingMs: 50 });
    await admin.query("drop table large");
    expect(point).toEqual({ notAttested: expect.stringContaining("took longer") });
  });
});

it("nobody else's transaction is held up while the tables are read", async () => {
  await admin.query("create table large as select repeat('x', 1000) from generate_series(1, 200000)");
  const reading = pointOf();
  for (let seen = 0; seen < 3; ) {
    const { rows } = await admin.query(
      `select backend_xid is not null as has_number from pg_stat_activity
      where usename = 'promptlib_guard' and query like '%record_send%'`,
    );
    if (rows.length === 0) continue;
    seen += 1;
    expect(rows).toEqual([{ has_number: false }]);
    const { rows: own } = await admin.query(
      "with x as materialized (select pg_current_xact_id() as xid) select xid = pg_snapshot_xmin(pg_current_snapshot()) as oldest from x",
    );
    expect(own).toEqual([{ oldest: true }]);
  }
  await reading;
  await admin.query("drop table large");
});

it("is given up when it is told to, and leaves no connection", async () => {
  const writer = await connectAsSuperuser(made.home, "promptlib");
  await writer.query("begin; insert into parent (note) values ('open')");
  const attesting = expect(attested({ patienceMs: 60_000 })).rejects.toMatchObject({ code: "interrupted" });
  await sleep(100);
  abort.abort();
  await attesting;
  await writer.end();
});

it("a name that would be cut is refused", async () => {
  await expect(attested({ name: "p".repeat(55) })).rejects.toThrow(RangeError);
});

it("a snapshot is whole when it begins with the number and knows of none that ended since", () => {
  expect(isAllSince("7:8:7", "7")).toBe(true);
  expect(isAllSince("7:9:7,8", "7")).toBe(true);
  expect(isAllSince("7:10:7,8", "7")).toBe(false);
  expect(isAllSince("6:8:6,7", "7")).toBe(false);
  expect(isAllSince("8:8:", "7")).toBe(false);
});
