import { sleep } from "../../src/base/clock.ts";

/** How often our client opens a connection that breaks again, and how long it waits before the first repetition. */
const RETRIES = 2;
const FIRST_WAIT_MS = 150;

/**
 * What `ask` answers, asked as our client does: a process that is killed takes its connections along, also the idle
 * ones that a next request would have used.
 */
export async function askedAgain<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === RETRIES) throw error;
      await sleep(FIRST_WAIT_MS * 2 ** attempt);
    }
  }
}
