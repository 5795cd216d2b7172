/** The progress of a recovery verb on standard error: a live bar on a terminal, plain lines elsewhere. */
import { monotonic } from "../base/clock.ts";
import type { JobVerb, Progress } from "../contract/recovery.ts";
import { size } from "../contract/size.ts";
import { note } from "./output.ts";

export interface RecoveryProgress {
  show(progress: Progress): void;
  close(): void;
}

const PLAIN_EVERY_MS = 5_000;

export async function openRecoveryProgress(verb: JobVerb): Promise<RecoveryProgress> {
  return process.stderr.isTTY ? await bar(verb) : plainLines(verb);
}

async function bar(verb: JobVerb): Promise<RecoveryProgress> {
  const { SingleBar } = await import("cli-progress");
  const single = new SingleBar({
    format: `${verb} {bar} {phase}  {figures}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // The verb itself answers Ctrl-C.
    gracefulExit: false,
  });
  const pace = new Pace();
  let open = false;
  return {
    show(progress) {
      const figures = pace.words(progress);
      const { done, total } = progress;
      if (!open) single.start(1, 0, { phase: progress.phase, figures });
      open = true;
      single.setTotal(total && total > 0 ? total : 1);
      single.update(total && done !== null ? done : 0, { phase: progress.phase, figures });
    },
    close() {
      if (open) single.stop();
      open = false;
    },
  };
}

function plainLines(verb: JobVerb): RecoveryProgress {
  const pace = new Pace();
  let last = Number.NEGATIVE_INFINITY;
  let phase: string | null = null;
  return {
    show(progress) {
      const isNew = progress.phase !== phase;
      const words = pace.words(progress);
      if (!isNew && monotonic() - last < PLAIN_EVERY_MS) return;
      last = monotonic();
      phase = progress.phase;
      note(`${verb}: ${progress.phase}${words === "" ? "" : `, ${words}`}`);
    },
    close: () => undefined,
  };
}

/** Bytes, their rate and the time that is left, since the phase began. */
export class Pace {
  #phase: string | null = null;
  #since = 0;

  words({ phase, done, total }: Progress): string {
    if (phase !== this.#phase) {
      this.#phase = phase;
      this.#since = monotonic();
    }
    if (done === null || done === 0) return "";
    const seconds = (monotonic() - this.#since) / 1000;
    const so = total === null ? size(done) : `${size(done)} of ${size(total)}`;
    if (seconds < 1) return so;
    const rate = done / seconds;
    const left = total === null || total <= done ? "" : `, ${timeLeft((total - done) / rate)} left`;
    return `${so}, ${size(Math.round(rate))}/s${left}`;
  }
}

/** 40 s, 12 min, 3.5 h */
export function timeLeft(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  if (seconds < 6_000) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}
