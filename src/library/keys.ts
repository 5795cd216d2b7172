/** API keys: plk_ID_SECRET, of which the id and the SHA-256 of the secret are kept. */
import { createHash, randomBytes } from "node:crypto";
import { sql } from "kysely";
import { PromptlibError } from "../contract/errors.ts";
import type { NewKey } from "../contract/routes.ts";
import type { ApiKey, CreatedKey, List } from "../contract/shapes.ts";
import type { Database, Queries } from "../database/database.ts";
import { recordChange, transact } from "../database/transaction.ts";
import { type Actor, recordDeed } from "./actor.ts";
import type { ProjectRef } from "./find.ts";

/** Letters and digits only, so that an id holds no `_` and a double click takes a key whole. */
function randomWord(bytes: number): string {
  return BigInt(`0x01${randomBytes(bytes).toString("hex")}`).toString(36);
}

export async function createKey(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  key: NewKey,
): Promise<CreatedKey> {
  return transact(database, async (transaction) => {
    const created = await insertKey(transaction, project, actor, { ...key, scopes: key.scopes ?? ["read"] });
    recordDeed(transaction, actor, {
      project: project.name,
      action: "key.create",
      subject: created.id,
      details: { name: created.name, scopes: created.scopes },
    });
    return created;
  });
}

/** In the running transaction; the caller writes down who did it and why. */
export async function insertKey(
  transaction: Queries,
  project: ProjectRef,
  actor: Actor,
  { name, scopes, expiresAt }: { name: string; scopes: string[]; expiresAt?: Date | string | null | undefined },
): Promise<CreatedKey> {
  const id = randomWord(8);
  const secret = randomWord(32);
  const row = await transaction
    .insertInto("api_keys")
    .values({
      id,
      project_id: project.id,
      name,
      secret_sha256: createHash("sha256").update(secret).digest(),
      scopes,
      created_by: actor.name,
      expires_at: expiresAt ?? null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  recordChange(transaction, "key", id);
  return { ...presentKey(project, row), key: `plk_${id}_${secret}` };
}

export function keyNotFound(id: string): PromptlibError {
  return new PromptlibError("key_not_found", { message: `There is no API key with the id ${id}.` });
}

/** Errors: `key_not_found`. A key that was revoked before stays as it is. */
export async function revokeKey(database: Database, project: ProjectRef, actor: Actor, id: string): Promise<ApiKey> {
  return transact(database, async (transaction) => {
    const row = await transaction
      .updateTable("api_keys")
      .set((eb) => ({ revoked_at: eb.fn.coalesce("revoked_at", eb.fn<Date>("now", [])) }))
      .where("id", "=", id)
      .where("project_id", "=", project.id)
      .returningAll()
      .executeTakeFirst();
    if (!row) throw keyNotFound(id);
    recordChange(transaction, "key", id);
    recordDeed(transaction, actor, {
      project: project.name,
      action: "key.revoke",
      subject: id,
      details: { name: row.name },
    });
    return presentKey(project, row);
  });
}

export async function listKeys(db: Queries, project: ProjectRef): Promise<List<ApiKey>> {
  const rows = await db
    .selectFrom("api_keys")
    .selectAll()
    .where("project_id", "=", project.id)
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return {
    items: rows.map((row) => presentKey(project, row)),
    nextCursor: null,
    total: rows.length,
    totalIsExact: true,
  };
}

/** Writes when keys were last used; many in one statement. */
export async function writeLastUsed(db: Queries, used: ReadonlyMap<string, Date>): Promise<void> {
  if (used.size === 0) return;
  await sql`
    update api_keys set last_used_at = greatest(last_used_at, used.at)
    from unnest(${[...used.keys()]}::text[], ${[...used.values()]}::timestamptz[]) as used(id, at)
    where api_keys.id = used.id`.execute(db);
}

interface KeyRow {
  id: string;
  name: string;
  scopes: string[];
  created_by: string;
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
  last_used_at: Date | null;
}

export function presentKey(project: ProjectRef, row: KeyRow): ApiKey {
  return {
    id: row.id,
    project: project.name,
    name: row.name,
    scopes: row.scopes,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
  };
}
