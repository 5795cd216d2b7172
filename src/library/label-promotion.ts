/** Promotion: one label of many prompts follows another, in one transaction. A dry run makes the plan and stops there. */
import { sql } from "kysely";
import { PromptlibError } from "../contract/errors.ts";
import { PROMOTION_LIMIT, type PromoteLabel, type Promotion } from "../contract/label-shapes.ts";
import type { Database, Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { transact } from "../database/transaction.ts";
import { nameFault } from "../prompt/names.ts";
import type { Actor } from "./actor.ts";
import { presentNames } from "./aliases.ts";
import { changePrompts, recordPromptDeed } from "./change.ts";
import type { ProjectRef } from "./find.ts";
import { refuseLatest } from "./labels.ts";
import { isBelow } from "./list-filter.ts";
import { refuseProtectedLabel } from "./protected-labels.ts";

interface Step {
  id: Id;
  name: string;
  /** Where the label is; null: on no version. */
  from: number | null;
  to: number;
}

/**
 * Puts `label` of each of the prompts where its label `request.from` is.
 * Errors: `promotion_refused` with every prompt that is named and not there, or does not have the label;
 * `label_protected`.
 */
export async function promoteLabel(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  label: string,
  request: PromoteLabel,
): Promise<Promotion> {
  refuseLatest(label);
  if (label === request.from) throw sameLabel(label);
  if (request.dryRun) {
    await refuseProtectedLabel(database.reads, project.id, label, actor);
    return present(label, request, await makePlan(database.reads, project, label, request, false));
  }
  return transact(database, async (transaction) => {
    await refuseProtectedLabel(transaction, project.id, label, actor);
    const plan = await makePlan(transaction, project, label, request, true);
    const steps = plan.filter(isMove);
    await carryOut(transaction, label, request.from, steps, actor);
    for (const { name, to } of steps) {
      const details = { label, version: to, promotedFrom: request.from };
      recordPromptDeed(transaction, project, actor, { action: "label.move", subject: name, details });
    }
    return present(label, request, plan);
  });
}

function isMove({ from, to }: Step): boolean {
  return from !== to;
}

function present(label: string, { from, dryRun = false }: PromoteLabel, plan: readonly Step[]): Promotion {
  const items = plan.filter(isMove).map((step) => ({ name: step.name, from: step.from, to: step.to }));
  return { label, from, dryRun, moved: items.length, unchanged: plan.length - items.length, items };
}

/** `lock`: the prompts, in the order of their names, so that two who promote do not wait for each other in a ring. */
async function makePlan(
  db: Queries,
  project: ProjectRef,
  label: string,
  request: PromoteLabel,
  lock: boolean,
): Promise<Step[]> {
  const names = request.names && (await namesNow(db, project, request.names));
  const prompts = await readPrompts(db, project, request, names, lock);
  if (prompts.length > PROMOTION_LIMIT) throw tooMany();
  // Asked once the locks are held: what was moved while we waited is seen.
  const places = await readPlaces(db, prompts, label, request.from);
  const steps = prompts.flatMap(({ id, name, newest }) => {
    const { from = null, to = null } = places.get(id) ?? {};
    const target = request.from === "latest" ? newest : to;
    return target === null ? [] : [{ id, name, from, to: target }];
  });
  if (names) refuseFaults(names, prompts, steps, request.from);
  return steps;
}

/** Those that were given; former names as the prompts are called now. */
async function namesNow(db: Queries, project: ProjectRef, given: readonly string[]): Promise<string[]> {
  const names = given.map((name) => name.normalize("NFC"));
  const renamed = await presentNames(db, project, names.filter(isName));
  return [...new Set(names.map((name) => renamed.get(name) ?? name))];
}

function readPrompts(
  db: Queries,
  project: ProjectRef,
  { from, folder, tag }: PromoteLabel,
  names: string[] | undefined,
  lock: boolean,
) {
  let query = db
    .selectFrom("prompts")
    .select(["id", "name", "newest"])
    .where("project_id", "=", project.id)
    .where("trashed_at", "is", null)
    .orderBy(sql`name collate "C"`)
    .limit(PROMOTION_LIMIT + 1);
  if (names) query = query.where(sql<boolean>`name collate "C" = any(${names.filter(isName)}::text[])`);
  else if (from !== "latest") {
    query = query.where(sql<boolean>`exists (select from labels where prompt_id = prompts.id and label = ${from})`);
  }
  if (folder) query = query.where(isBelow(folder));
  if (tag) query = query.where(sql<boolean>`tags @> array[${tag.normalize("NFC")}]`);
  return (lock ? query.forUpdate() : query).execute();
}

function isName(name: string): boolean {
  return nameFault(name) === null;
}

async function readPlaces(db: Queries, prompts: readonly { id: Id }[], label: string, from: string) {
  const rows = await db
    .selectFrom("labels")
    .select(["prompt_id", "label", "version"])
    .where(sql<boolean>`prompt_id = any(${prompts.map(({ id }) => id)}::bigint[])`)
    .where("label", "in", [label, from])
    .execute();
  const places = new Map<Id, { from?: number; to?: number }>();
  for (const row of rows) {
    const place = places.get(row.prompt_id) ?? {};
    places.set(row.prompt_id, { ...place, [row.label === label ? "from" : "to"]: row.version });
  }
  return places;
}

function refuseFaults(names: string[], prompts: readonly { name: string }[], steps: readonly Step[], from: string) {
  const there = new Set(prompts.map(({ name }) => name));
  const ready = new Set(steps.map(({ name }) => name));
  const faults = names
    .filter((name) => !ready.has(name))
    .map((name) => ({ name, fault: there.has(name) ? `has no label ${from}` : "is not there" }));
  if (faults.length === 0) return;
  const shown = faults.slice(0, 10).map(({ name, fault }) => `“${name}” ${fault}`);
  const more = faults.length > shown.length ? `; and ${faults.length - shown.length} more` : "";
  throw new PromptlibError("promotion_refused", {
    message: `Nothing was moved: ${shown.join("; ")}${more}.`,
    details: { faults },
  });
}

/** One statement for all moves, one for all places. */
async function carryOut(transaction: Queries, label: string, from: string, steps: readonly Step[], actor: Actor) {
  if (steps.length === 0) return;
  const ids = steps.map(({ id }) => id);
  await sql`
    with moved as (
      insert into label_moves (prompt_id, label, from_version, to_version, moved_by, promoted_from)
      select id, ${label}, from_version, to_version, ${actor.name}, ${from}
      from unnest(${ids}::bigint[], ${steps.map((step) => step.from)}::int[], ${steps.map(({ to }) => to)}::int[])
        as step(id, from_version, to_version)
      returning prompt_id, label, to_version, moved_at, moved_by)
    insert into labels (prompt_id, label, version, moved_at, moved_by) select * from moved
    on conflict (prompt_id, label) do update
      set version = excluded.version, moved_at = excluded.moved_at, moved_by = excluded.moved_by`.execute(transaction);
  await changePrompts(transaction, ids);
}

function sameLabel(label: string): PromptlibError {
  return new PromptlibError("invalid_request", {
    message: `“${label}” cannot be promoted to itself.`,
    details: { faults: [{ field: "body.from", fault: "is the label that would be moved" }] },
  });
}

function tooMany(): PromptlibError {
  return new PromptlibError("invalid_request", {
    message: `These are more than ${PROMOTION_LIMIT} prompts, too many for one promotion.`,
    hint: "Promote folder by folder.",
  });
}
