/** Undo of a move: a move of its own that takes the last one back. Again and again it goes back move by move. */
import { sql } from "kysely";
import { PromptlibError } from "../contract/errors.ts";
import type { UndoneMove } from "../contract/label-shapes.ts";
import type { Database, Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { transact } from "../database/transaction.ts";
import type { Actor } from "./actor.ts";
import { changePrompt, recordPromptDeed } from "./change.ts";
import { lockPrompt, type ProjectRef, refuseRedacted } from "./find.ts";
import { neverThere, presentMove } from "./label-history.ts";
import { recordMove, refuseLatest } from "./labels.ts";
import { refuseProtectedLabel } from "./protected-labels.ts";

/**
 * Takes back the last move that was not taken back yet, whoever made it. `expected`: the version on which the caller
 * believes the label to be, null: on none.
 * Errors: `prompt_not_found`, `label_not_found` when it never was on this prompt, `label_moved` when it is not where it
 * was expected, with who moved it; `nothing_to_undo`, `label_protected`, `version_redacted`.
 */
export async function undoLabel(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  name: string,
  label: string,
  expected: number | null | undefined,
): Promise<UndoneMove> {
  refuseLatest(label);
  return transact(database, async (transaction) => {
    const prompt = await lockPrompt(transaction, project, name);
    await refuseMoved(transaction, prompt, label, expected);
    await refuseProtectedLabel(transaction, project.id, label, actor);
    const last = await lastNotUndone(transaction, prompt.id, label);
    if (!last) {
      throw new PromptlibError("nothing_to_undo", { message: `Every move of “${label}” was taken back already.` });
    }
    if (last.from_version !== null) await refuseRedacted(transaction, prompt.id, last.from_version);
    const back = { label, from_version: last.to_version, to_version: last.from_version, undoes: last.id };
    const move = await recordMove(transaction, prompt.id, back, actor);
    await changePrompt(transaction, prompt.id);
    recordPromptDeed(transaction, project, actor, {
      action: "label.undo",
      subject: prompt.name,
      details: { label, version: last.from_version, undone: last.id },
    });
    return { label, version: last.from_version, move: presentMove(move), undone: presentMove(last) };
  });
}

async function refuseMoved(
  transaction: Queries,
  prompt: { id: Id; name: string },
  label: string,
  expected: number | null | undefined,
): Promise<void> {
  const last = await movesOf(transaction, prompt.id, label).executeTakeFirst();
  if (!last) throw await neverThere(transaction, prompt, label);
  if (expected === undefined || expected === last.to_version) return;
  const { to_version: version, moved_by, moved_at } = last;
  const where = version === null ? "on no version" : `on version ${version}`;
  throw new PromptlibError("label_moved", {
    message: `“${label}” of “${prompt.name}” is ${where}, not on ${expected ?? "no version"}: ${moved_by} moved it at ${moved_at.toISOString()}.`,
    details: { move: presentMove(last) },
  });
}

function movesOf(transaction: Queries, promptId: Id, label: string) {
  return transaction
    .selectFrom("label_moves")
    .selectAll()
    .where("prompt_id", "=", promptId)
    .where("label", "=", label)
    .orderBy("id", "desc")
    .limit(1);
}

function lastNotUndone(transaction: Queries, promptId: Id, label: string) {
  return movesOf(transaction, promptId, label)
    .where("undoes", "is", null)
    .where(sql<boolean>`not exists (select from label_moves as later where later.undoes = label_moves.id)`)
    .executeTakeFirst();
}
