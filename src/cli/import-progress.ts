/** The progress of an import on standard error: a live bar on a terminal, a plain line now and then elsewhere. */
import { monotonic } from "../base/clock.ts";
import { size } from "../contract/size.ts";
import type { ImportItem } from "../sdk/index.ts";
import type { ImportFile } from "./import-files.ts";
import { startPosition } from "./import-position.ts";
import { progressText } from "./import-report.ts";
import { counted, note } from "./output.ts";

export interface Progress {
  sent(path: string, bytes: Uint8Array): void;
  answered(item: Pick<ImportItem, "path" | "line">): void;
  /** A line that stays, above the bar. */
  line(text: string): void;
  close(): void;
}

/** What shows it: a bar, or lines. */
interface Display {
  show(bytes: number, items: number): void;
  line(text: string): void;
  close(): void;
}

const PLAIN_EVERY_MS = 5000;

export async function openProgress(files: readonly Pick<ImportFile, "size">[]): Promise<Progress> {
  const sizes = files.map((file) => file.size);
  const total = sizes.reduce<number | null>((sum, each) => (sum === null || each === null ? null : sum + each), 0);
  const display = process.stderr.isTTY && total !== null ? await bar(total) : plainLines(total);
  const position = startPosition();
  let items = 0;
  return {
    sent: (path, bytes) => position.sent(path, bytes),
    answered({ path, line }) {
      items += 1;
      if (line !== null) position.answered(path, line);
      display.show(position.bytes, items);
    },
    line: (text) => display.line(text),
    close: () => display.close(),
  };
}

async function bar(total: number): Promise<Display> {
  const { MultiBar } = await import("cli-progress");
  // One bar of "multi": the only kind that can put lines above itself.
  const multi = new MultiBar({
    format: "importing {bar} {percentage}%  {done} of {size}  {items}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // Trims the bar to the terminal and leaves other lines to wrap.
    linewrap: true,
    // The verb itself answers Ctrl-C.
    gracefulExit: false,
  });
  const payload = (bytes: number, items: number) => ({
    done: size(bytes),
    size: size(total),
    items: counted(items, "prompt"),
  });
  const single = multi.create(Math.max(1, total), 0, payload(0, 0));
  let open = true;
  return {
    show: (bytes, items) => single.update(bytes, payload(bytes, items)),
    line: (text) => multi.log(`${text}\n`),
    close() {
      if (!open) return;
      open = false;
      // Prints the lines that still wait; stopping alone would drop them.
      multi.update();
      multi.stop();
    },
  };
}

function plainLines(total: number | null): Display {
  let last = monotonic();
  return {
    show(bytes, items) {
      if (monotonic() - last < PLAIN_EVERY_MS) return;
      last = monotonic();
      note(progressText(items, size(bytes), total === null ? null : size(total)));
    },
    line: note,
    close: () => undefined,
  };
}
