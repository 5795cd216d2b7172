/** Saving: a new prompt, the next version of one, or nothing new. */
import { sql } from "kysely";
import { PromptlibError } from "../contract/errors.ts";
import type { Prompt } from "../contract/shapes.ts";
import type { Queries } from "../database/database.ts";
import type { Actor } from "./actor.ts";
import { takeAlias } from "./aliases.ts";
import { changePrompt, recordPromptDeed } from "./change.ts";
import { findPrompt, findVersion, type ProjectRef, readLabels } from "./find.ts";
import { planMoves, recordMove } from "./labels.ts";
import type { PreparedSave } from "./prepare-save.ts";
import { recordPromptChange } from "./search-index.ts";
import { hashText, type LabelMap, type PromptRow, presentPrompt } from "./stored.ts";

type LockedPrompt = PromptRow & { source: string | null; newestHash: Buffer };
/** By name; a name that is missing was free when the others were locked. */
export type LockedPrompts = ReadonlyMap<string, LockedPrompt>;

export interface SaveResult {
  /** Whether a version was made. */
  created: boolean;
  /** Whether anything was changed, a tag or label say. */
  changed: boolean;
  version: number;
  /** The present name of the prompt that answered under this name until now. */
  nameOf: string | null;
}

/**
 * Locks the prompts of these names and reads what their newest versions are. In the order of the names, so that two
 * who lock many do not wait for each other in a ring.
 */
export async function lockPrompts(
  transaction: Queries,
  project: ProjectRef,
  names: readonly string[],
): Promise<LockedPrompts> {
  const prompts = await transaction
    .selectFrom("prompts")
    .selectAll()
    .where("project_id", "=", project.id)
    .where(sql<boolean>`name collate "C" = any(${names}::text[])`)
    .where("trashed_at", "is", null)
    .orderBy(sql`name collate "C"`)
    .forUpdate()
    .execute();
  if (prompts.length === 0) return new Map();
  // Asked once the locks are held: what was saved while we waited is seen.
  const newest = await transaction
    .selectFrom("versions")
    .innerJoin("prompts", (join) =>
      join.onRef("prompts.id", "=", "versions.prompt_id").onRef("prompts.newest", "=", "versions.version"),
    )
    .select(["prompt_id", "content_hash"])
    .where(sql<boolean>`prompt_id = any(${prompts.map(({ id }) => id)}::bigint[])`)
    .execute();
  const hashes = new Map(newest.map((row) => [row.prompt_id, row.content_hash]));
  return new Map(
    prompts.map((prompt) => [prompt.name, { ...prompt, newestHash: hashes.get(prompt.id) ?? Buffer.alloc(0) }]),
  );
}

/**
 * Saves in the running transaction. The content that the newest version has makes no new one; labels and tags apply
 * all the same. Who saves many locks them together before, and saves each name once.
 * Errors, each before anything is written, so that an import goes on in the same transaction: `type_conflict`,
 * `label_protected`, `version_conflict` with the newest version and what came between.
 */
export async function savePrompt(
  transaction: Queries,
  project: ProjectRef,
  actor: Actor,
  save: PreparedSave,
  source: string | null = null,
  locked: LockedPrompts | null = null,
): Promise<SaveResult> {
  const prompts = locked ?? (await lockPrompts(transaction, project, [save.name]));
  const prompt = prompts.get(save.name);
  const result = prompt
    ? await saveNext(transaction, project, actor, save, prompt, source)
    : await saveFirst(transaction, project, actor, save, source);
  // Someone made it between our look and our insert; now it can be locked.
  if (!result) return savePrompt(transaction, project, actor, save, source);
  if (result.changed) {
    recordPromptDeed(transaction, project, actor, {
      action: result.created ? "prompt.save" : "prompt.change",
      subject: save.name,
      details: { version: result.version, labels: save.labels, contentHash: hashText(save.hash) },
    });
  }
  return result;
}

/** Null when the name was taken meanwhile. */
async function saveFirst(
  transaction: Queries,
  project: ProjectRef,
  actor: Actor,
  save: PreparedSave,
  source: string | null,
): Promise<SaveResult | null> {
  if (save.baseVersion) {
    throw new PromptlibError("version_conflict", {
      message: `There is no prompt named “${save.name}” any more, so version ${save.baseVersion} is not its newest.`,
      details: { newest: null, between: [] },
    });
  }
  if (save.baseVersion === 0) await refuseFormerName(transaction, project, save.name);
  const moves = await planMoves(transaction, project, null, save.labels, 1, actor);
  const nameOf = await takeAlias(transaction, project, actor, save.name);
  const inserted = await transaction
    .insertInto("prompts")
    .values({
      project_id: project.id,
      name: save.name,
      type: save.type,
      description: save.description ?? "",
      tags: save.tags ?? [],
      newest: 1,
      source,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .executeTakeFirst();
  if (!inserted) return null;
  await insertVersion(transaction, inserted.id, 1, save, actor);
  for (const move of moves) await recordMove(transaction, inserted.id, move, actor);
  recordPromptChange(transaction, inserted.id, "1");
  return { created: true, changed: true, version: 1, nameOf };
}

async function saveNext(
  transaction: Queries,
  project: ProjectRef,
  actor: Actor,
  save: PreparedSave,
  prompt: LockedPrompt,
  source: string | null,
): Promise<SaveResult> {
  const created = !prompt.newestHash.equals(save.hash);
  const { baseVersion = prompt.newest } = save;
  // Whoever was not told that it was saved, sends the same again.
  const isAgain = !created && baseVersion === prompt.newest - 1;
  if (baseVersion !== prompt.newest && !isAgain) throw await versionConflict(transaction, project, prompt, baseVersion);
  const isOfThis = save.baseHash === undefined || save.baseHash === hashText(prompt.newestHash);
  if (created && !isOfThis) throw await versionConflict(transaction, project, prompt, baseVersion);
  if (save.type !== prompt.type) throw typeConflict(save.name, prompt.type);
  const version = created ? prompt.newest + 1 : prompt.newest;
  const moves = await planMoves(transaction, project, prompt.id, save.labels, version, actor);
  if (created) await insertVersion(transaction, prompt.id, version, save, actor);
  for (const move of moves) await recordMove(transaction, prompt.id, move, actor);
  const described = differing(prompt, save);
  const changed = created || moves.length > 0 || Object.keys(described).length > 0;
  if (changed) await changePrompt(transaction, prompt.id, { ...described, newest: version });
  // Whatever saved it first: it is known to the source that has it now.
  if (source !== null && prompt.source !== source) {
    await transaction.updateTable("prompts").set({ source }).where("id", "=", prompt.id).execute();
  }
  return { created, changed, version, nameOf: null };
}

export function typeConflict(name: string, type: "text" | "chat"): PromptlibError {
  return new PromptlibError("type_conflict", {
    message: `“${name}” is a ${type} prompt; the type of a prompt never changes.`,
  });
}

function differing(prompt: LockedPrompt, save: PreparedSave): { tags?: string[]; description?: string } {
  return {
    ...(save.tags && JSON.stringify(save.tags) !== JSON.stringify(prompt.tags) ? { tags: save.tags } : {}),
    ...(save.description !== undefined && save.description !== prompt.description
      ? { description: save.description }
      : {}),
  };
}

async function insertVersion(
  transaction: Queries,
  promptId: string,
  version: number,
  save: PreparedSave,
  actor: Actor,
) {
  const { content } = save;
  await transaction
    .insertInto("versions")
    .values({
      prompt_id: promptId,
      version,
      text: content.text ?? null,
      messages: content.messages ? JSON.stringify(content.messages) : null,
      variables: JSON.stringify(content.variables),
      config: JSON.stringify(content.config),
      template: content.template,
      content_hash: save.hash,
      message: save.message,
      author: actor.name,
    })
    .execute();
}

/** How many of the versions that came between are told. */
const BETWEEN_LIMIT = 50;

async function versionConflict(db: Queries, project: ProjectRef, prompt: LockedPrompt, base: number) {
  const newest = await readNewest(db, project, prompt, await readLabels(db, prompt.id));
  const between = await db
    .selectFrom("versions")
    .select(["version", "author", "message", sql<Date>`created_at`.as("created_at")])
    .where("prompt_id", "=", prompt.id)
    .where("version", ">", base)
    .orderBy("version")
    .limit(BETWEEN_LIMIT)
    .execute();
  return new PromptlibError("version_conflict", {
    ...conflictWords(prompt, base),
    details: {
      newest,
      between: between.map(({ created_at, ...version }) => ({ ...version, createdAt: created_at.toISOString() })),
    },
  });
}

function conflictWords({ name, newest }: PromptRow, base: number): { message: string; hint?: string } {
  if (base === 0) return { message: `There is a prompt named “${name}” already.`, hint: EXISTS_HINT };
  if (base === newest)
    return { message: `“${name}” is another prompt by now, whose version ${base} says something else.` };
  return { message: `“${name}” is at version ${newest} by now, not ${base}.` };
}

const EXISTS_HINT = "Choose another name, or save the next version of that one: details.newest is what it says now.";

/** For a prompt that must be a new one: under a former name of another, applications get that one. */
async function refuseFormerName(db: Queries, project: ProjectRef, name: string): Promise<void> {
  const found = await findPrompt(db, project, name);
  if (!found) return;
  const newest = await readNewest(db, project, found.prompt, found.labels);
  throw new PromptlibError("version_conflict", {
    message: `“${name}” is a former name of “${newest.name}”, which still answers under it.`,
    hint: EXISTS_HINT,
    details: { newest, between: [] },
  });
}

async function readNewest(db: Queries, project: ProjectRef, prompt: PromptRow, labels: LabelMap): Promise<Prompt> {
  return presentPrompt(project.name, prompt, await findVersion(db, prompt.id, prompt.newest), labels);
}

/** What this transaction has saved, as a fetch answers it from now on. */
export async function readSaved(
  transaction: Queries,
  project: ProjectRef,
  name: string,
  version: number,
): Promise<Prompt> {
  const found = await findPrompt(transaction, project, name);
  if (!found) throw new Error(`“${name}” vanished from the transaction that saved it`);
  const { prompt, labels } = found;
  return presentPrompt(project.name, prompt, await findVersion(transaction, prompt.id, version), labels);
}
