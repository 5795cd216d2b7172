/** Labels: movable names on versions. Every move remembers where it came from. */
import { PromptlibError } from "../contract/errors.ts";
import type { LabelPosition } from "../contract/label-shapes.ts";
import type { List } from "../contract/shapes.ts";
import type { Database, Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { transact } from "../database/transaction.ts";
import type { Actor } from "./actor.ts";
import { changePrompt, recordPromptDeed } from "./change.ts";
import { findPrompt, lockPrompt, type ProjectRef, promptNotFound, refuseRedacted, selectVersion } from "./find.ts";
import { refuseProtectedLabel } from "./protected-labels.ts";

/**
 * Puts labels on a version of a prompt that this transaction has locked; answers those that moved.
 * Errors: `label_protected`, before anything is written.
 */
async function placeLabels(
  transaction: Queries,
  project: ProjectRef,
  promptId: Id,
  labels: readonly string[],
  version: number | null,
  actor: Actor,
): Promise<string[]> {
  const moves = await planMoves(transaction, project, promptId, labels, version, actor);
  for (const move of moves) await recordMove(transaction, promptId, move, actor);
  return moves.map(({ label }) => label);
}

/**
 * Which of the labels would move, and from where; `promptId` is null for a prompt that is not there yet. Writes nothing.
 * Errors: `label_protected`.
 */
export async function planMoves(
  transaction: Queries,
  project: ProjectRef,
  promptId: Id | null,
  labels: readonly string[],
  version: number | null,
  actor: Actor,
): Promise<LabelMoving[]> {
  const moves: LabelMoving[] = [];
  for (const label of new Set(labels)) {
    refuseLatest(label);
    const before = promptId === null ? null : await placeOf(transaction, promptId, label);
    if (before === version) continue;
    await refuseProtectedLabel(transaction, project.id, label, actor);
    moves.push({ label, from_version: before, to_version: version });
  }
  return moves;
}

async function placeOf(transaction: Queries, promptId: Id, label: string): Promise<number | null> {
  const place = await transaction
    .selectFrom("labels")
    .select("version")
    .where("prompt_id", "=", promptId)
    .where("label", "=", label)
    .executeTakeFirst();
  return place?.version ?? null;
}

export interface LabelMoving {
  label: string;
  from_version: number | null;
  to_version: number | null;
  undoes?: Id;
}

/**
 * Moves a label of a prompt that this transaction has locked, and remembers the move. Whether it may be moved was asked
 * when the move was planned, before anything was written: who protects it meanwhile comes after it.
 */
export async function recordMove(transaction: Queries, promptId: Id, move: LabelMoving, actor: Actor) {
  const { label, to_version: version } = move;
  const moved = await transaction
    .insertInto("label_moves")
    .values({ prompt_id: promptId, ...move, moved_by: actor.name })
    .returningAll()
    .executeTakeFirstOrThrow();
  if (version === null) {
    await transaction.deleteFrom("labels").where("prompt_id", "=", promptId).where("label", "=", label).execute();
    return moved;
  }
  const place = { version, moved_at: moved.moved_at, moved_by: actor.name };
  await transaction
    .insertInto("labels")
    .values({ prompt_id: promptId, label, ...place })
    .onConflict((conflict) => conflict.columns(["prompt_id", "label"]).doUpdateSet(place))
    .execute();
  return moved;
}

export function refuseLatest(label: string): void {
  if (label !== "latest") return;
  throw new PromptlibError("invalid_request", {
    message: "The label “latest” moves by itself, to each new version.",
    details: { faults: [{ field: "label", fault: "latest is reserved" }] },
  });
}

/** Moves a label; the same place again changes nothing. Errors: `prompt_not_found`, `version_not_found`, `version_redacted`, `label_protected`. */
export async function moveLabel(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  name: string,
  label: string,
  version: number,
): Promise<LabelPosition> {
  return transact(database, async (transaction) => {
    const prompt = await lockPrompt(transaction, project, name);
    selectVersion(prompt, {}, { version });
    await refuseRedacted(transaction, prompt.id, version);
    const moved = await placeLabels(transaction, project, prompt.id, [label], version, actor);
    if (moved.length > 0) {
      await changePrompt(transaction, prompt.id);
      recordPromptDeed(transaction, project, actor, {
        action: "label.move",
        subject: name,
        details: { label, version },
      });
    }
    const row = await transaction
      .selectFrom("labels")
      .selectAll()
      .where("prompt_id", "=", prompt.id)
      .where("label", "=", label)
      .executeTakeFirstOrThrow();
    return presentLabel(row);
  });
}

/** Errors: `prompt_not_found`, `label_not_found`, `label_protected`. */
export async function removeLabel(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  name: string,
  label: string,
): Promise<void> {
  await transact(database, async (transaction) => {
    const prompt = await lockPrompt(transaction, project, name);
    const moved = await placeLabels(transaction, project, prompt.id, [label], null, actor);
    if (moved.length === 0) {
      throw new PromptlibError("label_not_found", { message: `“${name}” has no label “${label}”.` });
    }
    await changePrompt(transaction, prompt.id);
    recordPromptDeed(transaction, project, actor, { action: "label.remove", subject: name, details: { label } });
  });
}

export async function listLabels(db: Queries, project: ProjectRef, name: string): Promise<List<LabelPosition>> {
  const found = await findPrompt(db, project, name);
  if (!found) throw promptNotFound(name);
  const rows = await db
    .selectFrom("labels")
    .selectAll()
    .where("prompt_id", "=", found.prompt.id)
    .orderBy("label")
    .execute();
  return { items: rows.map(presentLabel), nextCursor: null, total: rows.length, totalIsExact: true };
}

function presentLabel(row: { label: string; version: number; moved_at: Date; moved_by: string }): LabelPosition {
  return { label: row.label, version: row.version, movedAt: row.moved_at.toISOString(), movedBy: row.moved_by };
}
