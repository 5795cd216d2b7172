/** Puts the former names of a prompt back: those that went on answering do so again, unless they lead elsewhere here. */
import { sql } from "kysely";
import type { ExportedPrompt } from "../../contract/export.ts";
import type { Queries } from "../../database/database.ts";
import type { Id } from "../../database/tables.ts";
import { claimName, findAlias } from "../aliases.ts";
import { findPrompt, type ProjectRef } from "../find.ts";

/** Answers notes, of each that cannot answer here: it is kept as a name that the prompt had, ended now. */
export async function putBackAliases(
  transaction: Queries,
  project: ProjectRef,
  promptId: Id,
  prompt: ExportedPrompt,
): Promise<string[]> {
  const notes: string[] = [];
  for (const { name, madeAt, madeBy, endedAt } of prompt.aliases) {
    const holder = endedAt === null ? await whoHas(transaction, project, prompt, name) : null;
    if (holder !== null) notes.push(`its former name “${name}” does not answer for it here: ${holder}`);
    else if (endedAt === null && prompt.trashedAt === null) await claimName(transaction, project, name, promptId);
    await transaction
      .insertInto("aliases")
      .values({
        project_id: project.id,
        name,
        prompt_id: promptId,
        made_at: madeAt,
        made_by: madeBy,
        ended_at: holder === null ? sql<Date>`${endedAt}::timestamptz` : sql<Date>`now()`,
      })
      .execute();
  }
  return notes;
}

/** Who keeps the name from it, as half a sentence, or null. */
async function whoHas(
  transaction: Queries,
  project: ProjectRef,
  { trashedAt }: ExportedPrompt,
  name: string,
): Promise<string | null> {
  const alias = await findAlias(transaction, project, name);
  // A prompt in the trash blocks no name, unless the other one is in the trash as well.
  if (alias && (!alias.trashed || trashedAt !== null)) return `it is a former name of “${alias.promptName}”`;
  const found = alias ? null : await findPrompt(transaction, project, name);
  return found ? "there is a prompt of that name" : null;
}
