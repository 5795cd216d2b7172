/** Changing a key without an outage: the new one is there before the old one ends. */
import { sql } from "kysely";
import type { RotatedKey, RotateKey } from "../contract/accounts.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Database, Queries } from "../database/database.ts";
import { recordChange, transact } from "../database/transaction.ts";
import { type Actor, recordDeed } from "./actor.ts";
import type { ProjectRef } from "./find.ts";
import { insertKey, keyNotFound, presentKey } from "./keys.ts";

const DEFAULT_OVERLAP_SECONDS = 24 * 3600;

/**
 * A new key with the name and the scopes of the old one, which works on for the overlap, at most to its own end.
 * A key that was made for a time is followed by one for as long a time. Errors: `key_not_found`, `key_ended`;
 * `invalid_request` for a new key that would have ended already: the old one would be given up for none.
 */
export async function rotateKey(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  id: string,
  { overlapSeconds = DEFAULT_OVERLAP_SECONDS, expiresAt }: RotateKey,
): Promise<RotatedKey> {
  return transact(database, async (transaction) => {
    const old = await lockLivingKey(transaction, project, id);
    if (expiresAt !== undefined && new Date(expiresAt) <= old.present) throw endIsPast();
    const created = await insertKey(transaction, project, actor, {
      name: old.name,
      scopes: old.scopes,
      expiresAt: expiresAt ?? (await asLongAgain(transaction, project, id, old)),
    });
    const ending = await endAfter(transaction, id, overlapSeconds);
    recordChange(transaction, "key", id);
    recordDeed(transaction, actor, {
      project: project.name,
      action: "key.rotate",
      subject: id,
      details: { name: old.name, scopes: old.scopes, newKey: created.id, overlapSeconds, formerEnd: old.expires_at },
    });
    return { ...created, replaces: presentKey(project, ending) };
  });
}

async function lockLivingKey(transaction: Queries, project: ProjectRef, id: string) {
  const row = await transaction
    .selectFrom("api_keys")
    .select(["name", "scopes", "created_at", "expires_at"])
    .select([
      sql<boolean>`revoked_at is not null or coalesce(expires_at <= now(), false)`.as("ended"),
      sql<Date>`now()`.as("present"),
    ])
    .where("id", "=", id)
    .where("project_id", "=", project.id)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw keyNotFound(id);
  if (row.ended) throw new PromptlibError("key_ended", { message: `The key ${row.name} (${id}) has ended already.` });
  return row;
}

function endIsPast(): PromptlibError {
  return new PromptlibError("invalid_request", {
    message: "The end of the new key has passed already; nothing was changed.",
    details: { faults: [{ field: "body.expiresAt", fault: "must lie in the future" }] },
  });
}

interface OldKey {
  created_at: Date;
  expires_at: Date | null;
  present: Date;
}

/**
 * The end of a key that begins now and lasts as long as the old one was to. Once rotated, a key ends for that reason:
 * how long it was to last before is in the audit log.
 */
async function asLongAgain(transaction: Queries, project: ProjectRef, id: string, old: OldKey): Promise<Date | null> {
  if (old.expires_at === null) return null;
  const first = await transaction
    .selectFrom("audit_log")
    .select(sql<string | null>`details->>'formerEnd'`.as("end"))
    .where("project", "=", project.name)
    .where("action", "=", "key.rotate")
    .where("subject", "=", id)
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  const end = first ? first.end && new Date(first.end) : old.expires_at;
  return end ? new Date(old.present.getTime() + end.getTime() - old.created_at.getTime()) : null;
}

async function endAfter(transaction: Queries, id: string, seconds: number) {
  // At once is for all servers, however their clocks go: such a key is revoked.
  const values =
    seconds === 0
      ? { revoked_at: sql<Date>`now()` }
      : { expires_at: sql<Date>`least(expires_at, now() + make_interval(secs => ${seconds}))` };
  return transaction.updateTable("api_keys").set(values).where("id", "=", id).returningAll().executeTakeFirstOrThrow();
}
