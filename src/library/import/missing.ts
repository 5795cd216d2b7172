/** What an earlier import brought, and what of it cannot go, should its files no longer have it. */
import type { Queries } from "../../database/database.ts";
import type { Actor } from "../actor.ts";
import type { ProjectRef } from "../find.ts";
import { includersSentence, whoIncludes } from "../includers.ts";
import { protectedPrompts } from "../protected-labels.ts";

export async function namesBrought(db: Queries, project: ProjectRef, source: string): Promise<string[]> {
  const rows = await db
    .selectFrom("prompts")
    .select("name")
    .where("project_id", "=", project.id)
    .where("source", "=", source)
    .where("trashed_at", "is", null)
    .orderBy("name")
    .execute();
  return rows.map(({ name }) => name);
}

/** Which of these are kept because of their own protected labels, or because prompts that stay include them, and why. */
export async function whyKept(
  db: Queries,
  project: ProjectRef,
  actor: Actor,
  names: readonly string[],
): Promise<Map<string, string>> {
  if (names.length === 0) return new Map();
  const bound = await protectedPrompts(db, project, actor);
  const needed = new Map(names.filter((name) => bound.has(name)).map((name) => [name, `kept: ${bound.get(name)}`]));
  const leaving = new Set(names.filter((name) => !bound.has(name)));
  // What is kept may itself include what was to leave, so the others are looked at again.
  for (let found = 1; found > 0; ) {
    const included = await whoIncludes(db, project, leaving);
    for (const [name, includers] of included) {
      needed.set(name, `kept, because ${includersSentence(includers)}`);
      leaving.delete(name);
    }
    found = included.size;
  }
  return needed;
}
