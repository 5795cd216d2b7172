/** The nightly export with the real processes: killed at any moment, and put back into an empty library. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sleep, until } from "../src/base/clock.ts";
import { Instance, launcher } from "./support/instance.ts";

const seed = Number(process.env.NIGHTLY_SEED ?? Math.floor(Math.random() * 2 ** 31));

let instance: Instance;
beforeAll(async () => {
  process.stdout.write(`nightly: NIGHTLY_SEED=${seed} does the same again\n`);
  instance = await Instance.make({ EXPORT_KEEP: "1", EXPORT_AT: "off" });
  await instance.start();
  const row = (at: number) => `prompt ${at},"${"words of it ".repeat(200)}${at}",FALSE,TEXT\n`;
  const csv = `act,prompt,for_devs,type\n${Array.from({ length: 1_000 }, (_, at) => row(at)).join("")}`;
  await writeFile(join(instance.directory, "many.csv"), csv);
  expect((await instance.run(["import", "many.csv"])).code).toBe(0);
});
afterAll(async () => await instance.remove());

const folder = () => join(instance.home.root, "exports");
const whole = async () => (await readdir(folder())).filter((name) => /^[\dT-]+Z$/.test(name));
const nightly = async () => {
  const { code, stdout, stderr } = await instance.run(["nightly", "--json"]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout).folder as string;
};

it("whenever it is killed, the last good one is there, and the next one is made", async () => {
  let random = seed;
  const next = (most: number) => {
    random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
    return random % most;
  };
  await nightly();
  for (let round = 0; round < 8; round++) {
    const before = await whole();
    const env = { PATH: process.env.PATH ?? "", PROMPTLIB_HOME: instance.home.root, EXPORT_KEEP: "1" };
    const child = spawn(launcher, ["nightly"], { cwd: instance.directory, env, stdio: "ignore" });
    const ended = once(child, "exit");
    const signal = next(3) === 0 ? "SIGINT" : "SIGKILL";
    await sleep(next(1_800));
    child.kill(signal);
    await ended;
    const after = await whole();
    expect(after.length, `round ${round}`).toBeGreaterThan(0);
    for (const name of after) {
      const files = await readdir(join(folder(), name));
      expect(files.sort(), `round ${round}, ${before} → ${after}`).toEqual(["SHA256SUMS", "default.ndjson.gz"]);
      const text = gunzipSync(await readFile(join(folder(), name, "default.ndjson.gz"))).toString();
      expect(text.endsWith('{"end":{"prompts":1000,"versions":1000}}\n')).toBe(true);
    }
  }
  await nightly();
  expect((await readdir(folder())).sort()).toEqual([...(await whole()), "last-try.json"].sort());
}, 180_000);

it("is imported into an empty library as the page says, and exports to the same bytes there", async () => {
  const bytes = gunzipSync(await readFile(join(await nightly(), "default.ndjson.gz")));
  const empty = await Instance.make({ EXPORT_AT: "off" });
  try {
    await empty.start();
    const { code, stderr } = await empty.run(["import", "-", "--format", "promptlib"], { input: bytes.toString() });
    expect(code, stderr).toBe(0);
    const again = gunzipSync(await readFile(join((await nightlyOf(empty)) ?? "", "default.ndjson.gz")));
    expect(again.equals(bytes)).toBe(true);
  } finally {
    await empty.remove();
  }
}, 180_000);

async function nightlyOf(other: Instance): Promise<string> {
  return JSON.parse((await other.run(["nightly", "--json"])).stdout).folder;
}

it("the server makes the first one by itself; its health says that one cannot be made, the status why", async () => {
  const other = await Instance.make();
  try {
    const exports = join(other.home.root, "exports");
    const url = await other.start({ EXPORT_AT: "00:00" });
    expect(await until(() => readdir(exports).catch(() => null), { timeout: 90_000, every: 500 })).not.toBeNull();
    const made = async () => (await readdir(exports)).some((name) => /^[\dT-]+Z$/.test(name));
    expect(await until(made, { timeout: 60_000, every: 500 })).toBe(true);
    await writeFile(join(other.directory, "a file"), "");
    const { code, stderr } = await other.run(["nightly"], { env: { EXPORT_DIR: join(other.directory, "a file") } });
    expect(code, stderr).not.toBe(0);
    await writeFile(
      join(exports, "last-try.json"),
      JSON.stringify({ at: new Date().toISOString(), problem: "The disk is full." }),
    );
    const health = await (await fetch(`${url}/api/system/health`)).json();
    expect(health).toMatchObject({ status: "degraded", parts: { export: { state: "degraded" } } });
    const whole = "The nightly export was not made: The disk is full.";
    const told = async () => (await other.run(["status"])).stdout.includes(whole);
    expect(await until(told, { timeout: 60_000, every: 1000 })).toBe(true);
  } finally {
    await other.remove();
  }
}, 240_000);
