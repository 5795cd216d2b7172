/**
 * Protected labels of a project. Whatever moves one, or takes it away together with its prompt, asks here, in its own
 * transaction: there is no way around by another door.
 */
import { PromptlibError } from "../contract/errors.ts";
import type { ProtectedLabel } from "../contract/label-shapes.ts";
import type { List } from "../contract/shapes.ts";
import type { Database, Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { transact } from "../database/transaction.ts";
import { type Actor, recordDeed } from "./actor.ts";
import type { ProjectRef } from "./find.ts";

/** For a label that is about to be moved. Errors: `label_protected`. */
export async function refuseProtectedLabel(
  transaction: Queries,
  projectId: Id,
  label: string,
  actor: Actor,
): Promise<void> {
  if (mayMove(actor, label)) return;
  const row = await transaction
    .selectFrom("protected_labels")
    .select("label")
    .where("project_id", "=", projectId)
    .where("label", "=", label)
    .executeTakeFirst();
  if (row) throw labelProtected([label]);
}

/** For a prompt that is about to leave or change its place, and its labels with it. Errors: `label_protected`. */
export async function refuseProtectedPrompt(transaction: Queries, promptId: Id, actor: Actor): Promise<void> {
  if (actor.protectedLabels === "all") return;
  const rows = await transaction
    .selectFrom("labels")
    .innerJoin("prompts", "prompts.id", "labels.prompt_id")
    .innerJoin("protected_labels", (join) =>
      join
        .onRef("protected_labels.project_id", "=", "prompts.project_id")
        .onRef("protected_labels.label", "=", "labels.label"),
    )
    .select("labels.label")
    .where("prompt_id", "=", promptId)
    .orderBy("labels.label")
    .execute();
  const refused = rows.map(({ label }) => label).filter((label) => !mayMove(actor, label));
  if (refused.length > 0) throw labelProtected(refused);
}

/** By the name of each prompt that has labels which may not be moved, why it cannot leave. */
export async function protectedPrompts(db: Queries, project: ProjectRef, actor: Actor): Promise<Map<string, string>> {
  if (actor.protectedLabels === "all") return new Map();
  const rows = await db
    .selectFrom("protected_labels")
    .innerJoin("labels", "labels.label", "protected_labels.label")
    .innerJoin("prompts", "prompts.id", "labels.prompt_id")
    .select(["prompts.name", "labels.label"])
    .whereRef("prompts.project_id", "=", "protected_labels.project_id")
    .where("prompts.project_id", "=", project.id)
    .where("prompts.trashed_at", "is", null)
    .orderBy("labels.label")
    .execute();
  const byName = Map.groupBy(
    rows.filter(({ label }) => !mayMove(actor, label)),
    ({ name }) => name,
  );
  return new Map([...byName].map(([name, found]) => [name, labelProtected(found.map(({ label }) => label)).message]));
}

function mayMove({ protectedLabels = [] }: Actor, label: string): boolean {
  return protectedLabels === "all" || protectedLabels.includes(label);
}

function labelProtected(labels: readonly string[]): PromptlibError {
  const shown = labels.map((label) => `“${label}”`).join(", ");
  return new PromptlibError("label_protected", {
    message: `This would move ${shown}, which ${labels.length === 1 ? "is" : "are"} protected in this project.`,
    details: { labels },
  });
}

export async function listProtectedLabels(db: Queries, project: ProjectRef): Promise<List<ProtectedLabel>> {
  const rows = await db
    .selectFrom("protected_labels")
    .selectAll()
    .where("project_id", "=", project.id)
    .orderBy("label")
    .execute();
  return { items: rows.map(presentProtected), nextCursor: null, total: rows.length, totalIsExact: true };
}

/** A label that is protected already stays as it is. Errors: `invalid_request` for latest, which moves by itself. */
export async function protectLabel(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  label: string,
): Promise<ProtectedLabel> {
  if (label === "latest") {
    throw new PromptlibError("invalid_request", {
      message: "The label “latest” moves by itself, to each new version: it cannot be protected.",
      details: { faults: [{ field: "params.label", fault: "latest is reserved" }] },
    });
  }
  return transact(database, async (transaction) => {
    const made = await transaction
      .insertInto("protected_labels")
      .values({ project_id: project.id, label, protected_by: actor.name })
      .onConflict((conflict) => conflict.doNothing())
      .returning("label")
      .executeTakeFirst();
    if (made) recordDeed(transaction, actor, { project: project.name, action: "label.protect", subject: label });
    const row = await transaction
      .selectFrom("protected_labels")
      .selectAll()
      .where("project_id", "=", project.id)
      .where("label", "=", label)
      .executeTakeFirstOrThrow();
    return presentProtected(row);
  });
}

/** Labels that were protected elsewhere, since when and by whom; answers those that were not protected here yet. */
export async function addProtectedLabels(
  transaction: Queries,
  project: ProjectRef,
  actor: Actor,
  labels: readonly ProtectedLabel[],
): Promise<string[]> {
  if (labels.length === 0) return [];
  const rows = labels.map(({ label, protectedAt, protectedBy }) => ({
    project_id: project.id,
    label,
    protected_at: protectedAt,
    protected_by: protectedBy,
  }));
  const added = await transaction
    .insertInto("protected_labels")
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .returning("label")
    .execute();
  for (const { label } of added) {
    recordDeed(transaction, actor, { project: project.name, action: "label.protect", subject: label });
  }
  return added.map(({ label }) => label);
}

/** Errors: `label_not_found` when it is not protected. */
export async function unprotectLabel(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  label: string,
): Promise<void> {
  await transact(database, async (transaction) => {
    const gone = await transaction
      .deleteFrom("protected_labels")
      .where("project_id", "=", project.id)
      .where("label", "=", label)
      .returning("label")
      .executeTakeFirst();
    if (!gone) {
      throw new PromptlibError("label_not_found", {
        message: `The label “${label}” is not protected in this project.`,
        hint: "List those that are with: promptlib protect",
      });
    }
    recordDeed(transaction, actor, { project: project.name, action: "label.unprotect", subject: label });
  });
}

function presentProtected(row: { label: string; protected_at: Date; protected_by: string }): ProtectedLabel {
  return { label: row.label, protectedAt: row.protected_at.toISOString(), protectedBy: row.protected_by };
}
