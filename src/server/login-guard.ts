/** Slows down guessing of passwords, by name and address, and counts it. */
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { PromptlibError } from "../contract/errors.ts";

const WINDOW_SECONDS = 15 * 60;

export class LoginGuard {
  /** One name from one address; one address over all names; one name from everywhere (a guess spread over many). */
  readonly #limits = [
    { limiter: limiter("name-address", 10), key: (username: string, address: string) => `${username} ${address}` },
    { limiter: limiter("address", 100), key: (_username: string, address: string) => address },
    { limiter: limiter("name", 200), key: (username: string) => username },
  ];

  /** Throws `too_many_attempts`; nothing is looked up then. */
  async check(username: string, address: string): Promise<void> {
    for (const { limiter, key } of this.#limits) {
      const state = await limiter.get(key(username, address));
      if (state && state.consumedPoints > limiter.points) throw tooMany(state);
    }
  }

  async failed(username: string, address: string): Promise<void> {
    for (const { limiter, key } of this.#limits) {
      try {
        await limiter.consume(key(username, address));
      } catch (error) {
        // Over the limit is told at the next attempt.
        if (!(error instanceof RateLimiterRes)) throw error;
      }
    }
  }

  async succeeded(username: string, address: string): Promise<void> {
    await this.#limits[0]?.limiter.delete(`${username} ${address}`);
  }
}

function limiter(keyPrefix: string, points: number): RateLimiterMemory {
  // The attempt after the last point is the first that is refused: get() tells more points than there are.
  return new RateLimiterMemory({ keyPrefix, points: points - 1, duration: WINDOW_SECONDS });
}

function tooMany(state: RateLimiterRes): PromptlibError {
  const seconds = Math.max(1, Math.ceil(state.msBeforeNext / 1000));
  return new PromptlibError("too_many_attempts", {
    message: `Too many failed attempts; try again in ${Math.ceil(seconds / 60)} min.`,
    details: { retryAfterSeconds: seconds },
  });
}
