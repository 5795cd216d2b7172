/** What the change feed tells of prompts, in the words of those who use them: names, not rows. */
import { sql } from "kysely";
import type { PromptChange } from "../contract/changes.ts";
import type { Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";

export interface ChangedPrompt extends Omit<PromptChange, "project"> {
  id: Id;
  projectId: Id;
}

/** The prompts as they are now, with every name that they ever had: somebody may know them by it. What was purged is as in the trash. */
export async function readChangedPrompts(db: Queries, ids: readonly Id[]): Promise<ChangedPrompt[]> {
  const rows = await db
    .selectFrom("prompts")
    .select([
      "id",
      "project_id as projectId",
      "name",
      "revision",
      sql<boolean>`trashed_at is not null`.as("trashed"),
      sql<
        string[]
      >`array(select distinct a.name from aliases a where a.prompt_id = prompts.id and a.name <> prompts.name)`.as(
        "formerNames",
      ),
    ])
    .where(sql<boolean>`id = any(${ids}::bigint[])`)
    .execute();
  return [...rows, ...(await readPurged(db, ids)).map((purged) => ({ ...purged, trashed: true }))];
}

/** Of these prompts those that were purged, as long as their changes are kept. */
export async function readPurged(db: Queries, ids: readonly Id[]) {
  return db
    .selectFrom("purged_prompts")
    .select([
      "prompt_id as id",
      "project_id as projectId",
      "name",
      "former_names as formerNames",
      "revision",
      "created_at as createdAt",
    ])
    .where(sql<boolean>`prompt_id = any(${ids}::bigint[])`)
    .execute();
}
