/** How an import writes: for real, or taken back again; and with patience for a database that goes away. */
import { sleep } from "../../base/clock.ts";
import { PromptlibError } from "../../contract/errors.ts";
import type { Database, Queries } from "../../database/database.ts";
import { transact } from "../../database/transaction.ts";

/** A database that goes away in the middle is waited for this long: what was begun is simply done again. */
const PATIENCE_MS = 60_000;

class TakenBack extends Error {}

/** A dry run does the same and takes it back, so that it tells exactly what would be. */
export async function transactOrTry<T>(
  database: Database,
  dryRun: boolean,
  work: (transaction: Queries) => Promise<T>,
): Promise<T> {
  if (!dryRun) return transact(database, work);
  let result: { value: T } | null = null;
  try {
    await transact(database, async (transaction) => {
      result = { value: await work(transaction) };
      throw new TakenBack();
    });
  } catch (error) {
    if (!(error instanceof TakenBack)) throw error;
  }
  if (!result) throw new Error("a dry run ended without a result");
  return (result as { value: T }).value;
}

export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let waited = 0; ; waited += 500) {
    try {
      return await work();
    } catch (error) {
      if (!isGone(error) || waited >= PATIENCE_MS) throw error;
      await sleep(500);
    }
  }
}

export function isGone(error: unknown): boolean {
  return error instanceof PromptlibError && ["database_unavailable", "write_outcome_unknown"].includes(error.code);
}
