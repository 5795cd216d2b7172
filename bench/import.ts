/**
 * How fast rows of a CSV become prompts that are found, through the real command line, and what it costs the server in
 * memory. BENCH_ROWS: how many.
 */
import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { monotonic, sleep } from "../src/base/clock.ts";
import { memoryOf, print, remove, root, start, temporaryDirectory } from "./instance.ts";
import { numbers, textOf } from "./search-library.ts";

const run = promisify(execFile);
const ROWS = Number(process.env.BENCH_ROWS ?? 100_000);

export async function benchImport(): Promise<void> {
  const directory = await temporaryDirectory();
  const library = await start(directory);
  try {
    const file = join(directory, "prompts.csv");
    await pipeline(Readable.from(rows()), createWriteStream(file));
    const before = await memoryOf(library.pid);
    const lines: string[] = [];
    for (const what of ["new", "again, nothing changed"]) {
      const began = monotonic();
      const watch = new MemoryWatch(library.pid);
      await run(join(root, "bin/promptlib"), ["import", file, "--json"], {
        env: { PATH: process.env.PATH ?? "", PROMPTLIB_HOME: library.config.home.root },
        maxBuffer: 256 * 1024 * 1024,
      });
      const seconds = (monotonic() - began) / 1000;
      const memory = [before.now, ...(await watch.stop())].map((mebibytes) => mebibytes.toFixed(0));
      const { highest } = await memoryOf(library.pid);
      lines.push(
        `| ${what} | ${seconds.toFixed(1)} s | ${(ROWS / seconds).toFixed(0)} | ${memory.join(" → ")} | ${highest.toFixed(0)} |`,
      );
    }
    print(
      `### Import of ${ROWS.toLocaleString("en")} rows of 1 KiB`,
      "",
      "| | time | rows/s | server's memory in MiB: before → after each fifth of the time | highest |",
      "|---|---|---|---|---|",
      ...lines,
      "",
    );
  } finally {
    await library.stop();
    await remove(directory);
  }
}

/** Resident memory while something goes on. */
class MemoryWatch {
  readonly #pid: number;
  readonly #seen: number[] = [];
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(pid: number) {
    this.#pid = pid;
    this.#done = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#seen.push((await memoryOf(this.#pid)).now);
      await sleep(200);
    }
  }

  /** After each fifth of the time. */
  async stop(): Promise<number[]> {
    this.#stopped = true;
    await this.#done;
    return [1, 2, 3, 4, 5].map((fifth) => this.#seen[Math.ceil((fifth * this.#seen.length) / 5) - 1] ?? Number.NaN);
  }
}

function* rows(): Generator<string> {
  const random = numbers(1);
  yield "act,prompt,for_devs,type\n";
  for (let n = 1; n <= ROWS; n++) yield `Teacher ${n},"Write about {{topic}}. ${textOf(random)} ${n}",FALSE,TEXT\n`;
}
