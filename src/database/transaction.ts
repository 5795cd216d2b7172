/** Writing: transactions that are tried again when they lose a race, and what each says that it did. */
import type { Insertable } from "kysely";
import { sleep } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Database, Queries, RecordedChange } from "./database.ts";
import type { ChangeKind, Tables } from "./tables.ts";

/** What a transaction says at its end, before it commits: one statement for all of each kind. */
interface Entries {
  changes: Omit<RecordedChange, "tx">[];
  deeds: Insertable<Tables["audit_log"]>[];
  /** What is still to be done before. */
  last: (() => Promise<void>)[];
}

const entriesByTransaction = new WeakMap<Queries, Entries>();

function entriesOf(transaction: Queries): Entries {
  const entries = entriesByTransaction.get(transaction);
  if (!entries) throw new Error("changes and deeds are recorded in transactions of transact only");
  return entries;
}

/** Says in the running transaction that something changed; it comes into the feed. */
export function recordChange(transaction: Queries, kind: ChangeKind, subject: string, revision = "0"): void {
  entriesOf(transaction).changes.push({ kind, subject, revision: BigInt(revision) });
}

/** Says in the running transaction who did what; it comes into the audit log. */
export function recordAudit(transaction: Queries, deed: Insertable<Tables["audit_log"]>): void {
  entriesOf(transaction).deeds.push(deed);
}

/** Does something more in the running transaction when its work is done: once for all that it changed. */
export function atEnd(transaction: Queries, work: () => Promise<void>): void {
  entriesOf(transaction).last.push(work);
}

/** Answers the changes as the feed will tell them. */
async function writeEntries(transaction: Queries, { changes, deeds }: Entries): Promise<RecordedChange[]> {
  if (deeds.length > 0) await transaction.insertInto("audit_log").values(deeds).execute();
  if (changes.length === 0) return [];
  const rows = changes.map((change) => ({ ...change, revision: String(change.revision) }));
  const { tx } = await transaction.insertInto("changes").values(rows).returning("tx").executeTakeFirstOrThrow();
  return changes.map((change) => ({ ...change, tx }));
}

/**
 * Runs `work` in one transaction of `writes`; a deadlock or a lost race is tried again, with nothing done before.
 */
export async function transact<T>(database: Database, work: (transaction: Queries) => Promise<T>): Promise<T> {
  const { result, changes } = await untilWon(() => runOnce(database, work));
  if (changes.length > 0) await tell(database, changes);
  return result;
}

async function runOnce<T>(database: Database, work: (transaction: Queries) => Promise<T>) {
  const entries: Entries = { changes: [], deeds: [], last: [] };
  return await database.writes.transaction().execute(async (transaction) => {
    entriesByTransaction.set(transaction, entries);
    const result = await work(transaction);
    for (const step of entries.last) await step();
    return { result, changes: await writeEntries(transaction, entries) };
  });
}

async function tell(database: Database, changes: RecordedChange[]): Promise<void> {
  try {
    await database.onCommit(changes);
  } catch (error) {
    // It is committed, so the writer must not hear that it was not; the feed tells the same when PostgreSQL is back.
    if (!(error instanceof PromptlibError && error.code === "database_unavailable")) throw error;
  }
}

const ATTEMPTS = 8;

async function untilWon<T>(attempt: () => Promise<T>): Promise<T> {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (number === ATTEMPTS || !isLostRace(error)) throw error;
      // Those who lost to each other do not meet again at once.
      await sleep(Math.random() * 20 * number);
    }
  }
}

function isLostRace(error: unknown): boolean {
  // deadlock_detected, serialization_failure
  return error instanceof Error && "code" in error && ["40P01", "40001"].includes(String(error.code));
}
