import { existsSync } from "node:fs";
import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { sleep, until } from "../src/base/clock.ts";
import { kill } from "./support/kill.ts";
import { MAIN, programsOf } from "./support/programs.ts";
import { answerer, gone, pidsOf, ready, Stage } from "./support/stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.make();
});
afterEach(async () => await stage.clear());
afterAll(async () => await stage.remove());

it("a guard and a server that stand still are shown so, then replaced; whoever waits is answered by the next one", async () => {
  const up = stage.up();
  const url = await ready(up);
  const before = await stage.allRunning();
  const { guard, serve } = before.children;
  const states = async () => {
    const { children } = (await stage.children()) ?? {};
    return `${children?.guard?.state} ${children?.serve.state}`;
  };
  kill(guard?.pid ?? 0, "SIGSTOP");
  expect(await until(async () => (await states()) === "unresponsive running", { timeout: 30_000 })).toBe(true);
  kill(guard?.pid ?? 0, "SIGCONT");
  expect(await until(async () => (await states()) === "running running", { timeout: 20_000 })).toBe(true);
  expect((await stage.allRunning()).children.guard?.pid).toBe(guard?.pid);

  for (const pid of [guard?.pid ?? 0, serve.pid]) kill(pid, "SIGSTOP");
  const answered = await answerer(url);
  for (const pid of [guard?.pid ?? 0, serve.pid]) await gone(pid);
  const after = await stage.allRunning();
  expect(answered).toBe(after.children.serve.pid);
  expect(after.postgres).toBe(before.postgres);
}, 90_000);

it("a home that vanishes under what runs is not replaced by an empty one, whoever is started again", async () => {
  const up = stage.up();
  const url = await ready(up);
  const all = await stage.allRunning();
  const away = `${stage.home.root}.away`;
  await rename(stage.home.root, away);
  kill(all.postgres, "SIGKILL");
  up.process.kill("SIGKILL");
  await gone(all.supervisor);
  const log = join(away, "logs", "serve.out");
  // The server calls successors, each of which refuses; it goes on answering meanwhile.
  expect(await until(async () => (await readFile(log, "utf8")).includes("is gone"), { timeout: 20_000 })).toBe(true);
  expect(await answerer(url)).toBe(all.children.serve.pid);
  expect(existsSync(stage.home.root)).toBe(false);
  await rename(away, stage.home.root);
  await until(async () => (await stage.children())?.supervisor !== all.supervisor, { timeout: 30_000 });
  const after = await stage.allRunning();
  expect(await stage.onDatabase(async (client) => (await client.query("select count(*) from written")).rowCount)).toBe(
    1,
  );
  kill(after.supervisor, "SIGTERM");
  await gone(after.supervisor);
  await stage.nothingRuns();
}, 90_000);

it("a supervisor outlives a home that vanishes with everything that ran on it, and mends all when it is back", async () => {
  const up = stage.up();
  const url = await ready(up);
  const all = await stage.allRunning();
  const away = `${stage.home.root}.away`;
  await rename(stage.home.root, away);
  for (const pid of pidsOf(all).filter((pid) => pid !== all.supervisor)) kill(pid, "SIGKILL");
  await sleep(2_000);
  expect(existsSync(stage.home.root)).toBe(false);
  await rename(away, stage.home.root);
  const after = await stage.allRunning();
  expect(after.supervisor).toBe(all.supervisor);
  expect(await answerer(url)).toBe(after.children.serve.pid);
});

it("there is one server again when a successor is killed before it took over, and none when it is stopped", async () => {
  const up = stage.up();
  await ready(up);
  const first = await stage.allRunning();
  up.process.kill("SIGKILL");
  const second = await until(
    async () => {
      const found = await stage.children();
      return found?.supervisor !== first.supervisor && found?.children.serve.pid ? found : null;
    },
    { timeout: 20_000, every: 2 },
  );
  const halted = second?.children.serve.pid ?? 0;
  kill(halted, "SIGSTOP");
  kill(second?.supervisor ?? 0, "SIGKILL");
  await gone(second?.supervisor ?? 0);
  kill(halted, "SIGCONT");
  // Now two servers know that they lost theirs, and each calls another.
  await gone(first.children.serve.pid);
  await gone(halted);
  const { supervisor } = await stage.allRunning();
  expect(await until(async () => (await programsOf(stage.home, ...MAIN)).length === 3, { timeout: 20_000 })).toBe(true);
  kill(supervisor, "SIGTERM");
  await gone(supervisor);
  await stage.nothingRuns();
}, 60_000);
