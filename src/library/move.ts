/**
 * Moving a prompt to another project: it is made anew there, with everything that it had but its former names, and what
 * it was goes into the trash here. To another folder it moves by a rename.
 */
import { sql } from "kysely";
import { PromptlibError } from "../contract/errors.ts";
import type { PromptSummary } from "../contract/shapes.ts";
import { type Database, type Queries, violatedConstraint } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { transact } from "../database/transaction.ts";
import type { Actor } from "./actor.ts";
import { claimName } from "./aliases.ts";
import { recordPromptDeed } from "./change.ts";
import type { ProjectRef } from "./find.ts";
import { promptIncluded, whoIncludes } from "./includers.ts";
import { summaryOf } from "./list.ts";
import { refuseProtectedPrompt } from "./protected-labels.ts";
import { nameTaken } from "./rename.ts";
import { recordPromptChange } from "./search-index.ts";
import { trashIn } from "./trash.ts";

export interface Destination {
  project: ProjectRef;
  name: string;
  /** The same person, with the rights that count there. */
  actor: Actor;
}

/**
 * Errors: `prompt_not_found`, `prompt_included`, `already_exists` where the name is taken there, `label_protected` where
 * it has a label that is protected here or there, `invalid_request` where it is in that project already.
 */
export async function movePrompt(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  name: string,
  to: Destination,
): Promise<PromptSummary> {
  if (to.project.id === project.id) throw hereAlready(project);
  try {
    return await transact(database, async (transaction) => {
      const { id } = await trashIn(transaction, project, actor, name);
      const includers = (await whoIncludes(transaction, project, new Set([name]))).get(name);
      if (includers) throw promptIncluded(name, includers);
      const copy = await copyPrompt(transaction, id, to);
      await claimName(transaction, to.project, to.name, copy);
      await refuseProtectedPrompt(transaction, copy, to.actor);
      recordPromptChange(transaction, copy, "1");
      const [here, there] = [project.name, to.project.name].map((each) => ({ project: each }));
      const move = { action: "prompt.move" };
      recordPromptDeed(transaction, project, actor, {
        ...move,
        subject: name,
        details: { to: { ...there, name: to.name } },
      });
      recordPromptDeed(transaction, to.project, actor, {
        ...move,
        subject: to.name,
        details: { from: { ...here, name } },
      });
      return summaryOf(transaction, to.project, to.name);
    });
  } catch (error) {
    if (violatedConstraint(error) !== "prompts_by_name") throw error;
    throw nameTaken(to.name);
  }
}

/** Inside the database, so that nothing is lost on the way, not even microseconds. Answers the new id. */
async function copyPrompt(transaction: Queries, id: Id, { project, name }: Destination): Promise<Id> {
  // `source` stays behind: an import into the other project must not prune what never came from its files.
  const { rows } = await sql<{ id: Id }>`
    insert into prompts (project_id, name, type, description, tags, newest, created_at)
    select ${project.id}, ${name}, type, description, tags, newest, created_at from prompts where id = ${id}
    returning id`.execute(transaction);
  const copy = rows[0]?.id;
  if (copy === undefined) throw new Error(`prompt ${id} vanished while it was locked`);
  await sql`
    insert into versions (prompt_id, version, text, messages, variables, config, template, content_hash, message, author,
      created_at, redacted_at, redacted_by)
    select ${copy}, version, text, messages, variables, config, template, content_hash, message, author,
      created_at, redacted_at, redacted_by
    from versions where prompt_id = ${id}`.execute(transaction);
  await sql`
    insert into labels (prompt_id, label, version, moved_at, moved_by)
    select ${copy}, label, version, moved_at, moved_by from labels where prompt_id = ${id}`.execute(transaction);
  await copyMoves(transaction, id, copy);
  return copy;
}

/** One after the other: their order is that of their ids, by which the later ones name those that they took back. */
async function copyMoves(transaction: Queries, id: Id, copy: Id): Promise<void> {
  const moves = await transaction
    .selectFrom("label_moves")
    .select(["id", "undoes"])
    .where("prompt_id", "=", id)
    .orderBy("id")
    .execute();
  const copies = new Map<Id, Id>();
  for (const { id: move, undoes } of moves) {
    const { rows } = await sql<{ id: Id }>`
      insert into label_moves (prompt_id, label, from_version, to_version, moved_at, moved_by, undoes, promoted_from)
      select ${copy}, label, from_version, to_version, moved_at, moved_by,
        ${undoes === null ? null : (copies.get(undoes) ?? null)}::bigint, promoted_from
      from label_moves where id = ${move}
      returning id`.execute(transaction);
    copies.set(move, rows[0]?.id ?? "");
  }
}

function hereAlready({ name }: ProjectRef): PromptlibError {
  return new PromptlibError("invalid_request", {
    message: `It is in the project ${name} already.`,
    hint: "Within a project, another folder or name is a rename: promptlib rename NAME FOLDER/NAME",
    details: { faults: [{ field: "body.project", fault: "is the project that the prompt is in" }] },
  });
}
