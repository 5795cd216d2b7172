/** How long the database is waited for before a read is answered without it. */
import { sleep } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import { type Database, isTooSlow, LONGEST_SEARCH_MS, type Queries } from "../database/database.ts";
import type { Feed } from "../database/feed.ts";

const READ_PATIENCE_MS = 500;
/** A list may take the database longer, and the mirror longer still. */
const LIST_PATIENCE_MS = 1_500;

/** The answer of the database, or null when it is away. */
export async function patiently<T>(answer: Promise<T>, patience = READ_PATIENCE_MS): Promise<T | null> {
  // When the wait is over first, nobody listens to what becomes of the answer.
  answer.catch(() => {});
  try {
    return await Promise.race([answer, sleep(patience).then(() => null)]);
  } catch (error) {
    if (isUnavailable(error)) return null;
    throw error;
  }
}

/**
 * A list, from the database; or why not: it is away, or it answers others but not this in time, which is not asked for
 * any further then. `mirrored`: there is another way to answer, which is gone sooner.
 */
export async function listPatiently<T extends object>(
  feed: Feed,
  database: Database,
  read: (db: Queries) => Promise<T>,
  mirrored: boolean,
): Promise<T | "away" | "slow"> {
  if (!feed.isLive) return "away";
  const enough = new AbortController();
  try {
    const answer = read(database.searchesUntil(enough.signal));
    const listed = await patiently(answer, mirrored ? LIST_PATIENCE_MS : LONGEST_SEARCH_MS);
    return listed ?? (feed.isFresh ? "slow" : "away");
  } catch (error) {
    if (isTooSlow(error)) return "slow";
    throw error;
  } finally {
    enough.abort();
  }
}

export function isUnavailable(error: unknown): boolean {
  return error instanceof PromptlibError && error.code === "database_unavailable";
}
