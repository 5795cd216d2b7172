/** How far an import is, by bytes, on standard error: a live bar on a terminal, a plain line now and then elsewhere. */
import { monotonic } from "../base/clock.ts";
import type { ImportFile } from "./import-files.ts";
import { progressText } from "./import-report.ts";
import { counted, note, size } from "./output.ts";

export interface Progress {
  /** So many bytes more were sent. */
  sent(bytes: number): void;
  /** So many prompts were answered altogether. */
  items(count: number): void;
  /** A line that stays, above the bar. */
  line(text: string): void;
  close(): void;
}

const PLAIN_EVERY_MS = 5000;
const ERASE_LINE = "\r\u001b[K";

export async function openProgress(files: readonly Pick<ImportFile, "size">[]): Promise<Progress> {
  const sizes = files.map((file) => file.size);
  const total = sizes.reduce<number | null>((sum, each) => (sum === null || each === null ? null : sum + each), 0);
  return process.stderr.isTTY && total !== null ? await bar(total) : plainLines(total);
}

async function bar(total: number): Promise<Progress> {
  const { SingleBar } = await import("cli-progress");
  const single = new SingleBar({
    format: "importing {bar} {percentage}%  {sent} of {size}  {items}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 30,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // The verb itself answers Ctrl-C.
    gracefulExit: false,
    forceRedraw: true,
  });
  let bytes = 0;
  let answered = 0;
  const shown = () => ({ sent: size(bytes), size: size(total), items: counted(answered, "prompt") });
  // A bar of nothing divides by zero.
  single.start(Math.max(1, total), 0, shown());
  return {
    sent(more) {
      bytes += more;
      single.update(Math.min(bytes, total), shown());
    },
    items(count) {
      answered = count;
      single.update(Math.min(bytes, total), shown());
    },
    line: (text) => note(`${ERASE_LINE}${text}`),
    close: () => single.stop(),
  };
}

function plainLines(total: number | null): Progress {
  let bytes = 0;
  let last = monotonic();
  return {
    sent(more) {
      bytes += more;
    },
    items(count) {
      if (monotonic() - last < PLAIN_EVERY_MS) return;
      last = monotonic();
      note(progressText(count, size(bytes), total === null ? null : size(total)));
    },
    line: note,
    close: () => undefined,
  };
}
