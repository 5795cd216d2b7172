/** Where labels have been: the moves of one, and where it stood at a time, on one prompt or on all of a project. */
import { type Selectable, sql } from "kysely";
import { PromptlibError } from "../contract/errors.ts";
import type { LabelledPrompt, LabelMove, LabelPosition } from "../contract/label-shapes.ts";
import type { List } from "../contract/shapes.ts";
import type { Queries } from "../database/database.ts";
import type { Id, Tables } from "../database/tables.ts";
import { findPrompt, type ProjectRef, promptNotFound } from "./find.ts";
import { momentOf, PRESENT } from "./moment.ts";
import { type Page, pageOf, positionAfter } from "./page.ts";

/** Last first. Errors: `prompt_not_found`, `label_not_found` when it never was on this prompt. */
export async function listLabelMoves(
  db: Queries,
  project: ProjectRef,
  name: string,
  label: string,
  page: Page,
): Promise<List<LabelMove>> {
  if (label === "latest") throw latestHasVersions();
  const found = await findPrompt(db, project, name);
  if (!found) throw promptNotFound(name);
  const moves = () => db.selectFrom("label_moves").where("prompt_id", "=", found.prompt.id).where("label", "=", label);
  let query = moves()
    .selectAll()
    .orderBy("id", "desc")
    .limit(page.limit + 1);
  const [before] = positionAfter(page, "moves") ?? [];
  if (before !== undefined) query = query.where("id", "<", before);
  const rows = await query.execute();
  if (rows.length === 0 && before === undefined) throw await neverThere(db, found.prompt, label);
  return pageOf(rows, page, { list: "moves", count: moves, position: (row) => [row.id], present: presentMove });
}

function latestHasVersions(): PromptlibError {
  return new PromptlibError("invalid_request", {
    message: "The label “latest” moves by itself, to each new version: the list of versions is its history.",
    details: { faults: [{ field: "params.label", fault: "latest has no history of its own" }] },
  });
}

export async function neverThere(
  db: Queries,
  prompt: { id: Id; name: string },
  label: string,
): Promise<PromptlibError> {
  const rows = await db
    .selectFrom("label_moves")
    .select("label")
    .distinct()
    .where("prompt_id", "=", prompt.id)
    .orderBy("label")
    .execute();
  const labels = rows.map((row) => row.label);
  const had = labels.length > 0 ? `it had: ${labels.join(", ")}` : "it never had one";
  return new PromptlibError("label_not_found", {
    message: `“${prompt.name}” never had a label “${label}”; ${had}.`,
    details: { labels },
  });
}

export function presentMove(row: Selectable<Tables["label_moves"]>): LabelMove {
  return {
    id: row.id,
    label: row.label,
    from: row.from_version,
    to: row.to_version,
    movedAt: row.moved_at.toISOString(),
    movedBy: row.moved_by,
    undoes: row.undoes,
    promotedFrom: row.promoted_from,
  };
}

/**
 * Where a label of a prompt stood at a time; without one, where it stands. `latest` stood on what was the newest
 * version. Errors: `prompt_not_found`, `label_not_found` when it was on no version then, `invalid_request` for a time
 * that is still to come.
 */
export async function labelAt(
  db: Queries,
  project: ProjectRef,
  name: string,
  label: string,
  at: string | undefined,
): Promise<LabelPosition> {
  const moment = momentOf(at);
  const found = await findPrompt(db, project, name);
  if (!found) throw promptNotFound(name);
  const row = await standing(db, label, moment)
    .select(["place.version", "place.moved_at", "place.moved_by"])
    .where("prompts.id", "=", found.prompt.id)
    .executeTakeFirst();
  if (!row || row.version === null) {
    const when = at === undefined ? "has" : `at ${moment} had`;
    throw new PromptlibError("label_not_found", {
      message: `“${found.prompt.name}” ${when} no label “${label}”.`,
      hint: "Its history tells when it was where: promptlib label NAME LABEL --history",
      details: { labels: Object.keys(found.labels).sort() },
    });
  }
  return presentPlace(label, row.version, row);
}

/**
 * All prompts of the project that had the label at a time, by name, as they are called now. One that was moved to the
 * trash since is among them.
 */
export async function listLabelled(
  db: Queries,
  project: ProjectRef,
  label: string,
  at: string | undefined,
  page: Page,
): Promise<List<LabelledPrompt>> {
  const moment = momentOf(at);
  const labelled = () =>
    standing(db, label, moment)
      .where("prompts.project_id", "=", project.id)
      .where(moment === PRESENT ? sql<boolean>`trashed_at is null` : notYetTrashed(moment))
      .where("place.version", "is not", null);
  let query = labelled()
    .select(["prompts.id", "prompts.name", "prompts.trashed_at", "place.version", "place.moved_at", "place.moved_by"])
    .orderBy(sql`name collate "C"`)
    .orderBy("prompts.id")
    .limit(page.limit + 1);
  const [name, id] = positionAfter(page, "labelled") ?? [];
  if (name !== undefined) query = query.where(sql<boolean>`(name collate "C", id) > (${name}, ${id}::bigint)`);
  return pageOf(await query.execute(), page, {
    list: "labelled",
    count: labelled,
    position: (row) => [row.name, row.id],
    present: (row) => ({
      name: row.name,
      ...presentPlace(label, row.version ?? 0, row),
      trashedAt: row.trashed_at?.toISOString() ?? null,
    }),
  });
}

interface Place {
  version: number | null;
  moved_at: Date;
  moved_by: string;
}

function notYetTrashed(moment: string) {
  return sql<boolean>`(trashed_at is null or trashed_at > ${moment}::timestamptz)`;
}

/** Prompts, each with where the label stood at the moment: nothing, or a version that is null after it was removed. */
function standing(db: Queries, label: string, moment: string) {
  const place = moment === PRESENT ? placeNow(label) : placeAt(label, moment);
  return db.selectFrom("prompts").innerJoinLateral(place.as("place"), (join) => join.onTrue());
}

function placeAt(label: string, moment: string) {
  return label === "latest"
    ? sql<Place>`(select version, created_at as moved_at, author as moved_by from versions
        where prompt_id = prompts.id and date_trunc('milliseconds', created_at) <= ${moment}::timestamptz
        order by version desc limit 1)`
    : sql<Place>`(select to_version as version, moved_at, moved_by from label_moves
        where prompt_id = prompts.id and label = ${label} and moved_at <= ${moment}::timestamptz
        order by id desc limit 1)`;
}

/** The same without the history: PostgreSQL may then begin with the label, and few prompts are found soon. */
function placeNow(label: string) {
  return label === "latest"
    ? sql<Place>`(select version, created_at as moved_at, author as moved_by from versions
        where prompt_id = prompts.id and version = prompts.newest)`
    : sql<Place>`(select version, moved_at, moved_by from labels where prompt_id = prompts.id and label = ${label})`;
}

function presentPlace(label: string, version: number, row: { moved_at: Date; moved_by: string }): LabelPosition {
  return { label, version, movedAt: row.moved_at.toISOString(), movedBy: row.moved_by };
}
