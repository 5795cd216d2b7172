/** Fetching by label with an API key, against bare node:http that sends the same bytes. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
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
  pid: number;
}

interface Round {
  /** Requests a second. */
  rate: number;
  /** Microseconds of the server's CPU a request: says the same on a machine that others use, too. */
  cpu: number;
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
    const { pid } = library;
    await run("taskset", ["-acp", "0", String(pid)]);
    const rate = await throughput(
      [
        { name: "node:http", ...bare },
        { name: "Prompt Library", url, pid },
        // Naming the project is not plain, so the hot path leaves it to Fastify.
        { name: "Prompt Library, by the table of routes", url: `${url}&project=default`, pid },
      ],
      key,
    );
    await latency(
      [
        { name: "node:http", ...bare },
        { name: "Prompt Library", url, pid },
      ],
      key,
      Math.round(rate / 2),
    );
  } finally {
    bare.stop();
  }
}

/** Answers the median of the second target, requests a second. */
async function throughput(targets: Target[], key: string): Promise<number> {
  const rates = new Map<Target, Round[]>(targets.map((target) => [target, []]));
  for (const target of targets) await flatOut(target, key, 3);
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
      rates.get(target)?.push(await flatOut(target, key, ROUND_SECONDS));
    }
  }
  const [bare = [], ours = []] = [...rates.values()];
  print(
    `### Fetch by label with an API key, 32 kept-alive connections (${wrk ? "wrk" : "bench/load.ts"}, ${ROUNDS} rounds of ${ROUND_SECONDS} s, interleaved)`,
    "",
    "| | requests/s, median | rounds | ratio, median | rounds | CPU µs a request | ratio |",
    "|---|---|---|---|---|---|---|",
  );
  const cpuOf = (found: Round[]) => median(found.map(({ cpu }) => cpu));
  for (const [{ name }, found] of rates) {
    const ratios = found.map(({ rate }, round) => rate / (bare[round]?.rate ?? Number.NaN));
    print(
      `| ${[
        name,
        whole(median(found.map(({ rate }) => rate))),
        found.map(({ rate }) => whole(rate)).join(" "),
        `**${median(ratios).toFixed(2)}**`,
        ratios.map((ratio) => ratio.toFixed(2)).join(" "),
        cpuOf(found).toFixed(1),
        (cpuOf(bare) / cpuOf(found)).toFixed(2),
      ].join(" | ")} |`,
    );
  }
  print("");
  return median(ours.map(({ rate }) => rate));
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

async function flatOut(target: Target, key: string, seconds: number): Promise<Round> {
  const before = await cpuSeconds(target.pid);
  const { requests, took } = wrk ? await runWrk(target, key, seconds) : await runLoad(target, key, seconds);
  const cpu = ((await cpuSeconds(target.pid)) - before) * 1e6;
  return { rate: requests / took, cpu: cpu / requests };
}

async function runWrk({ url }: Target, key: string, seconds: number): Promise<{ requests: number; took: number }> {
  const flags = ["-t1", "-c32", `-d${seconds}s`, "-H", `Authorization: Bearer ${key}`, url];
  const { stdout } = await run("taskset", ["-c", "1", "wrk", ...flags]);
  const [, requests, took] = /(\d+) requests in ([\d.]+)s/.exec(stdout) ?? [];
  if (!requests || /Non-2xx|Socket errors/.test(stdout)) throw new Error(stdout);
  return { requests: Number(requests), took: Number(took) };
}

async function runLoad(target: Target, key: string, seconds: number): Promise<{ requests: number; took: number }> {
  const { requests, seconds: took } = await load(target, key, seconds, 0);
  return { requests, took };
}

/** User and system time of a process so far; its clock ticks are hundredths of a second. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
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

async function bareServer(url: string, key: string): Promise<{ url: string; pid: number; stop(): void }> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
  const body = await answer.text();
  const headers = [...answer.headers].filter(([name]) => !["connection", "date", "keep-alive"].includes(name)).flat();
  const child = spawn("taskset", ["-c", "0", process.execPath, join(root, "bench/bare-server.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify({ headers, body }));
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  print(`An answer has ${Buffer.byteLength(body)} bytes of body. Server on core 0, load on core 1.`, "");
  return { url: `http://127.0.0.1:${String(port).trim()}/`, pid: child.pid ?? 0, stop: () => child.kill() };
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}
