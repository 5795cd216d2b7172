/** Sessions: a row for each sign-in; the token that carries it is checked without the database. */
import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { Database, Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { recordChange, transact } from "../database/transaction.ts";
import { type Actor, recordDeed } from "./actor.ts";
import { pretendToVerify, verifyPassword } from "./passwords.ts";

export const SESSION_HOURS = 12;
/** How long a session is kept after it expired, for a person who looks into what happened: nothing else asks for it. */
const KEPT_DAYS = 30;

export interface NewSession {
  sid: string;
  userId: Id;
  username: string;
  operator: boolean;
  expiresAt: Date;
}

/** Checks name and password and makes a session; null, whatever was wrong. `mayEnter` throws for whom it keeps out. */
export async function signIn(
  database: Database,
  login: { username: string; password: string },
  from: { address: string | null; userAgent: string | null },
  now: Date,
  mayEnter: (user: { operator: boolean }) => void = () => {},
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
    await transact(database, async (transaction) =>
      recordDeed(
        transaction,
        { name: "nobody", address: from.address },
        { project: null, action: "login.fail", subject: login.username.slice(0, 64) },
      ),
    );
    return null;
  }
  mayEnter(user);
  const session = { sid: randomUUID(), expiresAt: new Date(now.getTime() + SESSION_HOURS * 3_600_000) };
  return transact(database, async (transaction) => {
    // The check took its time: whoever was disabled or got another password meanwhile gets no session.
    const still = await transaction
      .selectFrom("users")
      .select("id")
      .where("id", "=", user.id)
      .where("password_hash", "=", user.password_hash)
      .where("disabled", "=", false)
      .forShare()
      .executeTakeFirst();
    if (!still) return null;
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
    recordDeed(
      transaction,
      { name: `user:${user.username}`, address: from.address },
      { project: null, action: "login", subject: user.username },
    );
    return { ...session, userId: user.id, username: user.username, operator: user.operator };
  });
}

/** Signs the actor out of this session; once more changes nothing. */
export async function endSession(database: Database, actor: Actor, sid: string): Promise<void> {
  await transact(database, async (transaction) => {
    const ended = await revoke(transaction, { sid });
    if (ended === 0) return;
    recordDeed(transaction, actor, { project: null, action: "logout", subject: actor.name.replace(/^user:/, "") });
  });
}

/** Ends every session of a user but the spared one, in the running transaction. */
export async function endSessions(transaction: Queries, userId: Id, spared: string | null = null): Promise<void> {
  await revoke(transaction, { userId, spared });
}

/** `of`: only when it is a session of this user. */
type Which = { sid: string; of?: Id } | { userId: Id; spared: string | null };

/** Answers how many ended now, those that had expired among them. */
export async function revoke(transaction: Queries, which: Which): Promise<number> {
  let query = transaction
    .updateTable("sessions")
    .set((eb) => ({ revoked_at: eb.fn<Date>("now", []) }))
    .where("revoked_at", "is", null);
  query = "sid" in which ? query.where("id", "=", which.sid) : query.where("user_id", "=", which.userId);
  if ("sid" in which && which.of !== undefined) query = query.where("user_id", "=", which.of);
  if ("spared" in which && which.spared !== null) query = query.where("id", "!=", which.spared);
  const ended = await query.returning("id").execute();
  for (const { id } of ended) recordChange(transaction, "session", id);
  return ended.length;
}

/** Also one that was ended counts until it would have expired: its token is refused by that. */
export async function forgetOldSessions(db: Queries): Promise<void> {
  await db
    .deleteFrom("sessions")
    .where(sql<boolean>`expires_at < now() - make_interval(days => ${KEPT_DAYS})`)
    .execute();
}
