/** The PostgreSQL that a restore is for, as far as a restore must handle it. */
import { now } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";

export interface Patient {
  /** Afterwards it does not run, whatever it did before, and nobody starts it; what was received of it is stored. */
  stop(): Promise<void>;
  /** In earnest: it runs and answers afterwards, or this throws. */
  start(): Promise<void>;
  /** Since when it has not answered; ISO 8601, UTC. null: it answers, or nobody knows. */
  downSince(): Promise<string | null>;
}

/** From the moment it is down to the moment it answers again. */
export class Standstill {
  readonly #patient: Patient;
  #since: Date | null = null;
  #until: Date | null = null;
  #down = false;

  constructor(patient: Patient) {
    this.#patient = patient;
  }

  get isDown(): boolean {
    return this.#down;
  }

  /** Since when it does not answer; null: it was not stopped. */
  get since(): Date | null {
    return this.#since;
  }

  async begin(): Promise<void> {
    if (this.#down) return;
    const since = await this.#patient.downSince();
    this.#since ??= since === null ? now() : new Date(since);
    this.#down = true;
    this.#until = null;
    await this.#patient.stop();
  }

  /** Starts it, if it was stopped. Throws what the start throws; it then counts as down. */
  async end(): Promise<void> {
    if (!this.#down) return;
    await this.#patient.start();
    this.#down = false;
    this.#until = now();
  }

  /** The error to tell: what ended the deed, also where PostgreSQL cannot be started after it. It may be why one restores. */
  async endAfter(error: unknown): Promise<unknown> {
    try {
      await this.end();
      return error;
    } catch (problem) {
      if (!(error instanceof PromptlibError)) return error;
      const { code, hint, details } = error;
      const why = problem instanceof Error ? problem.message : String(problem);
      return new PromptlibError(code, {
        message: `${error.message} And PostgreSQL does not run: ${why}`,
        hint,
        details,
        cause: error,
      });
    }
  }

  get seconds(): number {
    if (!this.#since) return 0;
    return Math.max(0, ((this.#until ?? now()).getTime() - this.#since.getTime()) / 1000);
  }
}
