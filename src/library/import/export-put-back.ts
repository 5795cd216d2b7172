/** Puts what an export has into the library as it was: nothing is said to be new, and nothing there is changed. */
import { sql } from "kysely";
import { PromptlibError } from "../../contract/errors.ts";
import type { ExportedPrompt, ExportedProtection, ExportedVersion } from "../../contract/export.ts";
import type { Queries } from "../../database/database.ts";
import type { Actor } from "../actor.ts";
import { claimName } from "../aliases.ts";
import { recordPromptDeed } from "../change.ts";
import type { ProjectRef } from "../find.ts";
import { addProtectedLabels, refuseProtectedLabel } from "../protected-labels.ts";
import { recordPromptChange } from "../search-index.ts";
import { putBackAliases } from "./export-aliases.ts";
import { type Checked, checkPlaces, checkVersions } from "./export-checks.ts";

export interface Whole {
  /** Where the prompt is in its file. */
  line: number;
  prompt: ExportedPrompt;
  versions: ExportedVersion[];
}

/** The labels that were protected where the export was made. */
export interface Protection extends ExportedProtection {
  line: number;
}

export type PutBack = { result: "created" | "unchanged"; notes: string[] } | { reason: string };

/** Adds to those that are protected here. */
export async function putBackProtection(
  transaction: Queries,
  project: ProjectRef,
  actor: Actor,
  { protectedLabels }: Protection,
): Promise<PutBack> {
  const labels = protectedLabels.map(({ label }) => label);
  if (labels.includes("latest")) return { reason: "latest is among the protected labels: it moves by itself" };
  const added = await addProtectedLabels(transaction, project, actor, protectedLabels);
  const notes = added.length > 0 ? [`protected in the project from now on: ${added.join(", ")}`] : [];
  return { result: "unchanged", notes };
}

export async function putBack(
  transaction: Queries,
  project: ProjectRef,
  actor: Actor,
  { prompt, versions }: Whole,
): Promise<PutBack> {
  const prepared = checkVersions(prompt, versions);
  if ("reason" in prepared) return prepared;
  const fault = checkPlaces(prompt, versions);
  if (fault) return { reason: fault };
  const here = (await findHere(transaction, project, prompt)) ?? (await refusal(transaction, project, actor, prompt));
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
    await insertVersion(transaction, inserted.id, version, prepared.checked[at]);
  }
  await insertLabels(transaction, inserted.id, prompt);
  await insertMoves(transaction, inserted.id, prompt.moves);
  const notes = await putBackAliases(transaction, project, inserted.id, prompt);
  recordPromptChange(transaction, inserted.id, "1");
  const details = { versions: prompt.versions, trashed: prompt.trashedAt !== null };
  recordPromptDeed(transaction, project, actor, { action: "prompt.put-back", subject: prompt.name, details });
  return { result: "created", notes };
}

function taken(name: string): string {
  return `there is a prompt named "${name}" already; put an export into a project that has none of its names`;
}

/**
 * Whether it is here already, exactly as it was: then the same export was imported before. One that lived and is in the
 * trash here comes back beside it; one that was in the trash comes once, whatever became of it here.
 */
async function findHere(transaction: Queries, project: ProjectRef, prompt: ExportedPrompt): Promise<PutBack | null> {
  const same = sql<boolean>`(created_at = ${prompt.createdAt}::timestamptz
    and updated_at = ${prompt.updatedAt}::timestamptz(3) and newest = ${prompt.versions}
    and trashed_at is not distinct from ${prompt.trashedAt}::timestamptz)`;
  const madeThen = sql<boolean>`created_at = ${prompt.createdAt}::timestamptz`;
  const named = transaction
    .selectFrom("prompts")
    .select([same.as("same"), madeThen.as("madeThen")])
    .where("project_id", "=", project.id)
    .where(sql<boolean>`name collate "C" = ${prompt.name}`);
  // Apart, since only the living are found by their name without looking through all of the project.
  const living = await named.where("trashed_at", "is", null).executeTakeFirst();
  if (living?.same) return { result: "unchanged", notes: [] };
  if (prompt.trashedAt === null) return living ? { reason: taken(prompt.name) } : null;
  const trashed = await named.where("trashed_at", "is not", null).where(madeThen).execute();
  if (trashed.some((each) => each.same)) return { result: "unchanged", notes: [] };
  return living?.madeThen || trashed.length > 0 ? { reason: "it is here already, and was changed since" } : null;
}

/** What the rules of the project say against it: a protected label, a former name that still answers. */
async function refusal(
  transaction: Queries,
  project: ProjectRef,
  actor: Actor,
  prompt: ExportedPrompt,
): Promise<PutBack | null> {
  try {
    for (const { label } of prompt.labels) await refuseProtectedLabel(transaction, project.id, label, actor);
    if (prompt.trashedAt === null) await claimName(transaction, project, prompt.name, null);
    return null;
  } catch (error) {
    if (!(error instanceof PromptlibError) || !["label_protected", "already_exists"].includes(error.code)) throw error;
    return { reason: error.message };
  }
}

async function insertVersion(transaction: Queries, promptId: string, version: ExportedVersion, checked?: Checked) {
  if (!checked) throw new Error(`version ${version.version} was not checked`);
  const { content, hash } = checked;
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
      redacted_at: sql<Date>`${version.redactedAt}::timestamptz`,
      redacted_by: version.redactedBy,
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
}

/** One after the other: their order is that of their ids, by which the later ones name those that they took back. */
async function insertMoves(transaction: Queries, promptId: string, moves: ExportedPrompt["moves"]) {
  const ids: string[] = [];
  for (const { label, from, to, movedAt, movedBy, undoes, promotedFrom } of moves) {
    const { id } = await transaction
      .insertInto("label_moves")
      .values({
        prompt_id: promptId,
        label,
        from_version: from,
        to_version: to,
        moved_at: movedAt,
        moved_by: movedBy,
        undoes: undoes === null ? null : ids[undoes],
        promoted_from: promotedFrom,
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    ids.push(id);
  }
}
