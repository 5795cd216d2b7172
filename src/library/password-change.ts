/** New passwords: a person's own, for which the old one is asked, and the one that an operator has made. */
import type { ResetUser } from "../contract/accounts.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Database, Queries } from "../database/database.ts";
import { transact } from "../database/transaction.ts";
import { type Actor, recordDeed } from "./actor.ts";
import { hashPassword, makePassword, verifyPassword } from "./passwords.ts";
import { endSessions } from "./sessions.ts";
import { lockUser, readUser } from "./users.ts";

/**
 * Ends all other sessions of the person; null when `current` is wrong.
 * Errors: `unauthenticated` when this session has ended meanwhile.
 */
export async function changeOwnPassword(
  database: Database,
  actor: Actor,
  { username, sid }: { username: string; sid: string },
  { current, password }: { current: string; password: string },
): Promise<true | null> {
  const { id, password_hash: hash } = await database.reads
    .selectFrom("users")
    .select(["id", "password_hash"])
    .where("username", "=", username)
    .executeTakeFirstOrThrow();
  const deed = { project: null, subject: username };
  if (!(await verifyPassword(current, hash))) {
    await transact(database, async (transaction) =>
      recordDeed(transaction, actor, { ...deed, action: "password.fail" }),
    );
    return null;
  }
  const newHash = await hashPassword(password);
  return transact(database, async (transaction) => {
    await lockUser(transaction, username);
    await requireLiving(transaction, sid);
    // Checking took its time: whoever got another password meanwhile has given an old one.
    const changed = await transaction
      .updateTable("users")
      .set({ password_hash: newHash })
      .where("id", "=", id)
      .where("password_hash", "=", hash)
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) return null;
    await endSessions(transaction, id, sid);
    recordDeed(transaction, actor, { ...deed, action: "password.change" });
    return true;
  });
}

async function requireLiving(transaction: Queries, sid: string): Promise<void> {
  const living = await transaction
    .selectFrom("sessions")
    .select("id")
    .where("id", "=", sid)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  if (!living) throw new PromptlibError("unauthenticated", { message: "This login has ended." });
}

/** The password is made here and told once, in the answer. Errors: `user_not_found`. */
export async function resetPassword(database: Database, actor: Actor, username: string): Promise<ResetUser> {
  const password = makePassword();
  const hash = await hashPassword(password);
  const user = await transact(database, async (transaction) => {
    const { id } = await lockUser(transaction, username);
    await transaction.updateTable("users").set({ password_hash: hash }).where("id", "=", id).execute();
    await endSessions(transaction, id);
    recordDeed(transaction, actor, { project: null, action: "password.reset", subject: username });
    return readUser(transaction, id);
  });
  return { ...user, password };
}
