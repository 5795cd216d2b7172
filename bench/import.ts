/** How fast rows of a CSV become prompts, through the real command line, and what it costs the server in memory. */
import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { monotonic } from "../src/base/clock.ts";
import { memoryOf, print, remove, root, start, temporaryDirectory } from "./instance.ts";

const run = promisify(execFile);
const ROWS = 20_000;

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
      await run(join(root, "bin/promptlib"), ["import", file, "--json"], {
        env: { PATH: process.env.PATH ?? "", PROMPTLIB_HOME: library.config.home.root },
        maxBuffer: 64 * 1024 * 1024,
      });
      const seconds = (monotonic() - began) / 1000;
      const { highest } = await memoryOf(library.pid);
      lines.push(
        `| ${what} | ${seconds.toFixed(1)} s | ${(ROWS / seconds).toFixed(0)} | ${before.now.toFixed(0)} → ${highest.toFixed(0)} |`,
      );
    }
    print(
      `### Import of ${ROWS.toLocaleString("en")} rows of 1 KiB`,
      "",
      "| | time | rows/s | server's memory before → highest, MiB |",
      "|---|---|---|---|",
      ...lines,
      "",
    );
  } finally {
    await library.stop();
    await remove(directory);
  }
}

function* rows(): Generator<string> {
  yield "act,prompt,for_devs,type\n";
  const text = "Write about {{topic}} in the manner of a patient teacher. ".repeat(18);
  for (let n = 1; n <= ROWS; n++) yield `Teacher ${n},"${text}${n}",FALSE,TEXT\n`;
}
