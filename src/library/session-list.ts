/** The sessions of a user that have not ended: to see where one is signed in, and to end what should not be. */
import { sql } from "kysely";
import type { Session } from "../contract/accounts.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { List } from "../contract/shapes.ts";
import type { Database, Queries } from "../database/database.ts";
import { transact } from "../database/transaction.ts";
import { type Actor, recordDeed } from "./actor.ts";
import { browserOf } from "./browser.ts";
import { endSessions, revoke } from "./sessions.ts";
import { lockUser, userNotFound } from "./users.ts";

/** Last signed in first; `asking` is the session that asks, if any. Errors: `user_not_found`. */
export async function listSessionsOf(db: Queries, username: string, asking: string | null): Promise<List<Session>> {
  const user = await db.selectFrom("users").select("id").where("username", "=", username).executeTakeFirst();
  if (!user) throw userNotFound(username);
  const rows = await db
    .selectFrom("sessions")
    .select(["id", "created_at", "expires_at", "address", "user_agent"])
    .where("user_id", "=", user.id)
    .where("revoked_at", "is", null)
    .where(sql<boolean>`expires_at > now()`)
    .orderBy("created_at", "desc")
    .orderBy("id")
    .execute();
  const items = rows.map((row) => ({
    id: row.id,
    username,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    address: row.address,
    browser: browserOf(row.user_agent),
    userAgent: row.user_agent,
    current: row.id === asking,
  }));
  return { items, nextCursor: null, total: items.length, totalIsExact: true };
}

/** Errors: `user_not_found`, `session_not_found` also for a session of somebody else. */
export async function endSessionOf(database: Database, actor: Actor, username: string, sid: string): Promise<void> {
  await transact(database, async (transaction) => {
    const { id } = await lockUser(transaction, username);
    const ended = await revoke(transaction, { sid, of: id });
    if (ended === 0) throw new PromptlibError("session_not_found");
    const details = { session: sid };
    recordDeed(transaction, actor, { project: null, action: "session.end", subject: username, details });
  });
}

/** Errors: `user_not_found`. */
export async function endAllSessionsOf(database: Database, actor: Actor, username: string): Promise<void> {
  await transact(database, async (transaction) => {
    const { id } = await lockUser(transaction, username);
    await endSessions(transaction, id);
    const details = { session: "all" };
    recordDeed(transaction, actor, { project: null, action: "session.end", subject: username, details });
  });
}
