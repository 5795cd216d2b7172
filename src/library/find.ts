/** Finding a prompt, and one version of it. */
import { sql } from "kysely";
import { PromptlibError } from "../contract/errors.ts";
import type { Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import type { LabelMap, PromptRow, VersionRow } from "./stored.ts";

export interface ProjectRef {
  readonly id: Id;
  readonly name: string;
}

/** Which version is wanted: by number, by label, or (neither) the newest. */
export interface Selector {
  version?: number | undefined;
  label?: string | undefined;
}

export function promptNotFound(name: string): PromptlibError {
  return new PromptlibError("prompt_not_found", { message: `There is no prompt named “${name}”.` });
}

/** The version number that the selector means; throws `version_not_found` or `label_not_found`. */
export function selectVersion(prompt: { name: string; newest: number }, labels: LabelMap, selector: Selector): number {
  if (selector.version !== undefined) {
    if (selector.version >= 1 && selector.version <= prompt.newest) return selector.version;
    throw new PromptlibError("version_not_found", {
      message: `“${prompt.name}” has no version ${selector.version}; the newest is ${prompt.newest}.`,
      details: { newest: prompt.newest },
    });
  }
  if (selector.label === undefined || selector.label === "latest") return prompt.newest;
  // A label may be called `constructor`, which every object seems to have.
  const version = Object.hasOwn(labels, selector.label) ? labels[selector.label] : undefined;
  if (version !== undefined) return version;
  const there = [...Object.keys(labels), "latest"].sort();
  throw new PromptlibError("label_not_found", {
    message: `“${prompt.name}” has no label “${selector.label}”; it has: ${there.join(", ")}.`,
    details: { labels: there },
  });
}

export interface FoundPrompt {
  prompt: PromptRow & { created_at: Date; updated_at: Date };
  labels: LabelMap;
}

export const labelsOfPrompt = sql<Record<string, number>>`(
  select coalesce(json_object_agg(label, version order by label), '{}') from labels where prompt_id = prompts.id)`;

/** A living prompt with its labels as of one moment, by its name or by one that it had before, or null. */
export async function findPrompt(db: Queries, project: ProjectRef, name: string): Promise<FoundPrompt | null> {
  const living = () =>
    db.selectFrom("prompts").selectAll().select(labelsOfPrompt.as("labels")).where("trashed_at", "is", null);
  const byName = () => living().where("project_id", "=", project.id).where(nameIs(name)).executeTakeFirst();
  const byAlias = () => living().where(aliasIs(project, name)).executeTakeFirst();
  // Between the two, a former name may have become a name again.
  const row = (await byName()) ?? (await byAlias()) ?? (await byName());
  if (!row) return null;
  const { labels, ...prompt } = row;
  return { prompt, labels };
}

function nameIs(name: string) {
  return sql<boolean>`name collate "C" = ${name}`;
}

/** That the prompt was called so before, and still answers under it. */
function aliasIs(project: ProjectRef, name: string) {
  return sql<boolean>`prompts.id = (select prompt_id from aliases
    where project_id = ${project.id} and name collate "C" = ${name} and ended_at is null)`;
}

export async function readLabels(db: Queries, promptId: Id): Promise<LabelMap> {
  const rows = await db.selectFrom("labels").select(["label", "version"]).where("prompt_id", "=", promptId).execute();
  return Object.fromEntries(rows.map(({ label, version }) => [label, version]));
}

/** A version that is there. Errors: `version_redacted`. */
export async function findVersion(db: Queries, promptId: Id, version: number): Promise<VersionRow> {
  const row = await db
    .selectFrom("versions")
    .selectAll()
    .where("prompt_id", "=", promptId)
    .where("version", "=", version)
    .executeTakeFirstOrThrow();
  if (row.redacted_at !== null) throw versionRedacted(version, row.redacted_at);
  return row;
}

/** For a version that is about to be labelled. Errors: `version_redacted`. */
export async function refuseRedacted(db: Queries, promptId: Id, version: number): Promise<void> {
  const { redacted_at } = await db
    .selectFrom("versions")
    .select("redacted_at")
    .where("prompt_id", "=", promptId)
    .where("version", "=", version)
    .executeTakeFirstOrThrow();
  if (redacted_at !== null) throw versionRedacted(version, redacted_at);
}

export function versionRedacted(version: number, at: Date): PromptlibError {
  return new PromptlibError("version_redacted", {
    message: `Version ${version} was redacted at ${at.toISOString()}: what it said is gone.`,
  });
}

/**
 * Locks a living prompt for a change of this transaction, by its name or by one that it had before; throws
 * `prompt_not_found`. Whoever changes a prompt, its labels or versions holds this lock, so revisions count every change.
 */
export async function lockPrompt(transaction: Queries, project: ProjectRef, name: string): Promise<PromptRow> {
  const byAlias = () => livingForUpdate(transaction).where(aliasIs(project, name)).executeTakeFirst();
  const row =
    (await lockNamed(transaction, project, name)) ?? (await byAlias()) ?? (await lockNamed(transaction, project, name));
  if (!row) throw promptNotFound(name);
  return row;
}

/** The same by its present name alone, for what must not happen to another prompt than the one that is meant. */
export async function lockPromptNamed(transaction: Queries, project: ProjectRef, name: string): Promise<PromptRow> {
  const row = await lockNamed(transaction, project, name);
  if (row) return row;
  const found = await findPrompt(transaction, project, name);
  if (!found) throw promptNotFound(name);
  throw new PromptlibError("prompt_not_found", {
    message: `“${name}” is a former name of “${found.prompt.name}”; this takes the present one.`,
  });
}

/** Locks a prompt in the trash. Errors: `prompt_not_found`. */
export async function lockTrashed(transaction: Queries, project: ProjectRef, id: Id) {
  const row = await transaction
    .selectFrom("prompts")
    .selectAll()
    .where("id", "=", id)
    .where("project_id", "=", project.id)
    .where("trashed_at", "is not", null)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw new PromptlibError("prompt_not_found", { message: "There is no such prompt in the trash." });
  return row;
}

function lockNamed(transaction: Queries, project: ProjectRef, name: string) {
  return livingForUpdate(transaction).where("project_id", "=", project.id).where(nameIs(name)).executeTakeFirst();
}

function livingForUpdate(transaction: Queries) {
  return transaction.selectFrom("prompts").selectAll().where("trashed_at", "is", null).forUpdate();
}
