/** Reading the audit log: in pages, the newest first, or all of it, the oldest first. Nothing here writes. */
import { type Selectable, sql } from "kysely";
import type { AuditEntry, AuditFilter } from "../contract/audit.ts";
import type { List } from "../contract/shapes.ts";
import type { Queries } from "../database/database.ts";
import type { Tables } from "../database/tables.ts";
import { type Page, pageOf, positionAfter } from "./page.ts";

export async function listAudit(db: Queries, page: Page, filter: AuditFilter = {}): Promise<List<AuditEntry>> {
  const [before] = positionAfter(page, "audit") ?? [];
  let query = matching(db, filter)
    .selectAll()
    .orderBy("id", "desc")
    .limit(page.limit + 1);
  if (before !== undefined) query = query.where("id", "<", before);
  const rows = await query.execute();
  return pageOf(rows, page, {
    list: "audit",
    count: () => matching(db, filter),
    position: (row) => [row.id],
    present,
  });
}

/** Entries held at once, and how much of the log one query looks through, however few of its entries match. */
const BATCH = 500;
const WINDOW = 50_000n;

/** Everything that matches and was there when it began, in the order in which it was written. */
export async function* exportAudit(db: Queries, filter: AuditFilter): AsyncGenerator<AuditEntry, void, undefined> {
  const { first, last } = await db
    .selectFrom("audit_log")
    .select([sql<string>`coalesce(min(id), 1)`.as("first"), sql<string>`coalesce(max(id), 0)`.as("last")])
    .executeTakeFirstOrThrow();
  for (let after = BigInt(first) - 1n; after < BigInt(last); ) {
    const end = after + WINDOW < BigInt(last) ? after + WINDOW : BigInt(last);
    const rows = await matching(db, filter)
      .selectAll()
      .where("id", ">", String(after))
      .where("id", "<=", String(end))
      .orderBy("id")
      .limit(BATCH)
      .execute();
    for (const row of rows) yield present(row);
    after = rows.length < BATCH ? end : BigInt(rows.at(-1)?.id ?? end);
  }
}

function matching(db: Queries, { project, actor, action, subject, from, to }: AuditFilter) {
  let query = db.selectFrom("audit_log");
  if (project !== undefined) query = query.where("project", "=", project);
  if (actor !== undefined) query = query.where("actor", "=", actor);
  if (action !== undefined) {
    query = query.where((eb) => eb.or([eb("action", "=", action), eb("action", "like", `${action}.%`)]));
  }
  if (subject !== undefined) query = query.where("subject", "=", subject);
  if (from !== undefined) query = query.where("at", ">=", new Date(from));
  if (to !== undefined) query = query.where("at", "<", new Date(to));
  return query;
}

function present(row: Selectable<Tables["audit_log"]>): AuditEntry {
  return {
    id: row.id,
    at: row.at.toISOString(),
    actor: row.actor,
    project: row.project,
    action: row.action,
    subject: row.subject,
    details: row.details,
    address: row.address,
  };
}
