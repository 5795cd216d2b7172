/** How long it takes until the last of many who listen for changes is told of one, and what the others feel of it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { sleep } from "../src/base/clock.ts";
import { median, memoryOf, print, remove, root, type Started, start, temporaryDirectory } from "./instance.ts";

const COUNTS = [100, 1_000, 10_000];
const CHANGES = 9;
const FETCH_EVERY_MS = 2;

export async function benchEvents(): Promise<void> {
  const directory = await temporaryDirectory();
  const library = await start(directory);
  try {
    const files = /^Max open files\s+(\d+)/m.exec(await readFile(`/proc/${library.pid}/limits`, "utf8"))?.[1];
    print(`### Change events (${CHANGES} changes each, at most ${files} open files a process)`, "");
    print(
      "| listeners | connected in s | KiB each | save answered, ms | first told | last told, median | longest | a fetch meanwhile, p50 | p99 | longest |",
      "|---|---|---|---|---|---|---|---|---|---|",
    );
    for (const count of COUNTS) await tell(library, count);
    print("");
  } finally {
    await library.stop();
    await remove(directory);
  }
}

/** Milliseconds since 1970, finer than Date. */
const now = () => performance.timeOrigin + performance.now();

async function tell(library: Started, count: number): Promise<void> {
  // One key may have half of the connections at most.
  const keys = [await library.client.createKey({ name: "one" }), await library.client.createKey({ name: "two" })];
  await library.client.savePrompt({ name: "told", text: "0", labels: ["production"] });
  await sleep(1_000);
  const before = await memoryOf(library.pid);
  const began = now();
  const listeners = spawn(
    process.execPath,
    [join(root, "bench/listeners.ts"), library.url, String(count), ...keys.map(({ key }) => key)],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const lines = createInterface({ input: listeners.stdout })[Symbol.asyncIterator]();
  if ((await lines.next()).value !== "ready") throw new Error("the listeners did not come");
  const connected = (now() - began) / 1000;
  const each = (((await memoryOf(library.pid)).now - before.now) * 1024) / count;
  const fetches = new Fetches(library, keys[0]?.key ?? "");
  const [saved, first, last]: number[][] = [[], [], []];
  for (let change = 1; change <= CHANGES; change += 1) {
    const asked = now();
    await library.client.savePrompt({ name: "told", text: String(change), labels: ["production"] });
    saved?.push(now() - asked);
    const told = JSON.parse(String((await lines.next()).value)) as { first: number; last: number };
    first?.push(told.first - asked);
    last?.push(told.last - asked);
    await sleep(300);
  }
  const times = await fetches.stop();
  const ms = (value: number) => value.toFixed(1);
  const cells = [saved, first, last].map((values = []) => ms(median(values)));
  print(
    `| ${count.toLocaleString("en-US")} | ${connected.toFixed(1)} | ${each.toFixed(1)} | ${cells.join(" | ")} | ${ms(Math.max(...(last ?? [])))} | ${ms(at(times, 0.5))} | ${ms(at(times, 0.99))} | ${ms(at(times, 1))} |`,
  );
  await end(listeners);
}

async function end(child: ChildProcess): Promise<void> {
  const closed = once(child, "close");
  child.kill("SIGTERM");
  await closed;
}

function at(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** Somebody who fetches all the time, one after the other. */
class Fetches {
  readonly #times: number[] = [];
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(library: Started, key: string) {
    this.#done = this.#run(`${library.url}/api/prompts/told?label=production`, key);
  }

  async #run(url: string, key: string): Promise<void> {
    while (!this.#stopped) {
      const asked = performance.now();
      const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
      await response.arrayBuffer();
      this.#times.push(performance.now() - asked);
      await sleep(FETCH_EVERY_MS);
    }
  }

  /** Sorted. */
  async stop(): Promise<number[]> {
    this.#stopped = true;
    await this.#done;
    return this.#times.toSorted((a, b) => a - b);
  }
}
