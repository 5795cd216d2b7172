/** What a user meets who starts it where it cannot run: through the real launcher, each with what mends it. */

import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sleep, until } from "../src/base/clock.ts";
import { readConfig } from "../src/base/config.ts";
import { identityOf } from "../src/base/lock.ts";
import { openCluster } from "../src/postgres/cluster.ts";
import { postgresConnection } from "../src/postgres/connection.ts";
import { existingPlace } from "../src/postgres/place.ts";
import { testLog } from "./support/cluster.ts";
import { health, Instance, launcher, type Ran } from "./support/instance.ts";
import { kill } from "./support/kill.ts";
import { MAIN, nothingRuns, programsOf } from "./support/programs.ts";
import { refusal } from "./support/refusal.ts";

const asOrdinaryUser = it.skipIf(process.getuid?.() === 0);

describe("before anything was made", () => {
  let instance: Instance;
  beforeAll(async () => {
    instance = await Instance.make();
  });
  afterAll(async () => await instance.remove());

  it("a configuration with several faults names each of them, and starts nothing", async () => {
    const env = { PORT: "many", LOG_LEVEL: "loud", DATABASE_URL: "mysql://there/x", BACKUP_INTERVAL: "-1" };
    const ran = await instance.run(["up"], { env });
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    for (const name of [
      "PORT",
      "LOG_LEVEL",
      "DATABASE_URL",
      "BACKUP_INTERVAL",
      "(config_invalid)",
      "docs/configuration.md",
    ]) {
      expect(ran.stderr).toContain(name);
    }
    expect(existsSync(instance.home.root)).toBe(false);
  });

  it("a home below a file cannot be made", async () => {
    const file = join(instance.directory, "file");
    await writeFile(file, "");
    const ran = await instance.run(["up"], { env: { PROMPTLIB_HOME: join(file, "home") } });
    expect(ran).toMatchObject({ code: 12, stdout: "", stderr: refusal("home_not_writable", join(file, "home")) });
  });

  asOrdinaryUser("a home that this user may not write is refused, and can be used once it may", async () => {
    const home = join(instance.directory, "shut");
    await mkdir(home, { mode: 0o500 });
    const ran = await instance.run(["up"], { env: { PROMPTLIB_HOME: home } });
    expect(ran).toMatchObject({ code: 12, stdout: "", stderr: refusal("home_not_writable", home) });
    expect(await readdir(home)).toEqual([]);
    await chmod(home, 0o700);
  });

  async function startedOnTakenPort(setting: "PORT" | "GUARDIAN_PORT") {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const ran = await instance.run(["up"], { env: { [setting]: String(port) } });
    other.close();
    return { ran, port };
  }

  it("a port that another program has is named, and the next start on a free one works", async () => {
    const { ran, port } = await startedOnTakenPort("PORT");
    expect(ran).toMatchObject({ code: 10, stdout: "", stderr: refusal("port_in_use", `127.0.0.1:${port}`) });
    await nothingRuns(instance.home);
  });

  it("where the guardian's port is another program's, it says which port that is and what chooses another", async () => {
    const { ran, port } = await startedOnTakenPort("GUARDIAN_PORT");
    expect(ran).toMatchObject({ code: 10, stderr: refusal("port_in_use", `127.0.0.1:${port}`, "guardian") });
    expect(ran.stderr).toContain("GUARDIAN_PORT=");
    await nothingRuns(instance.home);
  });

  it("a guardian by itself cannot listen at an address of another machine", async () => {
    const ran = await instance.run(["guard"], { env: { HOST: "192.0.2.1" } });
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining("HOST is no address of this machine") });
    await nothingRuns(instance.home);
  });
});

describe("where a library is", () => {
  let instance: Instance;
  let key: string;
  beforeAll(async () => {
    instance = await Instance.make();
    await instance.start();
    key = (await instance.run(["key", "create", "app"])).stdout.trim();
    await instance.run(["push", "kept"], { input: "kept" });
    await instance.stop();
  });
  afterAll(async () => await instance.remove());

  const fetched = async (url: string) => {
    const response = await fetch(`${url}/api/prompts/kept`, { headers: { authorization: `Bearer ${key}` } });
    return `${response.status} ${response.headers.get("x-served-from") ?? "database"} ${await response.text()}`;
  };
  const worksAgain = async () => {
    const url = await instance.start();
    expect(await fetched(url)).toMatch(/^200 database .*"version":1/);
    expect(await instance.stop()).toBe(0);
    await nothingRuns(instance.home);
  };
  const refused = async (): Promise<Ran> => {
    const ran = await instance.run(["up"]);
    await nothingRuns(instance.home);
    return { ...ran, stdout: ran.stdout.replace("Starting …\n", "") };
  };

  it("with nohup it outlives its terminal, whose end stops it otherwise", async () => {
    const nohup = join(instance.directory, "nohup");
    // Without a terminal, nohup itself says nothing.
    await writeFile(nohup, `#!/bin/sh\ntrap "" HUP\nexec ${launcher} up\n`, { mode: 0o755 });
    for (const [command, outlives] of [
      [nohup, true],
      [launcher, false],
    ] as const) {
      const url = await instance.startAnyhow({}, command);
      const { supervisor } = await instance.processes();
      kill(supervisor, "SIGHUP");
      // Longer than stopping takes; the other is waited for.
      if (outlives) await sleep(1_500);
      else await until(() => identityOf(supervisor) === null, { timeout: 30_000 });
      expect((await health(url)) !== "unreachable").toBe(outlives);
      await instance.stop();
      await nothingRuns(instance.home);
    }
  });

  it("a second one on the same home is refused, and the first goes on", async () => {
    const url = await instance.start();
    const before = await instance.processes();
    const ran = await instance.run(["up"]);
    expect(ran).toMatchObject({ code: 11, stdout: "", stderr: refusal("home_in_use", instance.home.root) });
    expect(await fetched(url)).toMatch(/^200/);
    expect(await instance.processes()).toEqual(before);
    expect((await programsOf(instance.home, ...MAIN)).length).toBe(3);
    await instance.stop();
  });

  it("a data directory of another major version is refused untouched, and is used again by its own", async () => {
    const file = join((await existingPlace(instance.home))?.data ?? "", "PG_VERSION");
    const version = await readFile(file, "utf8");
    await writeFile(file, "12\n");
    expect(await refused()).toMatchObject({
      code: 14,
      stdout: "",
      stderr: refusal("postgres_version_mismatch", "PostgreSQL 12", "PostgreSQL 18"),
    });
    expect(await readFile(file, "utf8")).toBe("12\n");
    await writeFile(file, version);
    await worksAgain();
  });

  it("a database that a newer program wrote is refused untouched, and is used again when it is as before", async () => {
    const onDatabase = async (statement: string) => {
      const cluster = openCluster({ home: instance.home, postgresBin: null, log: testLog(instance.home) });
      await cluster.start();
      const config = readConfig({ PROMPTLIB_HOME: instance.home.root });
      const client = new pg.Client((await postgresConnection(config, "owner")).client);
      await client.connect();
      const { rows } = await client.query(statement);
      await client.end();
      await cluster.stop();
      return rows;
    };
    await onDatabase("insert into promptlib.migrations (version, name, sha256) values (9999, 'from the future', '')");
    expect(await refused()).toMatchObject({ code: 16, stderr: refusal("database_newer") });
    const rows = await onDatabase("delete from promptlib.migrations where version = 9999 returning version");
    expect(rows).toHaveLength(1);
    await worksAgain();
  });

  it("a data directory that vanished while it was stopped is not made anew; reading goes on from the mirror", async () => {
    const data = (await existingPlace(instance.home))?.data ?? "";
    await rename(data, `${data}.away`);
    const url = await instance.startAnyhow();
    expect(await until(() => instance.printed.includes("is gone"), { timeout: 20_000 })).toBe(true);
    expect(await fetched(url)).toMatch(/^200 mirror .*"version":1/);
    expect(await health(url)).toBe("degraded");
    const pushed = await instance.run(["push", "kept"], { input: "newer" });
    expect(pushed).toMatchObject({ code: 6, stderr: refusal("database_unavailable") });
    expect(existsSync(data)).toBe(false);
    // It comes back under the feet of what runs.
    await rename(`${data}.away`, data);
    await instance.healthy(url);
    expect(await instance.stop()).toBe(0);
    await worksAgain();
  });
});
