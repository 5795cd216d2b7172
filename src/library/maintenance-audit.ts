/** Maintenance in the audit log. It begins and ends also while the database is away, so entries may come later. */
import type { MaintenanceChange } from "../contract/maintenance.ts";
import type { Database } from "../database/database.ts";
import { transact } from "../database/transaction.ts";
import { recordDeed } from "./actor.ts";

/** Each with its own time in the details. */
export async function auditMaintenance(database: Database, changes: readonly MaintenanceChange[]): Promise<void> {
  await transact(database, async (transaction) => {
    for (const { by, address, ...details } of changes) {
      const deed = { project: null, action: "maintenance.set", subject: details.mode, details };
      recordDeed(transaction, { name: by, address }, deed);
    }
  });
}
