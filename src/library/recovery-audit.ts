/** What people ordered of the guardian, in the audit log. It is ordered also while the database is away: entries come later. */
import type { RecoveryDeed } from "../contract/recovery.ts";
import type { Database } from "../database/database.ts";
import { transact } from "../database/transaction.ts";
import { recordDeed } from "./actor.ts";

const DEEDS = {
  backup: { action: "recovery.backup" },
  drill: { action: "recovery.drill" },
  verify: { action: "recovery.verify" },
  restore: { action: "recovery.restore" },
  cancel: { action: "recovery.cancel" },
} as const satisfies Record<RecoveryDeed["deed"], { action: string }>;

/** Each with its own time in the details. One that is there already is left out. */
export async function auditRecovery(database: Database, deeds: readonly RecoveryDeed[]): Promise<void> {
  const there = await database.reads
    .selectFrom("audit_log")
    .select("details")
    .where("project", "is", null)
    .where("action", "like", "recovery.%")
    .orderBy("id", "desc")
    .limit(2 * deeds.length)
    .execute();
  const known = new Set(there.map(({ details }) => (details as { id?: unknown }).id));
  const missing = deeds.filter(({ id }) => !known.has(id));
  if (missing.length === 0) return;
  await transact(database, async (transaction) => {
    for (const { id, at, by, address, deed, job, options } of missing) {
      const details = { id, at, options };
      const entry = { project: null, ...DEEDS[deed], subject: job, details };
      recordDeed(transaction, { name: by, address }, entry);
    }
  });
}
