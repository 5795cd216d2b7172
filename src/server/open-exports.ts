/** How many exports are read here at once: each holds a connection for as long as whoever reads it takes. */
import { PromptlibError } from "../contract/errors.ts";
import { LONG_READS_AT_ONCE } from "../database/database.ts";

const RETRY_AFTER_SECONDS = 5;

export class OpenExports {
  readonly #limit: number;
  /** By caller. */
  readonly #open: string[] = [];

  constructor(limit = LONG_READS_AT_ONCE) {
    this.#limit = limit;
  }

  /** Half of them with one key, or one person. Answers how to read one. Errors: `too_many_exports`. */
  admit(caller: string): <T>(lines: AsyncIterable<T>) => AsyncGenerator<T> {
    const own = this.#open.filter((other) => other === caller).length;
    if (this.#open.length >= this.#limit || own >= this.#limit / 2) {
      throw new PromptlibError("too_many_exports", {
        details: { retryAfterSeconds: RETRY_AFTER_SECONDS, exports: this.#open.length, ofThisCaller: own },
      });
    }
    this.#open.push(caller);
    return (lines) => this.#until(caller, lines);
  }

  async *#until<T>(caller: string, lines: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* lines;
    } finally {
      this.#open.splice(this.#open.indexOf(caller), 1);
    }
  }
}
