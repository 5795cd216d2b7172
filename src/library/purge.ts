/** Purging: what is in the trash goes for good, with all its versions. The audit log keeps that it was there. */
import { sql } from "kysely";
import type { PurgedPrompt } from "../contract/shapes.ts";
import type { Database, Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { recordChange, transact } from "../database/transaction.ts";
import type { Actor } from "./actor.ts";
import { recordPromptDeed } from "./change.ts";
import { lockTrashed, type ProjectRef } from "./find.ts";
import { presentTrashed } from "./list.ts";
import { refuseProtectedPrompt } from "./protected-labels.ts";
import { forgetWords } from "./search-index.ts";

/** Versions may have a mebibyte each. */
const VERSIONS_AT_ONCE = 10;

/** Errors: `prompt_not_found` when it is not in the trash, `label_protected`. */
export async function purgePrompt(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  id: Id,
): Promise<PurgedPrompt> {
  return transact(database, async (transaction) => {
    const prompt = await lockTrashed(transaction, project, id);
    await refuseProtectedPrompt(transaction, id, actor);
    await forgetWordsOfAll(transaction, project, id);
    const described = [prompt.name, ...prompt.tags, prompt.description].join("\n");
    await forgetWords(transaction, project.id, { text: described, messages: null });
    await sql`select purge_prompt(${id}::bigint)`.execute(transaction);
    recordChange(transaction, "prompt", id, String(BigInt(prompt.revision) + 1n));
    const { name: subject, newest: versions } = prompt;
    recordPromptDeed(transaction, project, actor, { action: "prompt.purge", subject, details: { id, versions } });
    // Nothing deletes backups yet, so nothing is known of an end.
    return { ...presentTrashed(project, prompt), heldByBackupsUntil: null };
  });
}

async function forgetWordsOfAll(transaction: Queries, project: ProjectRef, id: Id): Promise<void> {
  for (let last = 0; ; ) {
    const versions = await transaction
      .selectFrom("versions")
      .select(["version", "text", "messages"])
      .where("prompt_id", "=", id)
      .where("version", ">", last)
      .where("redacted_at", "is", null)
      .orderBy("version")
      .limit(VERSIONS_AT_ONCE)
      .execute();
    for (const said of versions) await forgetWords(transaction, project.id, said);
    const end = versions.at(-1);
    if (!end) return;
    last = end.version;
  }
}
