/** The trash: a trashed prompt keeps everything but its name, which others may take. */
import { sql } from "kysely";
import { PromptlibError } from "../contract/errors.ts";
import type { PromptSummary, TrashedPrompt } from "../contract/shapes.ts";
import { type Database, type Queries, violatedConstraint } from "../database/database.ts";
import { transact } from "../database/transaction.ts";
import type { Actor } from "./actor.ts";
import { claimName } from "./aliases.ts";
import { changePrompt, recordPromptDeed } from "./change.ts";
import { lockPromptNamed, lockTrashed, type ProjectRef } from "./find.ts";
import { promptIncluded, whoIncludes } from "./includers.ts";
import { presentTrashed, summaryOf } from "./list.ts";
import { refuseProtectedPrompt } from "./protected-labels.ts";

/** Errors: `prompt_not_found`, `prompt_included` with the names of those that include it, `label_protected`. */
export async function trashPrompt(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  name: string,
): Promise<TrashedPrompt> {
  return transact(database, async (transaction) => {
    await lockPromptNamed(transaction, project, name);
    const includers = (await whoIncludes(transaction, project, new Set([name]))).get(name);
    if (includers) throw promptIncluded(name, includers);
    return trashIn(transaction, project, actor, name);
  });
}

/** Whoever includes it. Errors: `prompt_not_found`. */
export async function trashIn(
  transaction: Queries,
  project: ProjectRef,
  actor: Actor,
  name: string,
): Promise<TrashedPrompt> {
  const prompt = await lockPromptNamed(transaction, project, name);
  await refuseProtectedPrompt(transaction, prompt.id, actor);
  await changePrompt(transaction, prompt.id, { trashed_at: sql`now()`, trashed_by: actor.name });
  recordPromptDeed(transaction, project, actor, {
    action: "prompt.trash",
    subject: name,
    details: { id: prompt.id },
  });
  const row = await transaction.selectFrom("prompts").selectAll().where("id", "=", prompt.id).executeTakeFirstOrThrow();
  return presentTrashed(project, row);
}

/**
 * Brings a prompt back under its name.
 * Errors: `prompt_not_found`, `already_exists` when the name was taken since, `label_protected`.
 */
export async function restorePrompt(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  id: string,
): Promise<PromptSummary> {
  try {
    return await transact(database, async (transaction) => {
      const row = await lockTrashed(transaction, project, id);
      await refuseProtectedPrompt(transaction, row.id, actor);
      await changePrompt(transaction, row.id, { trashed_at: null, trashed_by: null });
      await claimName(transaction, project, row.name, row.id);
      recordPromptDeed(transaction, project, actor, {
        action: "prompt.restore",
        subject: row.name,
        details: { id },
      });
      return summaryOf(transaction, project, row.name);
    });
  } catch (error) {
    if (violatedConstraint(error) !== "prompts_by_name") throw error;
    throw new PromptlibError("already_exists", {
      message: "Another prompt has taken this name since.",
      hint: "Move that one to the trash first, then restore this one again.",
    });
  }
}
