/** Sessions: a row for each sign-in; the token that carries it is checked without the database. */
import { randomUUID } from "node:crypto";
import { recordChange } from "../database/changes.ts";
import { type Database, type Queries, transact } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { recordDeed } from "./actor.ts";
import { pretendToVerify, verifyPassword } from "./passwords.ts";

export const SESSION_HOURS = 12;

export interface NewSession {
  sid: string;
  userId: Id;
  username: string;
  operator: boolean;
  expiresAt: Date;
}

/** Checks name and password and makes a session; null, whatever was wrong. */
export async function signIn(
  database: Database,
  login: { username: string; password: string },
  from: { address: string | null; userAgent: string | null },
  now: Date,
): Promise<NewSession | null> {
  const user = await database.reads
    .selectFrom("users")
    .select(["id", "username", "operator", "disabled", "password_hash"])
    .where("username", "=", login.username)
    .executeTakeFirst();
  const right = user
    ? await verifyPassword(login.password, user.password_hash)
    : await pretendToVerify(login.password).then(() => false);
  if (!user || !right || user.disabled) {
    await transact(database, (transaction) =>
      recordDeed(
        transaction,
        { name: "nobody", address: from.address },
        { project: null, action: "login.fail", subject: login.username.slice(0, 64) },
      ),
    );
    return null;
  }
  const session = { sid: randomUUID(), expiresAt: new Date(now.getTime() + SESSION_HOURS * 3_600_000) };
  await transact(database, async (transaction) => {
    await transaction
      .insertInto("sessions")
      .values({
        id: session.sid,
        user_id: user.id,
        expires_at: session.expiresAt,
        address: from.address,
        user_agent: from.userAgent?.slice(0, 256) ?? null,
      })
      .execute();
    await recordDeed(
      transaction,
      { name: `user:${user.username}`, address: from.address },
      { project: null, action: "login", subject: user.username },
    );
  });
  return { ...session, userId: user.id, username: user.username, operator: user.operator };
}

export async function endSession(database: Database, sid: string): Promise<void> {
  await transact(database, (transaction) => revoke(transaction, { sid }));
}

/** Ends every session of a user, in the running transaction. */
export async function endSessions(transaction: Queries, userId: Id): Promise<void> {
  await revoke(transaction, { userId });
}

async function revoke(transaction: Queries, which: { sid: string } | { userId: Id }): Promise<void> {
  let query = transaction
    .updateTable("sessions")
    .set((eb) => ({ revoked_at: eb.fn<Date>("now", []) }))
    .where("revoked_at", "is", null);
  query = "sid" in which ? query.where("id", "=", which.sid) : query.where("user_id", "=", which.userId);
  for (const { id } of await query.returning("id").execute()) await recordChange(transaction, "session", id);
}
