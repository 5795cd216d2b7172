/** The export: everything of a project's prompts, as it was at one moment, a line at a time. */
import { sql } from "kysely";
import type { ExportedPrompt, ExportedProtection, ExportedVersion, ExportLine } from "../contract/export.ts";
import type { Database, Queries } from "../database/database.ts";
import type { ProjectRef } from "./find.ts";
import { hashText } from "./stored.ts";

const PROMPTS_AT_ONCE = 100;
/** Versions may have a mebibyte each. */
const VERSIONS_AT_ONCE = 10;
/** Who reads more slowly than this from one page to the next is let go. */
const PATIENCE = "10min";

/** Order and bytes depend on the library alone. Reads in one transaction that sees nothing of what comes later. */
export async function* exportPrompts(database: Database, project: ProjectRef): AsyncGenerator<ExportLine> {
  const snapshot = await database.reads
    .startTransaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute();
  try {
    await sql`select set_config('idle_in_transaction_session_timeout', ${PATIENCE}, true)`.execute(snapshot);
    yield { promptlibExport: 1 };
    yield await protectionOf(snapshot, project);
    const end = { prompts: 0, versions: 0 };
    for await (const { id, prompt } of promptsOf(snapshot, project)) {
      yield { prompt };
      end.prompts += 1;
      for await (const version of versionsOf(snapshot, id)) {
        yield { version };
        end.versions += 1;
      }
    }
    yield { end };
  } finally {
    // It changed nothing; whoever leaves early ends it, too.
    await snapshot.rollback().execute();
  }
}

/** As text, to the microsecond: a Date has milliseconds. */
const exactly = (column: string) =>
  sql<string>`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
const exactlyOrNull = (column: string) => sql<string | null>`${exactly(column)}`;

async function protectionOf(db: Queries, project: ProjectRef): Promise<ExportedProtection> {
  const protectedLabels = await db
    .selectFrom("protected_labels")
    .select(["label", exactly("protected_at").as("protectedAt"), "protected_by as protectedBy"])
    .where("project_id", "=", project.id)
    .orderBy(sql`label collate "C"`)
    .execute();
  return { protectedLabels };
}

async function* promptsOf(db: Queries, project: ProjectRef) {
  for (let last: { name: string; id: string } | null = null; ; ) {
    let query = db
      .selectFrom("prompts")
      .select(["id", "name", "type", "description", "tags", "source", "newest", "trashed_by"])
      .select([exactly("created_at").as("created"), exactly("updated_at").as("updated")])
      .select(exactlyOrNull("trashed_at").as("trashed"))
      .where("project_id", "=", project.id)
      .orderBy(sql`name collate "C"`)
      .orderBy("id")
      .limit(PROMPTS_AT_ONCE);
    if (last) query = query.where(sql<boolean>`(name collate "C", id) > (${last.name}, ${last.id}::bigint)`);
    const rows = await query.execute();
    const ids = rows.map(({ id }) => id);
    const labels = await labelsOf(db, ids);
    const moves = await movesOf(db, ids);
    const aliases = await aliasesOf(db, ids);
    for (const row of rows) {
      const prompt: ExportedPrompt = {
        name: row.name,
        type: row.type,
        description: row.description,
        tags: row.tags,
        source: row.source,
        createdAt: row.created,
        updatedAt: row.updated,
        trashedAt: row.trashed,
        trashedBy: row.trashed_by,
        labels: without(labels.get(row.id)),
        moves: numbered(moves.get(row.id)),
        aliases: without(aliases.get(row.id)),
        versions: row.newest,
      };
      yield { id: row.id, prompt };
    }
    const end = rows.at(-1);
    if (!end || rows.length < PROMPTS_AT_ONCE) return;
    last = end;
  }
}

/** Of a page of prompts at once, by prompt. */
async function labelsOf(db: Queries, ids: readonly string[]) {
  const rows = await db
    .selectFrom("labels")
    .select(["prompt_id", "label", "version", exactly("moved_at").as("movedAt"), "moved_by as movedBy"])
    .where(sql<boolean>`prompt_id = any(${ids}::bigint[])`)
    .orderBy(sql`label collate "C"`)
    .execute();
  return Map.groupBy(rows, (row) => row.prompt_id);
}

async function movesOf(db: Queries, ids: readonly string[]) {
  const rows = await db
    .selectFrom("label_moves")
    .select([
      "id",
      "prompt_id",
      "label",
      "from_version as from",
      "to_version as to",
      exactly("moved_at").as("movedAt"),
      "moved_by as movedBy",
      "undoes",
      "promoted_from as promotedFrom",
    ])
    .where(sql<boolean>`prompt_id = any(${ids}::bigint[])`)
    .orderBy("id")
    .execute();
  return Map.groupBy(rows, (row) => row.prompt_id);
}

async function aliasesOf(db: Queries, ids: readonly string[]) {
  const rows = await db
    .selectFrom("aliases")
    .select(["prompt_id", "name", exactly("made_at").as("madeAt"), "made_by as madeBy"])
    .select(exactlyOrNull("ended_at").as("endedAt"))
    .where(sql<boolean>`prompt_id = any(${ids}::bigint[])`)
    .orderBy("id")
    .execute();
  return Map.groupBy(rows, (row) => row.prompt_id);
}

type Move = ExportedPrompt["moves"][number];
type MoveRow = Omit<Move, "undoes"> & { id: string; prompt_id: string; undoes: string | null };

/** A move is told by its place among those of its prompt. */
function numbered(rows: readonly MoveRow[] = []): Move[] {
  const places = new Map(rows.map(({ id }, at) => [id, at]));
  return rows.map(({ id: _, prompt_id: __, undoes, ...rest }) => {
    const undone = undoes === null ? null : places.get(undoes);
    if (undone === undefined) throw new Error(`move ${undoes} that was taken back is not one of its prompt`);
    return { ...rest, undoes: undone };
  });
}

/** Ids are of this database alone. */
function without<T extends { prompt_id: string }>(rows: readonly T[] = []): Omit<T, "prompt_id">[] {
  return rows.map(({ prompt_id: _, ...rest }) => rest);
}

async function* versionsOf(db: Queries, promptId: string): AsyncGenerator<ExportedVersion> {
  for (let after = 0; ; after += VERSIONS_AT_ONCE) {
    const rows = await db
      .selectFrom("versions")
      .selectAll()
      .select([exactly("created_at").as("created"), exactlyOrNull("redacted_at").as("redacted")])
      .where("prompt_id", "=", promptId)
      .where("version", ">", after)
      .orderBy("version")
      .limit(VERSIONS_AT_ONCE)
      .execute();
    for (const row of rows) {
      yield {
        version: row.version,
        author: row.author,
        message: row.message,
        createdAt: row.created,
        contentHash: hashText(row.content_hash),
        redactedAt: row.redacted,
        redactedBy: row.redacted_by,
        ...(row.text === null ? {} : { text: row.text }),
        ...(row.messages === null ? {} : { messages: row.messages }),
        variables: row.variables,
        // It was checked to be JSON when it was saved.
        config: row.config as ExportedVersion["config"],
        template: row.template,
      };
    }
    if (rows.length < VERSIONS_AT_ONCE) return;
  }
}
