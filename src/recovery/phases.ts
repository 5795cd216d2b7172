/** The phases of a restore or drill: told while they go on, timed for the report. */
import { monotonic } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { PhaseTime, Progress } from "../contract/recovery.ts";

export class Phases {
  readonly times: PhaseTime[] = [];
  readonly #tell: (progress: Progress) => void;
  readonly #signal: AbortSignal;

  constructor(tell: (progress: Progress) => void, signal: AbortSignal) {
    this.#tell = tell;
    this.#signal = signal;
  }

  /** `work` is given what counts bytes: how many more are done. `total` null: nobody can tell. */
  async run<T>(phase: string, total: number | null, work: (more: (bytes: number) => void) => Promise<T>): Promise<T> {
    if (this.#signal.aborted) throw new PromptlibError("interrupted");
    const start = monotonic();
    let done = 0;
    this.#tell({ phase, done: total === null ? null : 0, total });
    try {
      return await work((bytes) => {
        done += bytes;
        this.#tell({ phase, done, total: total === null ? null : Math.max(total, done) });
      });
    } finally {
      this.times.push({ phase, seconds: Math.round(monotonic() - start) / 1000 });
    }
  }

  get seconds(): number {
    return totalSeconds(this.times);
  }
}

export function totalSeconds(phases: readonly PhaseTime[]): number {
  return Math.round(phases.reduce((sum, { seconds }) => sum + seconds, 0) * 1000) / 1000;
}
