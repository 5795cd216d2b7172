/**
 * Aliases: names that prompts had before. An old name goes on answering, so that applications never break by a rename,
 * until a new prompt takes it or someone removes it.
 */
import { sql } from "kysely";
import { PromptlibError } from "../contract/errors.ts";
import type { Alias, List } from "../contract/shapes.ts";
import type { Database, Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { transact } from "../database/transaction.ts";
import type { Actor } from "./actor.ts";
import { changePrompt, recordPromptDeed } from "./change.ts";
import type { ProjectRef } from "./find.ts";
import { promptIncluded, whoIncludesAs } from "./includers.ts";
import { type Page, pageOf, positionAfter } from "./page.ts";
import { refuseProtectedPrompt } from "./protected-labels.ts";

interface AnsweringAlias {
  id: Id;
  promptId: Id;
  /** The prompt's present name. */
  promptName: string;
  trashed: boolean;
}

/** The alias of this name that has not ended; that of a prompt in the trash does not answer. */
export async function findAlias(db: Queries, project: ProjectRef, name: string): Promise<AnsweringAlias | undefined> {
  return db
    .selectFrom("aliases")
    .innerJoin("prompts", "prompts.id", "aliases.prompt_id")
    .select([
      "aliases.id",
      "aliases.prompt_id as promptId",
      "prompts.name as promptName",
      sql<boolean>`trashed_at is not null`.as("trashed"),
    ])
    .where("aliases.project_id", "=", project.id)
    .where(sql<boolean>`aliases.name collate "C" = ${name}`)
    .where("ended_at", "is", null)
    .executeTakeFirst();
}

/** Of these names those that living prompts had before, and how each of them is called now. */
export async function presentNames(
  db: Queries,
  project: ProjectRef,
  names: readonly string[],
): Promise<Map<string, string>> {
  if (names.length === 0) return new Map();
  const rows = await db
    .selectFrom("aliases")
    .innerJoin("prompts", "prompts.id", "aliases.prompt_id")
    .select(["aliases.name as former", "prompts.name as present"])
    .where("aliases.project_id", "=", project.id)
    .where(sql<boolean>`aliases.name collate "C" = any(${names}::text[])`)
    .where("ended_at", "is", null)
    .where("trashed_at", "is", null)
    .execute();
  return new Map(rows.map(({ former, present }) => [former, present]));
}

/**
 * A new prompt takes the name: an alias of this name ends, and the prompt that had it knows. Answers how that one is
 * called now, if it answered under the name until now.
 * Errors: `label_protected` when that one has a protected label, which would answer differently from now on.
 */
export async function takeAlias(
  transaction: Queries,
  project: ProjectRef,
  actor: Actor,
  name: string,
): Promise<string | null> {
  const alias = await findAlias(transaction, project, name);
  if (!alias) return null;
  await endAlias(transaction, project, actor, name, alias);
  return alias.trashed ? null : alias.promptName;
}

async function endAlias(
  transaction: Queries,
  project: ProjectRef,
  actor: Actor,
  name: string,
  alias: AnsweringAlias,
): Promise<void> {
  if (!alias.trashed) {
    await transaction.selectFrom("prompts").select("id").where("id", "=", alias.promptId).forUpdate().execute();
    await refuseProtectedPrompt(transaction, alias.promptId, actor);
    await changePrompt(transaction, alias.promptId);
  }
  await writeEnd(transaction, alias.id);
  const details = { alias: name };
  recordPromptDeed(transaction, project, actor, { action: "alias.end", subject: alias.promptName, details });
}

async function writeEnd(transaction: Queries, id: Id): Promise<void> {
  await transaction.updateTable("aliases").set({ ended_at: sql`now()` }).where("id", "=", id).execute();
}

/**
 * A prompt that was there before comes to be called so, by a rename, out of the trash or of an export (`promptId` is
 * null then: it is not here yet). Its own alias of that name
 * ends, and that of a prompt in the trash, which blocks no name. One that answers for another prompt stays: its
 * applications must not break.
 * Errors: `already_exists`.
 */
export async function claimName(
  transaction: Queries,
  project: ProjectRef,
  name: string,
  promptId: Id | null,
): Promise<void> {
  const alias = await findAlias(transaction, project, name);
  if (!alias) return;
  if (alias.promptId !== promptId && !alias.trashed) {
    throw new PromptlibError("already_exists", {
      message: `“${name}” is a former name of “${alias.promptName}”, which still answers under it.`,
      hint: "Choose another name, or remove the alias first: promptlib alias NAME --remove",
    });
  }
  await writeEnd(transaction, alias.id);
}

/** By name; those of prompts in the trash, which do not answer, are left out. */
export async function listAliases(db: Queries, project: ProjectRef, page: Page): Promise<List<Alias>> {
  const aliases = () =>
    db
      .selectFrom("aliases")
      .innerJoin("prompts", "prompts.id", "aliases.prompt_id")
      .where("aliases.project_id", "=", project.id)
      .where("ended_at", "is", null)
      .where("trashed_at", "is", null);
  let query = aliases()
    .select(["aliases.name", "prompts.name as prompt", "made_at", "made_by"])
    .orderBy(sql`aliases.name collate "C"`)
    .limit(page.limit + 1);
  const [after] = positionAfter(page, "aliases") ?? [];
  if (after !== undefined) query = query.where(sql<boolean>`aliases.name collate "C" > ${after}`);
  return pageOf(await query.execute(), page, {
    list: "aliases",
    count: aliases,
    position: (row) => [row.name],
    present: (row) => ({
      name: row.name,
      prompt: row.prompt,
      madeAt: row.made_at.toISOString(),
      madeBy: row.made_by,
    }),
  });
}

/**
 * The old name answers no more.
 * Errors: `alias_not_found`, `label_protected`, `prompt_included` with the names of those that include it by this name.
 */
export async function removeAlias(database: Database, project: ProjectRef, actor: Actor, name: string): Promise<void> {
  await transact(database, async (transaction) => {
    const alias = await findAlias(transaction, project, name);
    if (!alias) throw new PromptlibError("alias_not_found", { message: `There is no alias “${name}”.` });
    const includers = alias.trashed ? [] : await whoIncludesAs(transaction, project, name);
    if (includers.length > 0) throw promptIncluded(name, includers);
    await endAlias(transaction, project, actor, name, alias);
  });
}
