/** The last step of a search: what is shown of each prompt, and why it was found. */
import { setImmediate } from "node:timers/promises";
import { sql } from "kysely";
import type { FoundPrompt } from "../contract/search.ts";
import type { Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import type { SearchQuery, SearchTerm } from "../prompt/search-query.ts";
import { beginningOf, marksIn, type Snippet, snippetOf } from "../prompt/search-snippet.ts";
import type { ProjectRef } from "./find.ts";
import type { Correction } from "./search-correction.ts";
import { type LabelMap, labelsOn, type PromptRow, presentSummary } from "./stored.ts";

/** Of a version as long as this or longer only the beginning is looked through for the snippet. In characters. */
const SHOWN_LENGTH = 65_536;

export interface FoundRow extends PromptRow {
  created_at: Date;
  updated_at: Date;
  labels: LabelMap;
  /** The version that was found. */
  version: number;
}

/** What a version says as one text, in SQL: of messages, what each says. `v` is the version. */
const plainTextOf = sql<string>`coalesce(v.text, (
  select string_agg(said.item ->> 'content', chr(10)) from json_array_elements(v.messages) as said(item)))`;

/** Reads what the rows say, and answers each as it is shown, in their order. */
export async function presentFound(
  db: Queries,
  project: ProjectRef,
  query: SearchQuery,
  corrections: readonly Correction[],
  rows: readonly FoundRow[],
): Promise<FoundPrompt[]> {
  const texts = await readTexts(db, rows);
  const taken = corrections.flatMap((each) => each.taken.map(exactly));
  const terms = { texts: [...query.wanted, ...taken], heads: [...stillTyped(query), ...taken] };
  const shown: FoundPrompt[] = [];
  for (const row of rows) {
    shown.push(present(project, terms, row, texts.get(`${row.id} ${row.version}`) ?? ""));
    // Long texts take milliseconds each; fetches come between.
    await setImmediate();
  }
  return shown;
}

function exactly(word: string): SearchTerm {
  return { words: [word], open: false, quoted: true, text: word };
}

/** In name, tags and description the beginning of the last word is enough, however short. */
function stillTyped({ wanted }: SearchQuery): SearchTerm[] {
  return wanted.map((term, at) => (at === wanted.length - 1 && !term.quoted ? { ...term, open: true } : term));
}

async function readTexts(db: Queries, rows: readonly FoundRow[]): Promise<Map<string, string>> {
  if (rows.length === 0) return new Map();
  const { rows: read } = await sql<{ prompt_id: Id; version: number; body: string | null }>`
    select v.prompt_id, v.version, left(${plainTextOf}, ${sql.lit(SHOWN_LENGTH)}) as body
    from unnest(${rows.map(({ id }) => id)}::bigint[], ${rows.map(({ version }) => version)}::int[]) as f(id, version)
    cross join lateral (
      select * from versions where versions.prompt_id = f.id and versions.version = f.version offset 0) v`.execute(db);
  return new Map(read.map(({ prompt_id, version, body }) => [`${prompt_id} ${version}`, body ?? ""]));
}

interface Terms {
  texts: SearchTerm[];
  heads: SearchTerm[];
}

function present(project: ProjectRef, { texts, heads }: Terms, row: FoundRow, body: string): FoundPrompt {
  const nameMarks = marksIn(row.name, heads);
  const found = snippetOf(body, texts) ?? snippetOf(row.description, heads);
  const elsewhere = nameMarks.length > 0 || row.tags.some((tag) => marksIn(tag, heads).length > 0);
  // Found, and neither in name nor tags: it is somewhere further down.
  const snippet: Snippet | null = found ?? (elsewhere || body === "" ? null : beginningOf(body));
  return {
    ...presentSummary(project.name, row, row.labels),
    match: { version: row.version, labels: labelsOn(row.version, row.labels, row.newest), nameMarks, snippet },
  };
}
