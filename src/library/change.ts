/** What every change of a prompt has in common: the next revision, the feed, the audit log. */
import { sql, type UpdateObject } from "kysely";
import type { Queries } from "../database/database.ts";
import type { Id, Tables } from "../database/tables.ts";
import { type Actor, type Deed, recordDeed } from "./actor.ts";
import type { ProjectRef } from "./find.ts";
import { recordPromptChange } from "./search-index.ts";

/** Changes the row of a locked prompt and says so in the feed; answers the new revision. */
export async function changePrompt(
  transaction: Queries,
  promptId: Id,
  values: UpdateObject<Tables, "prompts"> = {},
): Promise<string> {
  const { revision } = await transaction
    .updateTable("prompts")
    .set({ ...values, revision: sql`revision + 1`, updated_at: sql`now()` })
    .where("id", "=", promptId)
    .returning("revision")
    .executeTakeFirstOrThrow();
  recordPromptChange(transaction, promptId, revision);
  return revision;
}

/** The same for many locked prompts in one statement, where nothing of their rows changes. */
export async function changePrompts(transaction: Queries, promptIds: readonly Id[]): Promise<void> {
  const rows = await transaction
    .updateTable("prompts")
    .set({ revision: sql`revision + 1`, updated_at: sql`now()` })
    .where(sql<boolean>`id = any(${promptIds}::bigint[])`)
    .returning(["id", "revision"])
    .execute();
  for (const { id, revision } of rows) recordPromptChange(transaction, id, revision);
}

export function recordPromptDeed(
  transaction: Queries,
  project: ProjectRef,
  actor: Actor,
  deed: Omit<Deed, "project">,
): void {
  recordDeed(transaction, actor, { project: project.name, ...deed });
}
