/** Slows down guessing of passwords, by name and address, and counts it. */
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { PromptlibError } from "../contract/errors.ts";
import { guesserAt } from "./addresses.ts";

const WINDOW_SECONDS = 15 * 60;

export class LoginGuard {
  /** One name from one address; one address over all names; one name from everywhere (a guess spread over many). */
  readonly #limits: readonly [Limit, Limit, Limit] = [
    { limiter: limiter("name-address", 10), key: (username, guesser) => `${username} ${guesser}` },
    { limiter: limiter("address", 100), key: (_username, guesser) => guesser },
    { limiter: limiter("name", 200), key: (username) => username },
  ];

  /**
   * Counts the attempt before it is made, so that many at once are no way around, and takes it back when it was right.
   * Throws `too_many_attempts`; nothing is looked up then. `attempt` answers null when name or password is wrong.
   */
  async guard<T>(username: string, address: string, attempt: () => Promise<T | null>): Promise<T | null> {
    const guesser = guesserAt(address);
    // Looked at before anything is counted: who is over one limit uses up no other, and leaves no names in memory.
    for (const { limiter, key } of this.#limits) await requireLeft(limiter, key(username, guesser));
    for (const { limiter, key } of this.#limits) await consume(limiter, key(username, guesser));
    try {
      const result = await attempt();
      if (result === null) return null;
      await this.#limits[0].limiter.delete(this.#limits[0].key(username, guesser));
      await this.#takeBack(username, guesser, this.#limits.slice(1));
      return result;
    } catch (error) {
      await this.#takeBack(username, guesser, this.#limits);
      throw error;
    }
  }

  async #takeBack(username: string, guesser: string, limits: readonly Limit[]): Promise<void> {
    for (const { limiter, key } of limits) await limiter.reward(key(username, guesser));
  }
}

interface Limit {
  limiter: RateLimiterMemory;
  key(username: string, guesser: string): string;
}

async function requireLeft(limiter: RateLimiterMemory, key: string): Promise<void> {
  const state = await limiter.get(key);
  if (state && state.remainingPoints <= 0) throw tooMany(state);
}

async function consume(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    throw error instanceof RateLimiterRes ? tooMany(error) : error;
  }
}

function limiter(keyPrefix: string, points: number): RateLimiterMemory {
  return new RateLimiterMemory({ keyPrefix, points, duration: WINDOW_SECONDS });
}

function tooMany(state: RateLimiterRes): PromptlibError {
  const seconds = Math.max(1, Math.ceil(state.msBeforeNext / 1000));
  return new PromptlibError("too_many_attempts", {
    message: `Too many failed attempts; try again in ${Math.ceil(seconds / 60)} min.`,
    details: { retryAfterSeconds: seconds },
  });
}
