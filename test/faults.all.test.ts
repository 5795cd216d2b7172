/**
 * Random faults on a real instance while one application saves and another reads. What was acknowledged stays, reads
 * are answered all the time and never go back, and all of it is whole again by itself. FAULTS_SEED repeats a run,
 * FAULTS_SECONDS makes it a long one.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { monotonic, sleep, until } from "../src/base/clock.ts";
import { identityOf } from "../src/base/lock.ts";
import { mirroredVersions, mirrorFile, readMirrorFile } from "../src/library/mirror-file.ts";
import { existingPlace } from "../src/postgres/place.ts";
import { runningProcesses } from "../src/postgres/postmaster.ts";
import { titleOf } from "../src/postgres/watch.ts";
import { freePort } from "./support/free-port.ts";
import { health, Instance, type Processes } from "./support/instance.ts";
import { kill } from "./support/kill.ts";
import { allGone, MAIN, nothingRuns, programsOf } from "./support/programs.ts";
import { NAME, Reader, Writer } from "./support/traffic.ts";

const BUDGET_MS = Number(process.env.FAULTS_SECONDS ?? 20) * 1_000;
const seed = Number(process.env.FAULTS_SEED ?? Math.floor(Math.random() * 2 ** 31));

type Victim = keyof Processes | "backend";
type Fault = { kill: Victim[]; gapMs: number } | { freezeMs: number } | "all at once";

const victim = fc.constantFrom<Victim>("supervisor", "serve", "guard", "postgres", "backend");
const gapMs = fc.integer({ min: 0, max: 600 });
const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kill: victim.map((one) => [one]), gapMs }) },
  { weight: 4, arbitrary: fc.record({ kill: fc.array(victim, { minLength: 2, maxLength: 4 }), gapMs }) },
  { weight: 3, arbitrary: fc.record({ freezeMs: fc.integer({ min: 1_000, max: 4_000 }) }) },
  { weight: 1, arbitrary: fc.constant<Fault>("all at once") },
);

let instance: Instance;
let url: string;
let writer: Writer;
let reader: Reader;

beforeAll(async () => {
  process.stdout.write(`faults: FAULTS_SEED=${seed} does the same again\n`);
  instance = await Instance.make();
  url = await instance.start({ PORT: String(await freePort()) });
  const key = (await instance.run(["key", "create", "faults", "--scope", "read", "--scope", "write"])).stdout.trim();
  writer = new Writer(url, key);
  await writer.saveUntilAcknowledged();
  // The mirror may lack the last moment before a fault; of a prompt that was never there that is all.
  await until(async () => await readMirrorFile(mirrorFile(instance.home.prompts, "default", NAME)), {
    timeout: 60_000,
  });
  reader = new Reader(url, key);
});
afterAll(async () => {
  await Promise.all([writer.stop(), reader.stop()]);
  await instance.remove();
});

it(
  "whatever happens, nothing acknowledged is lost, reads go on and never go back, and it mends itself",
  async () => {
    writer.start();
    reader.start();
    const end = monotonic() + BUDGET_MS;
    let count = 0;
    for (const one of fc.sample(fault, { numRuns: 200, seed })) {
      if (monotonic() > end && count > 5) break;
      const trace = `fault ${count} (FAULTS_SEED=${seed}): ${JSON.stringify(one)}`;
      await happen(one);
      await whole(trace);
      expect(reader.failures, trace).toEqual([]);
      expect(writer.failures, trace).toEqual([]);
      count += 1;
    }
    await writer.stop();
    await reader.stop();
    process.stdout.write(`faults: ${count} faults, ${writer.acknowledged.size} versions, ${reader.answers} reads\n`);
    expect(count).toBeGreaterThan(5);

    await everythingIsThere();
    await mirrorIsTheSame();
    await instance.stop();
    await nothingRuns(instance.home);
  },
  BUDGET_MS + 240_000,
);

async function happen(one: Fault): Promise<void> {
  reader.mirrorMayLag = hitsServerAndDatabase(one);
  if (one === "all at once") return await killAll();
  if ("freezeMs" in one) return await freeze(one.freezeMs);
  // Both gone, nobody is left who could start anything, nor hold the socket.
  reader.excused = one.kill.includes("supervisor") && one.kill.includes("serve");
  for (const name of one.kill) {
    kill(await pidOf(name));
    await sleep(one.gapMs);
  }
}

function hitsServerAndDatabase(one: Fault): boolean {
  if (one === "all at once") return true;
  if ("freezeMs" in one) return false;
  const hits = (...names: Victim[]) => one.kill.some((name) => names.includes(name));
  return hits("serve", "supervisor") && hits("postgres", "backend");
}

async function pidOf(name: Victim): Promise<number> {
  const processes = await instance.processes();
  if (name !== "backend") return processes[name];
  const backends = (await postgresProcesses()).filter((pid) => pid !== processes.postgres);
  return backends[Math.floor(Math.random() * backends.length)] ?? 0;
}

async function postgresProcesses(): Promise<number[]> {
  const place = await existingPlace(instance.home);
  return place ? await runningProcesses(place) : [];
}

async function freeze(ms: number): Promise<void> {
  const frozen = await postgresProcesses();
  for (const pid of frozen) kill(pid, "SIGSTOP");
  await sleep(ms);
  for (const pid of frozen) kill(pid, "SIGCONT");
}

/** Whoever calls a successor is killed before or after it did: until nobody is left. */
async function killAll(): Promise<void> {
  reader.excused = true;
  for (let left = await programsOf(instance.home); left.length > 0; left = await programsOf(instance.home)) {
    for (const pid of [...left, ...(await postgresProcesses())]) kill(pid);
    await sleep(20);
  }
}

/** By itself; a new start is only given where nobody is left. */
async function whole(trace: string): Promise<void> {
  if (await allGone(instance.home)) {
    reader.excused = true;
    await instance.start({ PORT: new URL(url).port });
  }
  const healthy = async () => {
    const processes = await instance.processes();
    const all = Object.values(processes).every((pid) => pid && identityOf(pid));
    // A server that was relieved may still be leaving.
    return all && (await programsOf(instance.home, ...MAIN)).length === 3 && (await health(url)) === "healthy";
  };
  if (!(await until(healthy, { timeout: 60_000 }))) throw new Error(`${trace}: not whole again\n${await evidence()}`);
  reader.excused = false;
  const { size } = writer.acknowledged;
  expect(await until(() => writer.acknowledged.size > size, { timeout: 30_000 }), `${trace}: writes`).toBe(true);
}

/** What a failure leaves to look at: the home is removed after it. */
async function evidence(): Promise<string> {
  const tail = async (name: string) =>
    (await readFile(join(instance.home.logs, name), "utf8").catch(() => "")).split("\n").slice(-25).join("\n");
  return [
    await fetch(`${url}/api/system/health`).then((response) => response.text(), String),
    JSON.stringify(await instance.processes()),
    JSON.stringify(await programsOf(instance.home)),
    (await Promise.all((await postgresProcesses()).map(async (pid) => `${pid} ${await titleOf(pid)}`))).join("\n"),
    ...(await Promise.all(["server.log", "guard.log", "postgres.log", "serve.out"].map(tail))),
  ].join("\n---\n");
}

async function everythingIsThere(): Promise<void> {
  const all = await versions();
  const times = Map.groupBy(all.values(), (text) => text);
  for (const [version, text] of writer.acknowledged) expect(all.get(version), `version ${version}`).toBe(text);
  for (const [text, found] of times) expect(found.length, text).toBe(1);
  for (const text of writer.refused) expect(times.has(text), `${text} was refused`).toBe(false);
  const known = new Set([...writer.acknowledged.values(), ...writer.unknown]);
  for (const text of times.keys()) expect(known.has(text), text).toBe(true);
  expect(all.size).toBe(Math.max(...all.keys()));
}

/** Every version with its text, as the database has it. */
async function versions(): Promise<Map<number, string>> {
  const { stdout } = await instance.run(["get", NAME, "--json"]);
  const { newest } = JSON.parse(stdout) as { newest: number };
  const all = new Map<number, string>();
  for (let version = 1; version <= newest; version += 1) {
    const response = await fetch(`${url}/api/prompts/${encodeURIComponent(NAME)}?version=${version}`, writer);
    expect(response.headers.get("x-served-from")).toBeNull();
    all.set(version, ((await response.json()) as { text: string }).text);
  }
  return all;
}

/** The mirror's own file, read as anyone would. */
async function mirrorIsTheSame(): Promise<void> {
  const all = await versions();
  const file = mirrorFile(instance.home.prompts, "default", NAME);
  const mirrored = async () => {
    const prompt = await readMirrorFile(file);
    return prompt?.newest === all.size ? prompt : null;
  };
  const prompt = await until(mirrored, { timeout: 20_000 });
  const texts = new Map<number, string | undefined>();
  if (prompt) for await (const { version, text } of mirroredVersions(file, prompt)) texts.set(version, text);
  expect(texts).toEqual(all);
  expect(prompt?.labels).toMatchObject({ production: all.size });
}
