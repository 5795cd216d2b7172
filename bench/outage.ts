/** How long reads and writes feel that PostgreSQL was killed, or stood still. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { monotonic, sleep, until } from "../src/base/clock.ts";
import { existingPlace } from "../src/postgres/place.ts";
import { runningProcesses } from "../src/postgres/postmaster.ts";
import { median, print, remove, type Started, start, temporaryDirectory } from "./instance.ts";

const TRIALS = 7;
const STILL_MS = 3_000;

export async function benchOutage(): Promise<void> {
  const directory = await temporaryDirectory();
  const library = await start(directory);
  const reads = new Reads(library);
  const [killed, still]: [number[], number[]] = [[], []];
  try {
    await library.client.savePrompt({ name: "read", text: "0" });
    reads.start();
    for (let trial = 1; trial <= TRIALS; trial++) {
      killed.push(await afterKill(library, trial));
      still.push(await afterStanding(library, trial));
    }
  } finally {
    await reads.stop();
    await library.stop();
    await remove(directory);
  }
  print(`### PostgreSQL goes away (${TRIALS} trials each), reads all the time`, "");
  print("| what | median | longest |", "|---|---|---|");
  print(`| kill -9 of PostgreSQL → a write is acknowledged again | ${seconds(killed)} |`);
  print(`| SIGCONT after ${STILL_MS / 1000} s of SIGSTOP → a write is acknowledged again | ${seconds(still)} |`);
  print(
    `| a read meanwhile (${reads.count} reads, ${reads.failed} not answered with 200) | ${seconds(reads.times)} |`,
    "",
  );
}

async function afterKill(library: Started, trial: number): Promise<number> {
  const place = await placeOf(library);
  const pid = Number((await readFile(join(place.data, "postmaster.pid"), "utf8")).split("\n")[0]);
  const began = monotonic();
  process.kill(pid, "SIGKILL");
  return await untilSaved(library, `killed ${trial}`, began);
}

async function afterStanding(library: Started, trial: number): Promise<number> {
  const processes = await runningProcesses(await placeOf(library));
  for (const pid of processes) process.kill(pid, "SIGSTOP");
  await sleep(STILL_MS);
  const began = monotonic();
  for (const pid of processes) process.kill(pid, "SIGCONT");
  return await untilSaved(library, `still ${trial}`, began);
}

async function untilSaved({ client }: Started, text: string, began: number): Promise<number> {
  const save = () =>
    client.savePrompt({ name: "written", text }).then(
      () => true,
      () => false,
    );
  if (!(await until(save, { timeout: 60_000, every: 5 }))) throw new Error("no write was acknowledged within a minute");
  return monotonic() - began;
}

async function placeOf({ config }: Started) {
  const place = await existingPlace(config.home);
  if (!place) throw new Error("there is no cluster");
  return place;
}

class Reads {
  readonly #library: Started;
  readonly times: number[] = [];
  failed = 0;
  #going = true;
  #done: Promise<void> = Promise.resolve();

  constructor(library: Started) {
    this.#library = library;
  }

  get count(): number {
    return this.times.length;
  }

  start(): void {
    this.#done = this.#read();
  }

  async stop(): Promise<void> {
    this.#going = false;
    await this.#done;
  }

  async #read(): Promise<void> {
    while (this.#going) {
      const began = monotonic();
      try {
        await this.#library.client.fetchPrompt("read");
      } catch {
        this.failed += 1;
      }
      this.times.push(monotonic() - began);
      await sleep(2);
    }
  }
}

function seconds(times: readonly number[]): string {
  return `${(median(times) / 1000).toFixed(3)} s | ${(Math.max(...times) / 1000).toFixed(3)} s`;
}
