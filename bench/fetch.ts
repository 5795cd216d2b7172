/** Fetching by label with an API key, against bare node:http that sends the same bytes. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { median, print, remove, root, type Started, start, temporaryDirectory } from "./instance.ts";

const run = promisify(execFile);
const ROUNDS = 7;
const ROUND_SECONDS = 4;
const LATENCY_ROUNDS = 3;
const wrk = existsSync("/usr/bin/wrk");

interface Target {
  name: string;
  url: string;
}

export async function benchFetch(): Promise<void> {
  const directory = await temporaryDirectory();
  const library = await start(directory);
  try {
    await compare(library);
  } finally {
    await library.stop();
    await remove(directory);
  }
}

async function compare(library: Started): Promise<void> {
  const text = "You are a careful translator of {{language}}. ".repeat(44);
  await library.client.savePrompt({ name: "bench/translator", type: "text", text, labels: ["production"] });
  const { key } = await library.client.createKey({ name: "bench" });
  const url = `${library.url}/api/prompts/bench%2Ftranslator?label=production`;
  const bare = await bareServer(url, key);
  try {
    await run("taskset", ["-acp", "0", String(library.pid)]);
    const ours = { name: "Prompt Library", url };
    const theirs = { name: "node:http", url: bare.url };
    const rate = await throughput([theirs, ours], key);
    await latency([theirs, ours], key, Math.round(rate / 2));
  } finally {
    bare.stop();
  }
}

/** Answers our median, requests a second. */
async function throughput(targets: [Target, Target], key: string): Promise<number> {
  const rounds: [number, number][] = [];
  for (const target of targets) await flatOut(target, key, 3);
  for (let round = 0; round < ROUNDS; round++) {
    const rates = new Map<Target, number>();
    for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
      rates.set(target, await flatOut(target, key, ROUND_SECONDS));
    }
    rounds.push([rates.get(targets[0]) ?? 0, rates.get(targets[1]) ?? 0]);
  }
  const ours = median(rounds.map(([, rate]) => rate));
  const ratios = rounds.map(([bare, rate]) => rate / bare);
  print(
    `### Fetch by label with an API key, 32 kept-alive connections (${wrk ? "wrk" : "bench/load.ts"}, ${ROUNDS} rounds of ${ROUND_SECONDS} s, interleaved)`,
    "",
    "| | requests/s, median | rounds |",
    "|---|---|---|",
    ...targets.map(
      ({ name }, index) =>
        `| ${name} | ${whole(median(rounds.map((round) => round[index] ?? 0)))} | ${rounds.map((round) => whole(round[index] ?? 0)).join(" ")} |`,
    ),
    `| **ratio** | **${median(ratios).toFixed(2)}** | ${ratios.map((ratio) => ratio.toFixed(2)).join(" ")} |`,
    "",
  );
  return ours;
}

async function latency(targets: Target[], key: string, rate: number): Promise<void> {
  print(`At half of that, ${whole(rate)} requests/s (medians of ${LATENCY_ROUNDS} rounds of 5 s):`, "");
  print("| | p50 ms | p99 ms |", "|---|---|---|");
  const rounds = new Map<Target, { p50: number; p99: number }[]>(targets.map((target) => [target, []]));
  for (let round = 0; round < LATENCY_ROUNDS; round++) {
    for (const target of targets) rounds.get(target)?.push(await load(target, key, 5, rate));
  }
  for (const [{ name }, results] of rounds) {
    const of = (part: "p50" | "p99") => median(results.map((result) => result[part])).toFixed(2);
    print(`| ${name} | ${of("p50")} | ${of("p99")} |`);
  }
  print("");
}

async function flatOut(target: Target, key: string, seconds: number): Promise<number> {
  if (!wrk) {
    const { requests, seconds: took } = await load(target, key, seconds, 0);
    return requests / took;
  }
  const flags = ["-t1", "-c32", `-d${seconds}s`, "-H", `Authorization: Bearer ${key}`, target.url];
  const { stdout } = await run("taskset", ["-c", "1", "wrk", ...flags]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(stdout);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
}

interface Load {
  requests: number;
  seconds: number;
  p50: number;
  p99: number;
}

async function load({ url }: Target, key: string, seconds: number, rate: number): Promise<Load> {
  const args = [process.execPath, join(root, "bench/load.ts"), url, key, String(seconds), String(rate)];
  return JSON.parse((await run("taskset", ["-c", "1", ...args])).stdout) as Load;
}

async function bareServer(url: string, key: string): Promise<{ url: string; stop(): void }> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
  const body = await answer.text();
  const headers = [...answer.headers].filter(([name]) => !["connection", "date", "keep-alive"].includes(name)).flat();
  const child = spawn("taskset", ["-c", "0", process.execPath, join(root, "bench/bare-server.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify({ headers, body }));
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  print(`An answer has ${Buffer.byteLength(body)} bytes of body. Server on core 0, load on core 1.`, "");
  return { url: `http://127.0.0.1:${String(port).trim()}/`, stop: () => child.kill() };
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}
