/** Puts a prompt of an export into the library as it was: nothing is said to be new, and nothing there is changed. */
import { sql } from "kysely";
import { PromptlibError } from "../../contract/errors.ts";
import type { ExportedPrompt, ExportedVersion } from "../../contract/export.ts";
import type { Queries } from "../../database/database.ts";
import { recordChange } from "../../database/transaction.ts";
import { nameFault } from "../../prompt/names.ts";
import type { Actor } from "../actor.ts";
import { recordPromptDeed } from "../change.ts";
import type { ProjectRef } from "../find.ts";
import { type PreparedSave, prepareSave } from "../save.ts";
import { hashText } from "../stored.ts";

export interface Whole {
  /** Where the prompt is in its file. */
  line: number;
  prompt: ExportedPrompt;
  versions: ExportedVersion[];
}

export type PutBack = { result: "created" | "unchanged" } | { reason: string };

export async function putBack(
  transaction: Queries,
  project: ProjectRef,
  actor: Actor,
  { prompt, versions }: Whole,
): Promise<PutBack> {
  const prepared = checkVersions(prompt.name, prompt.type, versions);
  if ("reason" in prepared) return prepared;
  const fault = checkPlaces(prompt);
  if (fault) return { reason: fault };
  const here = await findHere(transaction, project, prompt);
  if (here) return here;
  const inserted = await transaction
    .insertInto("prompts")
    .values({
      project_id: project.id,
      name: prompt.name,
      type: prompt.type,
      description: prompt.description,
      tags: prompt.tags,
      newest: prompt.versions,
      source: prompt.source,
      created_at: prompt.createdAt,
      updated_at: prompt.updatedAt,
      trashed_at: sql<Date>`${prompt.trashedAt}::timestamptz`,
      trashed_by: prompt.trashedBy,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .executeTakeFirst();
  if (!inserted) return { reason: taken(prompt.name) };
  for (const [at, version] of versions.entries()) {
    await insertVersion(transaction, inserted.id, version, prepared.saves[at]);
  }
  await insertLabels(transaction, inserted.id, prompt);
  recordChange(transaction, "prompt", inserted.id, "1");
  const details = { versions: prompt.versions, trashed: prompt.trashedAt !== null };
  recordPromptDeed(transaction, project, actor, { action: "prompt.put-back", subject: prompt.name, details });
  return { result: "created" };
}

function taken(name: string): string {
  return `there is a prompt named "${name}" already; put an export into a project that has none of its names`;
}

/** Whether it is here already, exactly as it was: then the same export was imported before. */
async function findHere(transaction: Queries, project: ProjectRef, prompt: ExportedPrompt): Promise<PutBack | null> {
  const same = sql<boolean>`(created_at = ${prompt.createdAt}::timestamptz
    and updated_at = ${prompt.updatedAt}::timestamptz(3) and newest = ${prompt.versions})`;
  const found = await transaction
    .selectFrom("prompts")
    .select(same.as("same"))
    .where("project_id", "=", project.id)
    .where(sql<boolean>`name collate "C" = ${prompt.name}`)
    .where(sql<boolean>`trashed_at is not distinct from ${prompt.trashedAt}::timestamptz`)
    .execute();
  if (found.some((each) => each.same)) return { result: "unchanged" };
  return prompt.trashedAt === null && found.length > 0 ? { reason: taken(prompt.name) } : null;
}

function checkVersions(
  name: string,
  type: "text" | "chat",
  versions: readonly ExportedVersion[],
): { saves: PreparedSave[] } | { reason: string } {
  const fault = nameFault(name) ?? (name === name.normalize("NFC") ? null : "is not in NFC");
  if (fault) return { reason: `the name ${fault}` };
  const saves: PreparedSave[] = [];
  for (const [at, version] of versions.entries()) {
    const number = at + 1;
    if (version.version !== number) return { reason: `version ${number} is missing` };
    if ((version.messages === undefined) === (version.text === undefined) || (type === "chat") !== !!version.messages) {
      return { reason: `version ${number} does not have what a ${type} prompt has` };
    }
    try {
      const save = prepareSave({ ...contentOf(version), name });
      if (hashText(save.hash) !== version.contentHash) {
        return { reason: `version ${number} is not what it was when it was saved: its hash differs` };
      }
      saves.push(save);
    } catch (error) {
      if (!(error instanceof PromptlibError)) throw error;
      return { reason: `version ${number}: ${error.message}` };
    }
  }
  return { saves };
}

function contentOf({ text, messages, variables, config, template }: ExportedVersion) {
  const body = messages ? { messages } : { text: text ?? "" };
  return { ...body, variables, config, template };
}

function checkPlaces(prompt: ExportedPrompt): string | null {
  if ((prompt.trashedAt === null) !== (prompt.trashedBy === null)) return "it is half in the trash";
  const labels = prompt.labels.map(({ label }) => label);
  if (labels.includes("latest") || new Set(labels).size !== labels.length)
    return "a label is there twice, or is latest";
  const places = [
    ...prompt.labels.map(({ version }) => version),
    ...prompt.moves.flatMap(({ from, to }) => [from, to]),
  ];
  const beyond = places.find((place) => place !== null && place > prompt.versions);
  return beyond === undefined ? null : `a label is on version ${beyond}, which it does not have`;
}

async function insertVersion(transaction: Queries, promptId: string, version: ExportedVersion, save?: PreparedSave) {
  if (!save) throw new Error(`version ${version.version} was not checked`);
  const { content, hash } = save;
  await transaction
    .insertInto("versions")
    .values({
      prompt_id: promptId,
      version: version.version,
      text: content.text ?? null,
      messages: content.messages ? JSON.stringify(content.messages) : null,
      variables: JSON.stringify(content.variables),
      config: JSON.stringify(content.config),
      template: content.template,
      content_hash: hash,
      message: version.message,
      author: version.author,
      created_at: version.createdAt,
    })
    .execute();
}

async function insertLabels(transaction: Queries, promptId: string, prompt: ExportedPrompt) {
  for (const { label, version, movedAt, movedBy } of prompt.labels) {
    await transaction
      .insertInto("labels")
      .values({ prompt_id: promptId, label, version, moved_at: movedAt, moved_by: movedBy })
      .execute();
  }
  // One after the other: their order is that of their ids.
  for (const { label, from, to, movedAt, movedBy } of prompt.moves) {
    await transaction
      .insertInto("label_moves")
      .values({ prompt_id: promptId, label, from_version: from, to_version: to, moved_at: movedAt, moved_by: movedBy })
      .execute();
  }
}
