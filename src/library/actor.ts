/**
 * The library: prompts, versions, labels, people, keys, the mirror. Every function takes its database,
 * so that two may be open at once.
 *
 * This file says who acts, and writes it down.
 */
import type { AuditEntry, List } from "../contract/shapes.ts";
import type { Queries } from "../database/database.ts";
import { recordAudit } from "../database/transaction.ts";
import { type Page, pageOf, positionAfter } from "./page.ts";

export interface Actor {
  /** user:NAME, key:ID or local:OS-USER: what authors and the audit log show. */
  readonly name: string;
  /** The address the request came from; null where it came from no network. */
  readonly address: string | null;
  /** Which of the protected labels of the project at hand the actor may move; none when left out. */
  readonly protectedLabels?: "all" | readonly string[];
}

export interface Deed {
  project: string | null;
  action: string;
  subject: string;
  details?: Record<string, unknown>;
}

/** Writes into the audit log, in the transaction of the deed itself. */
export function recordDeed(transaction: Queries, actor: Actor, deed: Deed): void {
  recordAudit(transaction, {
    actor: actor.name,
    address: actor.address,
    project: deed.project,
    action: deed.action,
    subject: deed.subject,
    details: JSON.stringify(deed.details ?? {}),
  });
}

export async function listAudit(db: Queries, page: Page): Promise<List<AuditEntry>> {
  const [before] = positionAfter(page, "audit") ?? [];
  let query = db
    .selectFrom("audit_log")
    .selectAll()
    .orderBy("id", "desc")
    .limit(page.limit + 1);
  if (before !== undefined) query = query.where("id", "<", before);
  const rows = await query.execute();
  return pageOf(rows, page, {
    list: "audit",
    count: () => db.selectFrom("audit_log"),
    position: (row) => [row.id],
    present: (row) => ({
      id: row.id,
      at: row.at.toISOString(),
      actor: row.actor,
      project: row.project,
      action: row.action,
      subject: row.subject,
      details: row.details,
      address: row.address,
    }),
  });
}
