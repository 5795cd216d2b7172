/** The export: everything of a project's prompts, as it was at one moment, a line at a time. */
import { type InferResult, sql } from "kysely";
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
  const snapshot = await database.longReads
    .startTransaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute();
  try {
    await sql`select set_config('idle_in_transaction_session_timeout', ${PATIENCE}, true)`.execute(snapshot);
    yield { promptlibExport: 1 };
    yield await protectionOf(snapshot, project);
    const end = { prompts: 0, versions: 0 };
    for await (const page of pagesOf(snapshot, project)) {
      for (const group of readTogether(page)) {
        const first = await readVersions(snapshot, group, 0);
        for (const { id, prompt } of group) {
          yield { prompt };
          end.prompts += 1;
          for (let rows = first.get(id) ?? []; rows.length > 0; ) {
            for (const row of rows) yield { version: presentVersion(row) };
            end.versions += rows.length;
            const last = rows.at(-1)?.version ?? prompt.versions;
            rows = last < prompt.versions ? ((await readVersions(snapshot, group, last)).get(id) ?? []) : [];
          }
        }
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

interface PromptOfPage {
  id: string;
  prompt: ExportedPrompt;
}

/** A cursor of PostgreSQL's, which sorts once: to sort anew for each page took minutes for 100,000 prompts. */
async function* pagesOf(db: Queries, project: ProjectRef): AsyncGenerator<PromptOfPage[]> {
  const inOrder = db
    .selectFrom("prompts")
    .select(["id", "name", "type", "description", "tags", "source", "newest", "trashed_by"])
    .select([exactly("created_at").as("created"), exactly("updated_at").as("updated")])
    .select(exactlyOrNull("trashed_at").as("trashed"))
    .where("project_id", "=", project.id)
    .orderBy(sql`name collate "C"`)
    .orderBy("id");
  await sql`declare prompts_in_order no scroll cursor for ${inOrder}`.execute(db);
  type Row = InferResult<typeof inOrder>[number];
  for (;;) {
    const { rows } = await sql<Row>`fetch ${sql.lit(PROMPTS_AT_ONCE)} from prompts_in_order`.execute(db);
    const ids = rows.map(({ id }) => id);
    const labels = await labelsOf(db, ids);
    const moves = await movesOf(db, ids);
    const aliases = await aliasesOf(db, ids);
    yield rows.map((row): PromptOfPage => {
      const prompt = {
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
      return { id: row.id, prompt };
    });
    if (rows.length < PROMPTS_AT_ONCE) return;
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

/** Neighbours whose versions are read in one query; a prompt with more than that is alone. */
function readTogether(page: readonly PromptOfPage[]): PromptOfPage[][] {
  const groups: PromptOfPage[][] = [];
  let room = 0;
  for (const each of page) {
    room -= each.prompt.versions;
    if (room >= 0) groups.at(-1)?.push(each);
    else {
      groups.push([each]);
      room = VERSIONS_AT_ONCE - each.prompt.versions;
    }
  }
  return groups;
}

/** The next versions behind one, by prompt. */
async function readVersions(db: Queries, group: readonly PromptOfPage[], after: number) {
  const rows = await db
    .selectFrom("versions")
    .selectAll()
    .select([exactly("created_at").as("created"), exactlyOrNull("redacted_at").as("redacted")])
    .where(sql<boolean>`prompt_id = any(${group.map(({ id }) => id)}::bigint[])`)
    .where("version", ">", after)
    .orderBy("prompt_id")
    .orderBy("version")
    .limit(VERSIONS_AT_ONCE)
    .execute();
  return Map.groupBy(rows, (row) => row.prompt_id);
}

type ReadVersion = NonNullable<ReturnType<Awaited<ReturnType<typeof readVersions>>["get"]>>[number];

function presentVersion(row: ReadVersion): ExportedVersion {
  return {
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
