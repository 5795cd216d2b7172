/** Renaming, which is also how a prompt moves to another folder; and making a second prompt out of one. */
import { PromptlibError } from "../contract/errors.ts";
import type { DuplicatePrompt, PromptSummary, SavedPrompt } from "../contract/shapes.ts";
import { type Database, type Queries, violatedConstraint } from "../database/database.ts";
import { transact } from "../database/transaction.ts";
import type { Actor } from "./actor.ts";
import { claimName } from "./aliases.ts";
import { changePrompt, recordPromptDeed } from "./change.ts";
import { findPrompt, findVersion, lockPromptNamed, type ProjectRef, promptNotFound, selectVersion } from "./find.ts";
import { summaryOf } from "./list.ts";
import type { PreparedSave } from "./prepare-save.ts";
import { refuseProtectedPrompt } from "./protected-labels.ts";
import { lockPrompts, readSaved, savePrompt } from "./save.ts";

/**
 * Gives a prompt another name; the old one goes on answering as an alias.
 * Errors: `prompt_not_found`, `already_exists` also when the name is an alias of another prompt, `label_protected`.
 */
export async function renamePrompt(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  name: string,
  to: string,
): Promise<PromptSummary> {
  try {
    return await transact(database, async (transaction) => {
      const prompt = await lockPromptNamed(transaction, project, name);
      if (to === name) return summaryOf(transaction, project, name);
      await refuseProtectedPrompt(transaction, prompt.id, actor);
      await changePrompt(transaction, prompt.id, { name: to });
      // Once the name is ours: who had it a moment ago may have left it as an alias.
      await claimName(transaction, project, to, prompt.id);
      await transaction
        .insertInto("aliases")
        .values({ project_id: project.id, name, prompt_id: prompt.id, made_by: actor.name })
        .execute();
      recordPromptDeed(transaction, project, actor, { action: "prompt.rename", subject: to, details: { from: name } });
      return summaryOf(transaction, project, to);
    });
  } catch (error) {
    if (violatedConstraint(error) !== "prompts_by_name") throw error;
    throw nameTaken(to);
  }
}

export function nameTaken(name: string): PromptlibError {
  return new PromptlibError("already_exists", {
    message: `There is a prompt named “${name}” already.`,
    hint: "Choose another name, or move that prompt to the trash first.",
  });
}

/**
 * A new prompt whose first version is one of another prompt, with its description and tags, without its labels.
 * Errors: `prompt_not_found`, `version_not_found`, `label_not_found`, `already_exists`.
 */
export async function duplicatePrompt(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  name: string,
  request: DuplicatePrompt,
): Promise<SavedPrompt> {
  const { to, ...selector } = request;
  return transact(database, async (transaction) => {
    const save = await copyOf(transaction, project, name, selector, to);
    if ((await lockPrompts(transaction, project, [to])).size > 0) throw nameTaken(to);
    const { version, created, nameOf } = await savePrompt(transaction, project, actor, save);
    // Someone made it in the last moment: then this would be another version of that one.
    if (version !== 1 || !created) throw nameTaken(to);
    const made = await readSaved(transaction, project, to, version);
    return { ...made, created, ...(nameOf === null ? {} : { nameOf }) };
  });
}

async function copyOf(
  transaction: Queries,
  project: ProjectRef,
  name: string,
  selector: Omit<DuplicatePrompt, "to">,
  to: string,
): Promise<PreparedSave> {
  const found = await findPrompt(transaction, project, name);
  if (!found) throw promptNotFound(name);
  const { prompt, labels } = found;
  const row = await findVersion(transaction, prompt.id, selectVersion(prompt, labels, selector));
  return {
    name: to,
    type: prompt.type,
    content: {
      ...(row.text === null ? {} : { text: row.text }),
      ...(row.messages ? { messages: row.messages } : {}),
      variables: row.variables,
      config: row.config as PreparedSave["content"]["config"],
      template: row.template,
    },
    hash: row.content_hash,
    tags: prompt.tags,
    description: prompt.description,
    labels: [],
    message: `Copy of ${prompt.name}, version ${row.version}`,
    baseVersion: undefined,
  };
}
