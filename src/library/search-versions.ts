/**
 * Search in every version, also those that nothing indexes: prompt by prompt in the order of their names, so many
 * versions for each page. A page may have few items or none, and the next one goes on.
 */
import { sql } from "kysely";
import type { PromptList } from "../contract/search.ts";
import type { Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import type { SearchQuery } from "../prompt/search-query.ts";
import { labelsOfPrompt, type ProjectRef } from "./find.ts";
import { filteredPrompts, nameBytes, type PromptFilter } from "./list-filter.ts";
import { type Page, type PageQuery, positionAfter, readPage, writeCursor } from "./page.ts";
import { like } from "./search-candidates.ts";
import { type FoundRow, plainTextOf, presentFound } from "./search-present.ts";

/** Looked through for one page: some tenth of a second. */
const PROMPTS_AT_ONCE = 2_000;
const VERSIONS_AT_ONCE = 10_000;

export async function searchVersions(
  db: Queries,
  project: ProjectRef,
  query: SearchQuery,
  filter: PromptFilter & PageQuery,
): Promise<PromptList> {
  const page = readPage(filter);
  const stretch = await readStretch(db, project, filter, page);
  const rows = await findIn(db, query, stretch, page);
  const items = await presentFound(db, project, query, [], rows.slice(0, page.limit));
  const nextCursor = goOn(rows, stretch, page);
  return { items, nextCursor, total: items.length, totalIsExact: nextCursor === null && page.cursor === null };
}

interface Stretch {
  prompts: { id: Id; name: string }[];
  /** Whether prompts come behind it. */
  more: boolean;
  /** Of the first of them only versions below are left. */
  below: { name: string; version: number } | null;
}

async function readStretch(db: Queries, project: ProjectRef, filter: PromptFilter, page: Page): Promise<Stretch> {
  const [name, version] = positionAfter(page, "relevance in versions") ?? [];
  const below = name === undefined ? null : { name, version: Number(version) };
  let prompts = filteredPrompts(db, project, filter)
    .select(["id", "name", "newest"])
    .orderBy(nameBytes)
    .limit(PROMPTS_AT_ONCE + 1);
  if (below) prompts = prompts.where(nameBytes, below.version > 1 ? ">=" : ">", below.name);
  const rows = await prompts.execute();
  let versions = 0;
  // The first one whatever it has: there must be an end.
  const end = rows.findIndex(({ newest }, at) => {
    versions += newest;
    return at > 0 && (versions > VERSIONS_AT_ONCE || at >= PROMPTS_AT_ONCE);
  });
  return { prompts: end < 0 ? rows : rows.slice(0, end), more: end >= 0, below };
}

async function findIn(db: Queries, { wanted, unwanted }: SearchQuery, { prompts, below }: Stretch, page: Page) {
  const patterns = (terms: typeof wanted) => sql`${terms.map(({ text }) => like(text))}::text[]`;
  const { rows } = await sql<FoundRow>`
    select prompts.*, v.version, ${labelsOfPrompt} as labels
    from prompts join versions v on v.prompt_id = prompts.id
    cross join lateral (select search_folded(${plainTextOf}) as folded offset 0) body
    where prompts.id = any(${prompts.map(({ id }) => id)}::bigint[]) and v.redacted_at is null
      and (${below === null} or (${nameBytes}, -v.version) > (${below?.name ?? ""}, ${-(below?.version ?? 0)}::int))
      and body.folded like all(${patterns(wanted)}) and not (body.folded like any(${patterns(unwanted)}))
    order by ${nameBytes}, v.version desc
    limit ${page.limit + 1}`.execute(db);
  return rows;
}

/** Behind the last that is shown; or, where all of the stretch is, behind that. */
function goOn(rows: readonly FoundRow[], { prompts, more }: Stretch, page: Page): string | null {
  const last = rows.length > page.limit ? rows[page.limit - 1] : undefined;
  if (last) return writeCursor("relevance in versions", [last.name, String(last.version)]);
  const end = more ? prompts.at(-1) : undefined;
  return end ? writeCursor("relevance in versions", [end.name, "0"]) : null;
}
