import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryHome, testCluster, testLog, testPostgresBin } from "../../test/support/cluster.ts";
import { until } from "../base/clock.ts";
import { type Home, homeAt, readConfig } from "../base/config.ts";
import { identityOf } from "../base/lock.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { postgresConnection } from "./connection.ts";
import { existingPlace, type Place, socketDirectory } from "./place.ts";
import { runningProcesses } from "./postmaster.ts";
import { connectAsSuperuser } from "./roles.ts";

const ownerMain = fileURLToPath(new URL("../../test/support/run-cluster.ts", import.meta.url));

/** Starts a process that owns the cluster of `home`. */
function owner(home: Home): ChildProcess {
  return spawn(process.execPath, [ownerMain, home.root], { stdio: ["ignore", "pipe", "inherit"] });
}

async function saidBy(child: ChildProcess): Promise<unknown> {
  if (!child.stdout) throw new Error("no output");
  for await (const line of createInterface(child.stdout)) return JSON.parse(line);
  throw new Error("the process ended before it said anything");
}

async function ask(home: Home, sql: string): Promise<unknown[]> {
  const { client: settings } = await postgresConnection(readConfig({ PROMPTLIB_HOME: home.root }), "owner");
  const client = new pg.Client(settings);
  client.on("error", () => {}); // the query says it, too
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function placeOf(home: Home): Promise<Place> {
  const place = await existingPlace(home);
  if (!place) throw new Error("no cluster");
  return place;
}

describe("a cluster that was made", () => {
  let made: Awaited<ReturnType<typeof temporaryHome>>;
  let home: Home;
  let cluster: Cluster;

  beforeAll(async () => {
    made = await temporaryHome();
    home = made.home;
    cluster = testCluster(home);
    expect(await cluster.start()).toEqual({ adopted: false, firstTime: true });
    await ask(home, "create table kept (n int); insert into kept values (7)");
  });
  afterAll(async () => {
    await cluster.stop("immediate");
    await made.remove();
  });

  it("is there again after a stop and a second start, and nothing ran in between", async () => {
    await cluster.stop();
    expect(await runningProcesses(await placeOf(home))).toEqual([]);
    expect(await cluster.start()).toEqual({ adopted: false, firstTime: false });
    expect(await ask(home, "select n from kept")).toEqual([{ n: 7 }]);
  });

  it("lets each role in with a password that follows from the kept secret, and nobody over TCP", async () => {
    const config = readConfig({ PROMPTLIB_HOME: home.root });
    for (const role of ["owner", "app", "guard"] as const) {
      const { client: settings, setRole } = await postgresConnection(config, role);
      expect(setRole).toBeNull();
      const client = new pg.Client(settings);
      await client.connect();
      const { rows } = await client.query("select current_user as me, current_setting('listen_addresses') as tcp");
      expect(rows).toEqual([{ me: `promptlib_${role}`, tcp: "" }]);
      await client.end();
      await expect(new pg.Client({ ...settings, password: "wrong" }).connect()).rejects.toThrow(/password/);
    }
  });

  it("lets the guard make restore points and read what row-level security hides, also one from before that", async () => {
    await ask(home, "create table hidden as select 1 as n; alter table hidden enable row level security");
    const admin = await connectAsSuperuser(home, "promptlib");
    await admin.query("revoke execute on function pg_create_restore_point(text), pg_switch_wal() from promptlib_guard");
    await admin.query("revoke pg_read_all_data from promptlib_guard; alter role promptlib_guard nobypassrls");
    await admin.end();
    await cluster.stop();
    await cluster.start();
    const { client: settings } = await postgresConnection(readConfig({ PROMPTLIB_HOME: home.root }), "guard");
    const guard = new pg.Client(settings);
    await guard.connect();
    await guard.query("select pg_create_restore_point('point'), pg_switch_wal(), pg_current_wal_flush_lsn()");
    expect((await guard.query("select n from hidden")).rows).toEqual([{ n: 1 }]);
    const version = Number((await guard.query("show server_version_num")).rows[0]?.server_version_num);
    const lock = guard.query("begin; lock table hidden in share mode; rollback");
    if (version >= 170_000) await lock;
    else await expect(lock).rejects.toThrow(/permission denied/);
    await guard.end();
  });

  it("is told to have ended when the postmaster is killed in the middle of a query, and starts again", async () => {
    const ended = new Promise<void>((resolve) => cluster.onExit(resolve));
    const busy = ask(home, "select pg_sleep(30)").catch((error: unknown) => error);
    await until(
      async () =>
        (await ask(home, "select from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()"))
          .length > 0,
      { timeout: 10_000 },
    );
    process.kill(cluster.pid ?? 0, "SIGKILL");
    await ended;
    expect(cluster.state).toBe("stopped");
    expect(await cluster.start()).toEqual({ adopted: false, firstTime: false });
    expect(await busy).toBeInstanceOf(Error);
    expect(await ask(home, "select n from kept")).toEqual([{ n: 7 }]);
  });

  it("goes on when the process that started it is killed, and is adopted by the next, which can stop it", async () => {
    await cluster.stop();
    const first = owner(home);
    const said = await saidBy(first);
    first.kill("SIGKILL");
    await once(first, "exit");
    expect(await ask(home, "select n from kept")).toEqual([{ n: 7 }]);

    expect(await cluster.start()).toEqual({ adopted: true, firstTime: false });
    expect(said).toMatchObject({ pid: cluster.pid });
    const ended = new Promise<void>((resolve) => cluster.onExit(resolve));
    process.kill(cluster.pid ?? 0, "SIGKILL");
    await ended;
    await cluster.start();
    await cluster.stop();
    expect(await runningProcesses(await placeOf(home))).toEqual([]);
  });

  it("is stopped also while it is stopped by SIGSTOP", async () => {
    await cluster.start();
    process.kill(cluster.pid ?? 0, "SIGSTOP");
    await cluster.stop();
    expect(await runningProcesses(await placeOf(home))).toEqual([]);
    expect(cluster.state).toBe("stopped");
  });

  it("starts although its lock file names a process that is another program by now", async () => {
    const { data } = await placeOf(home);
    await cluster.start();
    const lockFile = await readFile(join(data, "postmaster.pid"), "utf8");
    const pid = cluster.pid ?? 0;
    process.kill(pid, "SIGKILL");
    await until(() => cluster.state === "stopped" && identityOf(pid) === null, { timeout: 20_000 });
    // The parent of a postmaster is the one process whose number PostgreSQL itself forgives.
    await writeFile(join(data, "postmaster.pid"), lockFile.replace(/^\d+/, "1"));
    expect(await cluster.start()).toEqual({ adopted: false, firstTime: false });
  });

  it("starts although the kept secret was lost, and takes the new passwords", async () => {
    await cluster.stop();
    await rm(join(home.keys, "postgres"));
    await cluster.start();
    expect(await ask(home, "select n from kept")).toEqual([{ n: 7 }]);
  });

  it("does not start on a setting it does not understand, and hands on PostgreSQL's own words", async () => {
    await cluster.stop();
    const settings = { shared_buffers: "plenty" };
    const wrong = openCluster({ home, postgresBin: testPostgresBin, log: testLog(home), settings });
    await expect(wrong.start()).rejects.toMatchObject({
      code: "postgres_start_failed",
      details: { lastLines: expect.arrayContaining([expect.stringContaining("shared_buffers")]) },
    });
    expect(wrong.state).toBe("stopped");
  });

  it("of another major version is refused before anything is touched", async () => {
    const { data } = await placeOf(home);
    const version = await readFile(join(data, "PG_VERSION"), "utf8");
    await writeFile(join(data, "PG_VERSION"), "12\n");
    await expect(cluster.start()).rejects.toMatchObject({
      code: "postgres_version_mismatch",
      details: { found: "12" },
    });
    expect(await readFile(join(data, "PG_VERSION"), "utf8")).toBe("12\n");
    await writeFile(join(data, "PG_VERSION"), version);
    await cluster.start();
    await cluster.stop();
  });

  it("whose data directory vanished is not made anew", async () => {
    const { data } = await placeOf(home);
    await rename(data, `${data}.away`);
    await expect(cluster.start()).rejects.toMatchObject({ code: "postgres_start_failed" });
    expect(await readdir(dirname(data))).not.toContain("data");
    await mkdir(data);
    await expect(cluster.start()).rejects.toMatchObject({ code: "postgres_start_failed" });
    await rm(data, { recursive: true });
    await rename(`${data}.away`, data);
  });

  it("starts where its home was moved to, also when the path is too long for a socket", async () => {
    const long = join(dirname(home.root), "x".repeat(120));
    await rename(home.root, long);
    home = homeAt(long);
    expect(socketDirectory(home)).toMatch(/^\/tmp\/promptlib-[0-9a-f]{16}$/);
    cluster = testCluster(home);
    try {
      await cluster.start();
      expect(await ask(home, "select n from kept")).toEqual([{ n: 7 }]);
      await cluster.stop();
    } finally {
      await rm(socketDirectory(home), { recursive: true, force: true });
    }
  });
});

it("a first start that is killed in the middle of initdb leaves no half cluster, and the next makes a whole one", async () => {
  const { home, remove } = await temporaryHome();
  const first = owner(home);
  const entries = async () => (await readdir(home.postgres).catch(() => [])).filter((name) => name.startsWith("data~"));
  await until(async () => (await entries())[0], { timeout: 20_000, every: 5 });
  first.kill("SIGKILL");
  await once(first, "exit");
  expect(await readdir(home.postgres)).not.toContain("data");

  const cluster = testCluster(home);
  expect(await cluster.start()).toEqual({ adopted: false, firstTime: true });
  expect(await entries()).toEqual([]);
  await cluster.stop();
  await remove();
});

it("a first start can be interrupted, and leaves nothing running", async () => {
  const { home, remove } = await temporaryHome();
  const cluster = testCluster(home);
  const start = cluster.start();
  const refused = expect(start).rejects.toMatchObject({ code: "interrupted" });
  await until(async () => (await readdir(home.postgres).catch(() => [])).some((name) => name.startsWith("data~")), {
    timeout: 10_000,
    every: 5,
  });
  await cluster.stop();
  await refused;
  expect(await readdir(home.postgres)).not.toContain("data");
  await remove();
});

it("where there must be a cluster and none is found, none is made", async () => {
  const { home, remove } = await temporaryHome();
  await expect(testCluster(home).start({ make: false })).rejects.toMatchObject({ code: "postgres_start_failed" });
  expect(await readdir(home.root)).not.toContain("postgres");
  await remove();
});

it("a POSTGRES_BIN without binaries is a fault of the configuration", async () => {
  const { home, remove } = await temporaryHome();
  await expect(testCluster(home, "/nonexistent").start()).rejects.toMatchObject({ code: "config_invalid" });
  await remove();
});
