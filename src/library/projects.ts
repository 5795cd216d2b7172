/** Projects: the unit of isolation. */
import { PromptlibError } from "../contract/errors.ts";
import type { NewProject } from "../contract/routes.ts";
import type { List, Project, Role } from "../contract/shapes.ts";
import { type Database, type Queries, violatedConstraint } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { recordChange, transact } from "../database/transaction.ts";
import { type Actor, recordDeed } from "./actor.ts";

/** `ownerId`: the user who becomes its owner; null where nobody does (the local operator). Errors: `already_exists`. */
export async function createProject(
  database: Database,
  actor: Actor,
  project: NewProject,
  ownerId: Id | null,
): Promise<Project> {
  try {
    return await transact(database, async (transaction) => {
      const row = await transaction
        .insertInto("projects")
        .values({ name: project.name, description: project.description ?? "" })
        .returningAll()
        .executeTakeFirstOrThrow();
      recordChange(transaction, "project", row.id);
      if (ownerId !== null) {
        await transaction
          .insertInto("members")
          .values({ project_id: row.id, user_id: ownerId, role: "owner" })
          .execute();
        recordChange(transaction, "user", ownerId);
      }
      recordDeed(transaction, actor, { project: row.name, action: "project.create", subject: row.name });
      return {
        name: row.name,
        description: row.description,
        role: ownerId === null ? null : "owner",
        createdAt: row.created_at.toISOString(),
      };
    });
  } catch (error) {
    if (violatedConstraint(error) !== "projects_name_key") throw error;
    throw new PromptlibError("already_exists", { message: `There is a project named ${project.name} already.` });
  }
}

/** Those that the caller can see: `roleIn` answers the role, "all" for an operator without one, or null. */
export async function listProjects(
  db: Queries,
  roleIn: (project: string) => Role | "all" | null,
): Promise<List<Project>> {
  const rows = await db.selectFrom("projects").selectAll().orderBy("name").execute();
  const items = rows.flatMap((row) => {
    const role = roleIn(row.name);
    if (role === null) return [];
    return [
      {
        name: row.name,
        description: row.description,
        role: role === "all" ? null : role,
        createdAt: row.created_at.toISOString(),
      },
    ];
  });
  return { items, nextCursor: null, total: items.length, totalIsExact: true };
}
