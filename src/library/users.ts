/** Persons: users of the instance, and their roles in projects. */
import { PromptlibError } from "../contract/errors.ts";
import type { ChangeUser, NewUser } from "../contract/routes.ts";
import type { List, Member, Role, User } from "../contract/shapes.ts";
import { type Database, type Queries, violatedConstraint } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { recordChange, transact } from "../database/transaction.ts";
import { type Actor, recordDeed } from "./actor.ts";
import type { ProjectRef } from "./find.ts";
import { hashPassword } from "./passwords.ts";
import { endSessions } from "./sessions.ts";

/** Errors: `already_exists`. */
export async function createUser(database: Database, actor: Actor, user: NewUser): Promise<User> {
  const passwordHash = await hashPassword(user.password);
  try {
    return await transact(database, async (transaction) => {
      const { id } = await insertUser(transaction, user.username, passwordHash, user.operator ?? false);
      recordDeed(transaction, actor, {
        project: null,
        action: "user.create",
        subject: user.username,
        details: { operator: user.operator ?? false },
      });
      return readUser(transaction, id);
    });
  } catch (error) {
    if (violatedConstraint(error) !== "users_username_key") throw error;
    throw new PromptlibError("already_exists", { message: `There is a user named ${user.username} already.` });
  }
}

async function insertUser(transaction: Queries, username: string, passwordHash: string, operator: boolean) {
  const inserted = await transaction
    .insertInto("users")
    .values({ username, password_hash: passwordHash, operator })
    .returning("id")
    .executeTakeFirstOrThrow();
  recordChange(transaction, "user", inserted.id);
  return inserted;
}

/** The first administrator: operator and owner of the default project. False when there are users already. */
export async function createFirstAdmin(database: Database, username: string, password: string): Promise<boolean> {
  const passwordHash = await hashPassword(password);
  return transact(database, async (transaction) => {
    // Of two servers that start at once, one waits here and then finds a user.
    await transaction.selectFrom("projects").select("id").where("name", "=", "default").forUpdate().execute();
    const anyone = await transaction.selectFrom("users").select("id").limit(1).executeTakeFirst();
    if (anyone) return false;
    const { id } = await insertUser(transaction, username, passwordHash, true);
    await transaction
      .insertInto("members")
      .columns(["project_id", "user_id", "role"])
      .expression((eb) =>
        eb
          .selectFrom("projects")
          .select((select) => ["projects.id", select.val(id).as("user_id"), select.val("owner").as("role")])
          .where("name", "=", "default"),
      )
      .execute();
    recordDeed(
      transaction,
      { name: "local:first-start", address: null },
      { project: null, action: "user.create", subject: username, details: { operator: true } },
    );
    return true;
  });
}

export async function hasUsers(db: Queries): Promise<boolean> {
  return (await db.selectFrom("users").select("id").limit(1).executeTakeFirst()) !== undefined;
}

/** Errors: `user_not_found`, `last_operator`. */
export async function changeUser(
  database: Database,
  actor: Actor,
  username: string,
  change: ChangeUser,
): Promise<User> {
  const passwordHash = change.password === undefined ? null : await hashPassword(change.password);
  return transact(database, async (transaction) => {
    const { id } = await lockUser(transaction, username);
    const values = {
      ...(passwordHash ? { password_hash: passwordHash } : {}),
      ...(change.operator === undefined ? {} : { operator: change.operator }),
      ...(change.disabled === undefined ? {} : { disabled: change.disabled }),
    };
    await transaction.updateTable("users").set(values).where("id", "=", id).execute();
    await keepAnOperator(transaction);
    if (passwordHash || change.operator !== undefined || change.disabled === true) await endSessions(transaction, id);
    recordChange(transaction, "user", id);
    const { password, ...shown } = change;
    recordDeed(transaction, actor, {
      project: null,
      action: "user.change",
      subject: username,
      details: { ...shown, ...(password === undefined ? {} : { password: "changed" }) },
    });
    return readUser(transaction, id);
  });
}

async function keepAnOperator(transaction: Queries): Promise<void> {
  // Locked, so that two who unmake each other at once do not both succeed.
  const operators = await transaction
    .selectFrom("users")
    .select("id")
    .where("operator", "=", true)
    .where("disabled", "=", false)
    .forUpdate()
    .execute();
  if (operators.length === 0) throw new PromptlibError("last_operator");
}

/** Errors: `user_not_found`. */
export async function lockUser(transaction: Queries, username: string): Promise<{ id: Id }> {
  const row = await transaction
    .selectFrom("users")
    .select("id")
    .where("username", "=", username)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw userNotFound(username);
  return row;
}

export function userNotFound(username: string): PromptlibError {
  return new PromptlibError("user_not_found", { message: `There is no user named ${username}.` });
}

export async function readUser(db: Queries, id: Id): Promise<User> {
  const [user] = await readUsers(db, id);
  if (!user) throw new Error(`user ${id} vanished`);
  return user;
}

async function readUsers(db: Queries, id: Id | null = null): Promise<User[]> {
  let users = db.selectFrom("users").select(["id", "username", "operator", "disabled", "created_at"]);
  let members = db
    .selectFrom("members")
    .innerJoin("projects", "projects.id", "members.project_id")
    .select(["members.user_id", "members.role", "projects.name"]);
  if (id !== null) {
    users = users.where("id", "=", id);
    members = members.where("user_id", "=", id);
  }
  const roles = Map.groupBy(await members.execute(), (row) => row.user_id);
  return (await users.orderBy("username").execute()).map((row) => ({
    username: row.username,
    operator: row.operator,
    disabled: row.disabled,
    projects: Object.fromEntries((roles.get(row.id) ?? []).map(({ name, role }) => [name, role])),
    createdAt: row.created_at.toISOString(),
  }));
}

export async function listUsers(db: Queries): Promise<List<User>> {
  const items = await readUsers(db);
  return { items, nextCursor: null, total: items.length, totalIsExact: true };
}

export async function listMembers(db: Queries, project: ProjectRef): Promise<List<Member>> {
  const items = await db
    .selectFrom("members")
    .innerJoin("users", "users.id", "members.user_id")
    .select(["users.username", "members.role"])
    .where("project_id", "=", project.id)
    .orderBy("username")
    .execute();
  return { items, nextCursor: null, total: items.length, totalIsExact: true };
}

/**
 * Gives a role, or (null) takes a user out of the project. Only who `mayChangeOwners` touches an owner.
 * Errors: `user_not_found`, `forbidden`, `last_owner`.
 */
export async function setMember(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  mayChangeOwners: boolean,
  username: string,
  role: Role | null,
): Promise<void> {
  await transact(database, async (transaction) => {
    const { id } = await lockUser(transaction, username);
    const before = await lockMembership(transaction, project, id);
    if (!mayChangeOwners && (role === "owner" || before === "owner")) {
      throw new PromptlibError("forbidden", { message: "Only an owner makes, changes or removes an owner." });
    }
    if (role === null && before === null) {
      throw new PromptlibError("user_not_found", { message: `${username} is not a member of ${project.name}.` });
    }
    await writeMembership(transaction, project, id, role);
    if (before === "owner" && role !== "owner") await keepAnOwner(transaction, project);
    recordChange(transaction, "user", id);
    recordDeed(transaction, actor, {
      project: project.name,
      action: role ? "member.set" : "member.remove",
      subject: username,
      details: { before, role },
    });
  });
}

async function lockMembership(transaction: Queries, project: ProjectRef, userId: Id): Promise<Role | null> {
  // All members of the project are locked: two owners who remove each other at once must not both succeed.
  const rows = await transaction
    .selectFrom("members")
    .select(["user_id", "role"])
    .where("project_id", "=", project.id)
    .orderBy("user_id")
    .forUpdate()
    .execute();
  return rows.find((row) => row.user_id === userId)?.role ?? null;
}

async function writeMembership(transaction: Queries, project: ProjectRef, userId: Id, role: Role | null) {
  if (role === null) {
    await transaction
      .deleteFrom("members")
      .where("project_id", "=", project.id)
      .where("user_id", "=", userId)
      .execute();
    return;
  }
  await transaction
    .insertInto("members")
    .values({ project_id: project.id, user_id: userId, role })
    .onConflict((conflict) => conflict.columns(["project_id", "user_id"]).doUpdateSet({ role }))
    .execute();
}

async function keepAnOwner(transaction: Queries, project: ProjectRef): Promise<void> {
  const owner = await transaction
    .selectFrom("members")
    .select("user_id")
    .where("project_id", "=", project.id)
    .where("role", "=", "owner")
    .executeTakeFirst();
  if (!owner) throw new PromptlibError("last_owner");
}
