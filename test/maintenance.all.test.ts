/** Maintenance with the real processes: it outlives the database, the server, the guardian, and all of them together. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "../src/base/clock.ts";
import { freePort } from "./support/free-port.ts";
import { Instance, launcher } from "./support/instance.ts";
import { kill } from "./support/kill.ts";

let instance: Instance;
let url: string;
let port: string;

beforeAll(async () => {
  instance = await Instance.make();
  port = String(await freePort());
  url = await instance.start({ PORT: port });
  await instance.run(["push", "a", "--label", "production"], { input: "text 1" });
});
afterAll(async () => await instance.remove());

const maintain = async (...args: string[]) => {
  const { code, stdout, stderr } = await instance.run(["maintenance", ...args, "--json"]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
};
const push = async () => JSON.parse((await instance.run(["push", "b", "--json"], { input: "x" })).stdout);
const get = async () => (await instance.run(["get", "a", "--label", "production"])).stdout;
const eventually = async (what: string, condition: () => Promise<boolean>) =>
  expect(await until(condition, { timeout: 60_000, every: 100 }), `never so: ${what}`).toBe(true);
const refuses = async () => (await push()).error?.code === "maintenance";

/** Until another process is in the place of the killed one, and answers. */
async function killed(name: "serve" | "guard" | "postgres"): Promise<void> {
  const before = (await instance.processes())[name];
  kill(before, "SIGKILL");
  await eventually(`${name} is there again`, async () => {
    const now = (await instance.processes().catch(() => null))?.[name] ?? 0;
    return now !== 0 && now !== before;
  });
}

/** What maintenance was set to, newest first. */
async function audited(): Promise<string[]> {
  const { stdout } = await instance.run(["audit", "--action", "maintenance", "--json"]);
  return (JSON.parse(stdout).items ?? []).map(({ subject }: { subject: string }) => subject);
}

it("read-only outlives whatever is killed, and reads go on", async () => {
  expect(await maintain("read-only", "--message", "Moving house.", "--until", "2h")).toMatchObject({
    mode: "read-only",
    message: "Moving house.",
  });
  for (const name of ["postgres", "serve", "guard"] as const) {
    await killed(name);
    await eventually(`reads after ${name}`, async () => (await get()).includes("text 1"));
    expect(await refuses(), name).toBe(true);
  }
  expect((await instance.run(["status"])).stdout).toContain("read-only for maintenance");
}, 180_000);

it("a server whose guardian is away keeps what it said last, also when it starts then", async () => {
  // A guard that stands still for long is replaced: the next one does, too.
  const stop = () => instance.processes().then(({ guard }) => kill(guard, "SIGSTOP"));
  await stop();
  const away = setInterval(() => void stop().catch(() => {}), 100);
  try {
    await killed("serve");
    await eventually("refuses", refuses);
    const { stdout } = await instance.run(["maintenance", "off", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "guardian_unreachable" } });
    expect(await refuses()).toBe(true);
  } finally {
    clearInterval(away);
    kill((await instance.processes()).guard, "SIGCONT");
  }
}, 180_000);

it("closed outlives a stop of everything, is ended from the machine, and the audit log tells all of it", async () => {
  await eventually("the guardian answers", async () => (await instance.run(["maintenance", "closed"])).code === 0);
  await instance.stop();
  await instance.startAnyhow({ PORT: port });
  const closed = async () => (await fetch(`${url}/api/maintenance`).then((answer) => answer.json())) as object;
  expect(await closed()).toMatchObject({ mode: "closed" });
  expect((await instance.run(["get", "a", "--json"])).stdout).toContain('"maintenance"');
  await eventually("ended", async () => (await instance.run(["maintenance", "off"])).code === 0);
  await instance.healthy(url);
  expect(await get()).toContain("text 1");
  expect((await instance.run(["push", "b"], { input: "x" })).code).toBe(0);
  await eventually("audited", async () => (await audited()).join() === "off,closed,read-only");
}, 180_000);

it("is known and set by the guardian where no server runs, and binds the one that starts then", async () => {
  await instance.stop();
  const env = { PATH: process.env.PATH ?? "", PROMPTLIB_HOME: instance.home.root, GUARDIAN_PORT: "0" };
  const guard = spawn(launcher, ["guard"], { cwd: instance.directory, env, stdio: "ignore" });
  const ended = once(guard, "exit");
  await eventually("set", async () => (await instance.run(["maintenance", "read-only"])).code === 0);
  expect(await maintain()).toMatchObject({ mode: "read-only" });
  guard.kill("SIGTERM");
  await ended;
  await instance.startAnyhow({ PORT: port });
  await eventually("refused", refuses);
  await eventually("audited", async () => (await audited())[0] === "read-only");
}, 180_000);
