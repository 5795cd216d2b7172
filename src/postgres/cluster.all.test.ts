import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, lstat, mkdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryDirectory, temporaryHome, testCluster } from "../../test/support/cluster.ts";
import { kill } from "../../test/support/kill.ts";
import { until } from "../base/clock.ts";
import { type Home, homeAt } from "../base/config.ts";
import { prepareHome } from "../base/home.ts";
import { connected, embeddedConnection } from "./connection.ts";
import { existingPlace, socketDirectory } from "./place.ts";
import { runningProcesses } from "./postmaster.ts";
import { titleOf } from "./watch.ts";

const asRoot = it.skipIf(process.getuid?.() !== 0);
const ownerMain = fileURLToPath(new URL("../../test/support/run-cluster.ts", import.meta.url));
const NOBODY = 65534;

async function uidOfProcess(pid: number): Promise<string | undefined> {
  return /^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
}

async function startedAndStopped(home: Home): Promise<void> {
  const cluster = testCluster(home);
  try {
    await cluster.start();
    expect(await uidOfProcess(cluster.pid ?? 0)).not.toBe("0");
  } finally {
    await cluster.stop();
  }
}

asRoot("an ordinary user runs PostgreSQL under its own name", async () => {
  const directory = await temporaryDirectory();
  await chown(directory, NOBODY, NOBODY);
  const child = spawn(process.execPath, [ownerMain, join(directory, "home")], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: "/",
    env: {},
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface(child.stdout)) {
    const { pid } = JSON.parse(line) as { pid: number };
    expect(await uidOfProcess(pid)).toBe(String(NOBODY));
    break;
  }
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  await rm(directory, { recursive: true });
});

asRoot("root's home below a directory that others cannot enter keeps its cluster in /var/lib, twice", async () => {
  const directory = await temporaryDirectory();
  await chmod(directory, 0o700);
  const home = homeAt(join(directory, "home"));
  await prepareHome(home);
  try {
    await startedAndStopped(home);
    expect(await readlink(home.postgres)).toMatch(/^\/var\/lib\/promptlib\/[0-9a-f]{16}-[0-9a-f]{8}$/);
    await startedAndStopped(home);
    const target = (await existingPlace(home))?.root ?? "";
    await rm(target, { recursive: true });
    await expect(testCluster(home).start()).rejects.toMatchObject({ code: "postgres_start_failed" });
  } finally {
    await rm(await readlink(home.postgres), { recursive: true, force: true });
    await rm(directory, { recursive: true });
  }
});

asRoot("a new home where one was removed gets a new cluster, and the old one's stays as it is", async () => {
  const directory = await temporaryDirectory();
  await chmod(directory, 0o700);
  const home = homeAt(join(directory, "home"));
  const places: string[] = [];
  try {
    for (let time = 0; time < 2; time += 1) {
      await rm(home.root, { recursive: true, force: true });
      await prepareHome(home);
      const cluster = testCluster(home);
      expect(await cluster.start()).toMatchObject({ firstTime: true });
      await cluster.stop();
      places.push(await readlink(home.postgres));
    }
    const [old = "", anew = ""] = places;
    expect(old).not.toBe(anew);
    expect(existsSync(join(old, "data", "PG_VERSION"))).toBe(true);
    expect(await readFile(join(home.logs, "test.log"), "utf8")).toContain(old);
  } finally {
    for (const place of places) await rm(place, { recursive: true, force: true });
    await rm(directory, { recursive: true });
  }
});

asRoot("root with a umask that shuts others out starts it all the same", async () => {
  const directory = await temporaryDirectory();
  const home = homeAt(join(directory, "home"));
  const umask = process.umask(0o022);
  await prepareHome(home);
  process.umask(0o077);
  try {
    await startedAndStopped(home);
  } finally {
    process.umask(umask);
    await rm(directory, { recursive: true });
  }
});

asRoot("a cluster whose way was shut later is refused with the directory that is in the way", async () => {
  const { home, remove } = await temporaryHome();
  await startedAndStopped(home);
  await chmod(home.root, 0o700);
  await expect(testCluster(home).start()).rejects.toMatchObject({
    code: "postgres_start_failed",
    message: expect.stringContaining(home.root),
  });
  await chmod(home.root, 0o711);

  const { data } = (await existingPlace(home)) ?? { data: "" };
  await promisify(execFile)("chown", ["-R", "0:0", data]);
  await expect(testCluster(home).start()).rejects.toMatchObject({ code: "no_postgres_account" });
  await promisify(execFile)("chown", ["-R", `${NOBODY}:${NOBODY}`, data]);
  expect((await stat(data)).uid).toBe(NOBODY);
  await remove();
});

asRoot("a directory for the socket that someone else made in /tmp is refused", async () => {
  const directory = await temporaryDirectory();
  const home = homeAt(join(directory, "y".repeat(120)));
  await prepareHome(home);
  const socket = socketDirectory(home);
  await mkdir(socket);
  await chown(socket, 12_345, 12_345);
  try {
    await expect(testCluster(home).start()).rejects.toMatchObject({ code: "postgres_start_failed" });
    expect((await lstat(socket)).uid).toBe(12_345);
  } finally {
    await rm(socket, { recursive: true });
    await rm(directory, { recursive: true });
  }
});

it("a cluster does not stay away for ever when its startup process is killed while it recovers from a crash", async () => {
  const { home, remove } = await temporaryHome();
  const cluster = testCluster(home);
  try {
    await cluster.start();
    const place = await existingPlace(home);
    if (!place) throw new Error("no cluster");
    const killed = async (title: RegExp) => {
      for (const pid of await runningProcesses(place)) {
        if (!title.test(await titleOf(pid))) continue;
        kill(pid);
        return true;
      }
      return false;
    };
    // Something to recover, and as many crashes as it takes to meet the startup process.
    await ask(home, "create table kept as select n, repeat('x', 50) as x from generate_series(1, 300000) n");
    const caught = async () => {
      await killed(/walwriter/);
      return await until(() => killed(/: startup/), { timeout: 2_000, every: 1 });
    };
    // It ends at once, or (18.4) says for ever that it recovers; or it was done when it was killed.
    const ended = async () => (await caught()) && (await until(() => cluster.state === "stopped", { timeout: 30_000 }));
    expect(await until(ended, { timeout: 90_000 })).toBe(true);
    await cluster.start();
    expect(await ask(home, "select count(*)::int as n from kept")).toEqual([{ n: 300_000 }]);
  } finally {
    await cluster.stop();
    await remove();
  }
});

async function ask(home: Home, sql: string): Promise<unknown[]> {
  return await connected(
    await embeddedConnection(home, "postgres", "postgres"),
    async (client) => (await client.query(sql)).rows,
  );
}
