import { existsSync } from "node:fs";
import { chmod, chown, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory, temporaryHome, testCluster, testLog } from "../../test/support/cluster.ts";
import { copyData, copyWal, duplicate, type Origin, originOf } from "../../test/support/copied-cluster.ts";
import type { Cluster } from "./cluster.ts";
import { runningProcesses } from "./postmaster.ts";
import { connectAsSuperuser } from "./roles.ts";
import { clearScratch, type Scratch, type ScratchOptions, startScratch } from "./scratch.ts";

let made: Awaited<ReturnType<typeof temporaryHome>>;
let cluster: Cluster;
let origin: Origin;
/** The backup, its WAL, and where each test has its own copy. */
let base: string;
let backup: string;
let wal: string;
/** Between the second and the third row. */
let between: { lsn: string; time: string };

beforeAll(async () => {
  made = await temporaryHome();
  cluster = testCluster(made.home);
  await cluster.start();
  origin = await originOf(made.home);
  base = await temporaryDirectory();
  [backup, wal] = [join(base, "backup"), join(base, "it's 100% $WAL")];
  await living("create table rows (n int); insert into rows values (1)");
  await living("create database odd", "alter database odd set session_preload_libraries = 'nowhere'");
  await living("alter database odd set default_transaction_read_only = on");
  await copyData(origin, backup);
  await living("insert into rows values (2)");
  between = (await living("select pg_current_wal_lsn()::text as lsn, clock_timestamp()::text as time"))[0] as never;
  await living("select pg_create_restore_point('after two')");
  await living("insert into rows values (3)");
  await copyWal(origin, wal);
});
afterAll(async () => {
  await cluster.stop("immediate");
  await made.remove();
  await rm(base, { recursive: true, force: true });
});

let directory: string;
let data: string;
let abort: AbortController;
beforeEach(async () => {
  directory = await temporaryDirectory();
  data = await duplicate(backup, join(directory, "data"));
  abort = new AbortController();
  return async () => {
    await clearScratch(data);
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
});

async function living(...statements: string[]): Promise<unknown[]> {
  const client = await connectAsSuperuser(made.home);
  try {
    let rows: unknown[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

async function ask(scratch: Scratch, sql: string, database = "postgres"): Promise<unknown[]> {
  const client = new pg.Client(scratch.connection(database));
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function rowsOf(scratch: Scratch): Promise<number[]> {
  return ((await ask(scratch, "select n from rows order by n")) as { n: number }[]).map(({ n }) => n);
}

type Target = NonNullable<ScratchOptions["recovery"]>["target"];

function options(target: Target, more: Partial<ScratchOptions> = {}): ScratchOptions {
  return {
    data,
    directory: join(directory, "scratch"),
    bin: origin.bin,
    account: origin.account,
    recovery: { walDirectory: wal, timeline: 1, target },
    settings: {},
    log: testLog(made.home),
    signal: abort.signal,
    ...more,
  };
}

describe("a backup is recovered", () => {
  it("up to a named point and no further, on a timeline of its own", async () => {
    const told: string[] = [];
    const scratch = await startScratch(options({ name: "after two" }, { onProgress: (words) => told.push(words) }));
    expect(await rowsOf(scratch)).toEqual([1, 2]);
    expect(scratch.targetReached).toBe(true);
    expect(scratch.redoDone).toMatch(/^0\/[0-9A-F]+$/);
    expect(
      await ask(scratch, "select pg_is_in_recovery() as r, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as t"),
    ).toEqual([{ r: false, t: "00000002" }]);
    expect(told.join("\n")).toMatch(/redo starts at.*recovery stopping at restore point/s);
    await scratch.stop();
    expect(await runningProcesses({ data, socket: null })).toEqual([]);
  });

  it("up to a position: what was committed when a server answered it is there, and nothing after it", async () => {
    const scratch = await startScratch(options({ lsn: between.lsn }));
    expect(await rowsOf(scratch)).toEqual([1, 2]);
    expect(scratch.targetReached).toBe(true);
  });

  it("up to a time", async () => {
    const scratch = await startScratch(options({ time: between.time }));
    expect(await rowsOf(scratch)).toEqual([1, 2]);
    expect(scratch.targetReached).toBe(true);
  });

  it("up to the end of the WAL", async () => {
    const scratch = await startScratch(options(null));
    expect(await rowsOf(scratch)).toEqual([1, 2, 3]);
    expect(scratch.targetReached).toBe(false);
  });

  it("not at all when the target is not in the WAL, and then up to the end when that is asked for", async () => {
    await expect(startScratch(options({ name: "nowhere" }))).rejects.toMatchObject({
      code: "restore_failed",
      details: { reason: "target_not_reached", lastLines: expect.arrayContaining([expect.stringContaining("FATAL")]) },
    });
    expect(await runningProcesses({ data, socket: null })).toEqual([]);
    const scratch = await startScratch(options(null));
    expect(await rowsOf(scratch)).toEqual([1, 2, 3]);
  });

  it("and stopped with a checkpoint: it starts again with nothing to recover, on the same timeline", async () => {
    const first = await startScratch(options(null));
    await ask(first, "insert into rows values (4)");
    await first.stop();
    const again = await startScratch(options(null, { recovery: null }));
    expect(again.redoDone).toBeNull();
    expect(await rowsOf(again)).toEqual([1, 2, 3, 4]);
    expect(await ask(again, "select timeline_id as t from pg_control_checkpoint()")).toEqual([{ t: 2 }]);
  });

  it("from pg_wal alone, without any recovery asked for", async () => {
    for (const name of await readdir(wal)) await duplicate(join(wal, name), join(data, "pg_wal", name));
    const scratch = await startScratch(options(null, { recovery: null }));
    expect(await rowsOf(scratch)).toEqual([1, 2, 3]);
  });

  it("below a directory whose path is too long for a socket", async () => {
    const long = join(directory, "x".repeat(100));
    const scratch = await startScratch(options(null, { directory: long }));
    expect(await rowsOf(scratch)).toEqual([1, 2, 3]);
    const { host } = scratch.connection("postgres");
    expect(host).toMatch(/^\/tmp\/promptlib-/);
    await scratch.stop();
    expect(existsSync(host ?? "")).toBe(false);
  });
});

describe("what was restored with it does no harm", () => {
  it("settings in postgresql.auto.conf: nothing of the living server is touched, no port is opened", async () => {
    const harm = join(directory, "harm");
    await writeFile(
      join(data, "postgresql.auto.conf"),
      [
        `data_directory = '${origin.place.data}'`,
        "primary_conninfo = 'host=/nowhere'",
        "primary_slot_name = 'promptlib'",
        "synchronous_standby_names = 'nobody'",
        "archive_mode = 'on'",
        `archive_command = 'touch ${harm}'`,
        `recovery_end_command = 'touch ${harm}'`,
        "listen_addresses = '*'",
        "port = 54399",
        "shared_preload_libraries = 'nowhere'",
        "recovery_target_timeline = 'latest'",
        "recovery_target_time = '2001-01-01'",
      ].join("\n"),
    );
    await writeFile(join(data, "standby.signal"), "");
    const before = await living("select count(*) from rows", "select pg_postmaster_start_time() as t");
    const scratch = await startScratch(options({ name: "after two" }));
    await ask(scratch, "insert into rows values (9); select pg_switch_wal(); checkpoint");
    expect(await ask(scratch, "show data_directory")).toEqual([{ data_directory: data }]);
    expect(await listens(scratch.pid)).toEqual([]);
    expect(existsSync(harm)).toBe(false);
    expect(await readdir(data)).toContain("postgresql.auto.conf.before-restore");
    expect(await living("select count(*) from rows", "select pg_postmaster_start_time() as t")).toEqual(before);
    expect(await living("select n from rows where n = 9")).toEqual([]);
  });

  it("settings of a database: libraries that are not there, and read-only", async () => {
    const scratch = await startScratch(options(null));
    await ask(scratch, "create table made ()", "odd");
  });

  it("more than sizes in what its backup says of the source", async () => {
    const settings = { max_connections: "33", archive_mode: "on", max_wal_senders: "7; touch /x", port: "54398" };
    const scratch = await startScratch(options(null, { settings }));
    expect(
      await ask(
        scratch,
        "select string_agg(setting, ' ' order by name) as s from pg_settings where name = any('{archive_mode,max_connections,max_wal_senders,port}')",
      ),
    ).toEqual([{ s: "off 33 10 5432" }]);
  });

  const waysOut: Record<string, () => Promise<void>> = {
    "pg_wal that is a link": async () => {
      await rename(join(data, "pg_wal"), join(directory, "wal"));
      await symlink(join(directory, "wal"), join(data, "pg_wal"));
    },
    "a tablespace": async () => await symlink(directory, join(data, "pg_tblspc", "16400")),
    "a list of tablespaces": async () => await writeFile(join(data, "tablespace_map"), `16400 ${directory}\n`),
    "no PG_VERSION": async () => await rm(join(data, "PG_VERSION")),
    "no pg_wal": async () => await rm(join(data, "pg_wal"), { recursive: true }),
  };
  for (const [what, make] of Object.entries(waysOut)) {
    it(`${what}: it is not started`, async () => {
      await make();
      await expect(startScratch(options(null))).rejects.toMatchObject({ code: "restore_failed" });
      expect(existsSync(join(directory, "scratch", "postgres.log"))).toBe(false);
    });
  }
});

describe("a recovery that cannot be", () => {
  it("because it would empty a tablespace of the living server", async () => {
    const elsewhere = join(base, "tablespace");
    await mkdir(elsewhere);
    if (origin.account) await chown(elsewhere, origin.account.uid, origin.account.gid);
    await living(`create tablespace elsewhere location '${elsewhere}'`);
    await living("create table there tablespace elsewhere as select 1 as n", "checkpoint");
    const recovery = { walDirectory: join(directory, "wal"), timeline: 1, target: null };
    await copyWal(origin, recovery.walDirectory);
    await expect(startScratch(options(null, { recovery }))).rejects.toMatchObject({
      code: "restore_failed",
      message: expect.stringContaining(elsewhere),
    });
    await cluster.stop();
    await cluster.start();
    expect(await living("select n from there")).toEqual([{ n: 1 }]);
  });

  it("for WAL that cannot be read is no shorter recovery", async () => {
    const copy = await duplicate(wal, join(directory, "wal"));
    for (const name of await readdir(copy)) await chmod(join(copy, name), 0);
    const recovery = { walDirectory: copy, timeline: 1, target: null };
    await expect(startScratch(options(null, { recovery }))).rejects.toMatchObject({
      code: "restore_failed",
      details: { reason: "wal_unreadable" },
    });
  });

  it("for WAL of the backup that is missing", async () => {
    const copy = join(directory, "wal");
    await mkdir(copy);
    const recovery = { walDirectory: copy, timeline: 1, target: null };
    await expect(startScratch(options(null, { recovery }))).rejects.toMatchObject({
      code: "restore_failed",
      details: { reason: "no_checkpoint" },
    });
  });

  it("for a damaged control file", async () => {
    const path = join(data, "global", "pg_control");
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(7, 40, 60));
    await expect(startScratch(options(null))).rejects.toMatchObject({
      code: "restore_failed",
      details: { reason: "no_checkpoint" },
    });
  });

  it("because a server runs on the directory already", async () => {
    await startScratch(options(null));
    await expect(startScratch(options(null))).rejects.toMatchObject({ message: expect.stringContaining("runs on") });
  });
});

describe("it ends", () => {
  it("when it is aborted while it recovers, or has just ended that", async () => {
    const start = startScratch(options(null, { onProgress: () => abort.abort() }));
    await expect(start).rejects.toMatchObject({ code: "interrupted" });
    expect(await runningProcesses({ data, socket: null })).toEqual([]);
  });

  it("when it is aborted long after it was started", async () => {
    const scratch = await startScratch(options(null));
    abort.abort();
    await scratch.ended();
    await scratch.stop();
    expect(await runningProcesses({ data, socket: null })).toEqual([]);
  });

  it("when nobody holds it any more, also while it stands still", async () => {
    const scratch = await startScratch(options(null));
    process.kill(scratch.pid, "SIGSTOP");
    await clearScratch(data);
    await scratch.ended();
    expect(await runningProcesses({ data, socket: null })).toEqual([]);
  });

  it("by itself, and says so", async () => {
    const scratch = await startScratch(options(null));
    process.kill(scratch.pid, "SIGKILL");
    await scratch.ended();
    await scratch.stop();
    expect(await runningProcesses({ data, socket: null })).toEqual([]);
  });
});

/** The TCP ports that a process listens on. */
async function listens(pid: number): Promise<string[]> {
  const links = await Promise.all(
    (await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")),
  );
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`/proc/net/${name}`, "utf8").catch(() => "")),
  );
  const lines = tables.flatMap((table) => table.split("\n").map((line) => line.trim().split(/\s+/)));
  return lines.filter((line) => inodes.has(line[9] ?? "")).map((line) => line[1] ?? "");
}
