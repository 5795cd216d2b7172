/**
 * The library: prompts, versions, labels, people, keys, the mirror. Every function takes its database,
 * so that two may be open at once.
 *
 * This file says who acts, and writes it down.
 */
import type { Queries } from "../database/database.ts";
import { recordAudit } from "../database/transaction.ts";

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
