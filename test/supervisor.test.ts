import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { until } from "../src/base/clock.ts";
import { existingPlace } from "../src/postgres/place.ts";
import { kill } from "./support/kill.ts";
import { programsOf } from "./support/programs.ts";
import { answerer, gone, pidsOf, ready, Stage } from "./support/stage.ts";

// Each starts programs, some of them more than once.
vi.setConfig({ testTimeout: 90_000 });

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.make();
});
afterEach(async () => await stage.clear());
afterAll(async () => await stage.remove());

describe("what up started", () => {
  it("is announced once it answers, and is stopped in order by SIGTERM with nothing left behind", async () => {
    const up = stage.up({ FAKE_ADMIN: "a-password-to-print" });
    const url = await ready(up);
    const all = await stage.allRunning();
    expect(await answerer(url)).toBe(all.children.serve.pid);
    expect(up.printed()).toMatch(/^Making the database …\n/);
    expect(await until(() => up.printed().includes("a-password-to-print"), { timeout: 20_000 })).toBe(true);
    up.process.kill("SIGTERM");
    expect(await up.ended).toBe(0);
    await stage.nothingRuns();
  });

  it("ends a request in flight before it stops, and takes a second Ctrl-C calmly", async () => {
    const up = stage.up();
    const url = await ready(up);
    const all = await stage.allRunning();
    expect(up.printed()).toMatch(/^Starting …\n/);
    const slow = await fetch(`${url}/slow`, { headers: { connection: "close" } });
    up.process.kill("SIGINT");
    up.process.kill("SIGINT");
    expect(Number(await slow.text())).toBe(all.children.serve.pid);
    expect(await up.ended).toBe(0);
    await stage.nothingRuns();
  });

  it("mends a killed server: who connects in between is answered by the next one", async () => {
    const up = stage.up();
    const url = await ready(up);
    const before = await stage.allRunning();
    kill(before.children.serve.pid, "SIGKILL");
    await gone(before.children.serve.pid);
    const inBetween = await answerer(url);
    const after = await stage.allRunning();
    expect(inBetween).toBe(after.children.serve.pid);
    expect(after.children.serve).toMatchObject({ restarts: 1 });
    expect(after.postgres).toBe(before.postgres);
  });

  it("mends a killed guard, which adopts PostgreSQL, and a killed PostgreSQL", async () => {
    const up = stage.up();
    await ready(up);
    const first = await stage.allRunning();
    kill(first.children.guard?.pid ?? 0, "SIGKILL");
    await until(async () => ((await stage.children())?.children.guard?.pid ?? 0) !== first.children.guard?.pid, {
      timeout: 10_000,
    });
    const second = await stage.allRunning();
    expect(second.postgres).toBe(first.postgres);

    kill(second.postgres, "SIGKILL");
    await gone(second.postgres);
    await until(async () => ((await stage.children())?.children.guard?.postgres?.pid ?? 0) !== second.postgres, {
      timeout: 10_000,
    });
    const third = await stage.allRunning();
    expect(third.children.guard?.pid).toBe(second.children.guard?.pid);
  });

  it("leaves nothing behind when the guard is killed and everything is stopped at once", async () => {
    const up = stage.up();
    await ready(up);
    const all = await stage.allRunning();
    kill(all.children.guard?.pid ?? 0, "SIGKILL");
    up.process.kill("SIGTERM");
    expect(await up.ended).toBe(0);
    // A receiver that the guard had only just started ends when it comes to itself.
    await until(async () => (await programsOf(stage.home)).length === 0, { timeout: 20_000 });
    await stage.nothingRuns();
  });

  it("goes on when the supervisor is killed: every request and write is answered, and a successor takes over", async () => {
    const up = stage.up();
    const url = await ready(up);
    const before = await stage.allRunning();
    const traffic = stage.traffic(url);
    await until(() => traffic.answered.size > 0, { timeout: 20_000 });
    up.process.kill("SIGKILL");
    await until(async () => ((await stage.children())?.supervisor ?? 0) !== before.supervisor, { timeout: 20_000 });
    const after = await stage.allRunning();
    await gone(before.children.serve.pid);
    await until(() => traffic.answered.has(after.children.serve.pid), { timeout: 20_000 });
    expect(await traffic.stop()).toEqual([]);
    expect(after.postgres).toBe(before.postgres);
    expect(traffic.answered).toEqual(new Set([before.children.serve.pid, after.children.serve.pid]));

    kill(after.supervisor, "SIGTERM");
    await gone(after.supervisor);
    await stage.nothingRuns();
  });

  it("starts again after everything was killed at once", async () => {
    const up = stage.up();
    await ready(up);
    const all = await stage.allRunning();
    for (const pid of pidsOf(all)) kill(pid, "SIGKILL");
    for (const pid of pidsOf(all)) await gone(pid);
    const next = stage.up();
    await ready(next);
    await stage.allRunning();
    next.process.kill("SIGTERM");
    expect(await next.ended).toBe(0);
    await stage.nothingRuns();
  });
});

it("a library whose PostgreSQL does not come up is served all the same, which is said, and it is tried again", async () => {
  const first = stage.up();
  await ready(first);
  first.process.kill("SIGTERM");
  await first.ended;
  const control = join((await existingPlace(stage.home))?.data ?? "", "global", "pg_control");
  await rename(control, `${control}.away`);
  const up = stage.up();
  const url = await ready(up);
  expect(await until(() => up.printed().includes("The database is away: PostgreSQL"), { timeout: 20_000 })).toBe(true);
  expect(await answerer(url)).toBe((await stage.children())?.children.serve.pid);
  await rename(`${control}.away`, control);
  await stage.allRunning();
  expect(await until(() => up.printed().endsWith("The database is back.\n"), { timeout: 20_000 })).toBe(true);
});

it("a database that vanishes under its guard is not made anew", async () => {
  const up = stage.up();
  await ready(up);
  const all = await stage.allRunning();
  await rename(stage.home.postgres, `${stage.home.postgres}.away`);
  kill(all.children.guard?.pid ?? 0, "SIGKILL");
  kill(all.postgres, "SIGKILL");
  const failed = async () => (await stage.children())?.children.guard?.postgres?.state === "failed";
  expect(await until(failed, { timeout: 20_000 })).toBe(true);
  expect(up.printed()).toMatch(/The database is away: The database was in .* and is gone\./);
  expect(existsSync(stage.home.postgres)).toBe(false);
  await rename(`${stage.home.postgres}.away`, stage.home.postgres);
  await stage.allRunning();
});

describe("up is refused with a sentence, a code and an exit code", () => {
  it("where the home is in use, and the one that uses it goes on", async () => {
    const up = stage.up();
    const url = await ready(up);
    const all = await stage.allRunning();
    const second = stage.up();
    expect(await second.ended).toBe(11);
    expect(second.printed()).toMatch(/promptlib: .*\(home_in_use\)\n {11}\S/);
    expect(await answerer(url)).toBe(all.children.serve.pid);
  });

  it("where the port is in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const up = stage.up({ PORT: String(port) });
    expect(await up.ended).toBe(10);
    expect(up.printed()).toContain(`127.0.0.1:${port}`);
    expect(existsSync(join(stage.home.run, "lock"))).toBe(false);
    other.close();
  });

  it("where the address is not this machine's, and where the configuration is wrong, every fault at once", async () => {
    const elsewhere = stage.up({ HOST: "203.0.113.1" });
    expect(await elsewhere.ended).toBe(2);
    const wrong = stage.up({ PORT: "many", LOG_LEVEL: "loud" });
    expect(await wrong.ended).toBe(2);
    expect(wrong.printed()).toMatch(/PORT .*LOG_LEVEL /);
  });

  it("where the data directory is of another major version, and the server is stopped, too", async () => {
    const up = stage.up();
    await ready(up);
    up.process.kill("SIGTERM");
    await up.ended;
    const file = join((await existingPlace(stage.home))?.data ?? "", "PG_VERSION");
    const version = await readFile(file, "utf8");
    await writeFile(file, "12\n");
    const refused = stage.up();
    expect(await refused.ended).toBe(14);
    expect(refused.printed()).toContain("(postgres_version_mismatch)");
    expect(existsSync(join(stage.home.run, "children.json"))).toBe(false);
    await writeFile(file, version);
  });

  it("where the server finds out after its start that it must not go on", async () => {
    const up = stage.up({ FAKE_REFUSAL: "database_newer" });
    expect(await up.ended).toBe(16);
    expect(up.printed()).toContain("(database_newer)");
    expect(existsSync(join(stage.home.run, "children.json"))).toBe(false);
  });
});

it("with a PostgreSQL that is not ours there is no guard", async () => {
  const up = stage.up({ DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" });
  const url = await ready(up);
  const all = await stage.children();
  expect(all?.children.guard).toBeUndefined();
  expect(await answerer(url)).toBe(all?.children.serve.pid);
  up.process.kill("SIGTERM");
  expect(await up.ended).toBe(0);
});
