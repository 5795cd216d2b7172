/** Search: which prompts come into question, then in which order, then what is shown of each. */
import { sql } from "kysely";
import type { ListQuery } from "../contract/routes.ts";
import type { PromptList } from "../contract/search.ts";
import type { Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { parseSearch, type SearchQuery } from "../prompt/search-query.ts";
import { labelsOfPrompt, type ProjectRef } from "./find.ts";
import { listPrompts } from "./list.ts";
import { type ListSort, type PromptFilter, sortedPrompts, sortPosition } from "./list-filter.ts";
import { COUNT_LIMIT, cutPage, type Page, positionAfter, readPage } from "./page.ts";
import { type Candidate, type Candidates, findCandidates } from "./search-candidates.ts";
import { type Correction, corrections, wordsQuery } from "./search-correction.ts";
import { type FoundRow, presentFound } from "./search-present.ts";
import { searchVersions } from "./search-versions.ts";

export type PromptSearch = Omit<ListQuery, "project">;

/** The list, or where something is looked for, what it is found in. Errors: `invalid_request`. */
export async function listOrSearch(db: Queries, project: ProjectRef, asked: PromptSearch): Promise<PromptList> {
  const { search, in: where = "all", sort, ...filter } = asked;
  if (!search) return listPrompts(db, project, asked);
  const query = parseSearch(search);
  if (where === "versions") return searchVersions(db, project, query, filter);
  const { candidates, corrected } = await findAll(db, project, query, filter, where);
  const page = readPage(filter);
  const list = await pageOfCandidates(db, project, { query, candidates, corrected, page, sort: sort ?? "relevance" });
  return corrected.length > 0 ? { ...list, corrected } : list;
}

interface Found {
  candidates: Candidates;
  corrected: Correction[];
}

/** The next way is gone only when the one before leads nowhere, and the same for each page. */
async function findAll(
  db: Queries,
  project: ProjectRef,
  query: SearchQuery,
  filter: PromptFilter,
  where: "all" | "names",
): Promise<Found> {
  const ask = (words: string | null, names: "beginning" | "anywhere" = "beginning") =>
    findCandidates(db, project, query, filter, { words, names });
  const found = (candidates: Candidates, corrected: Correction[] = []) => ({ candidates, corrected });
  if (where === "names") return found(await ask(null, "anywhere"));
  // Whole words are found sooner; where they are too many already, nobody misses their like.
  const whole = wordsQuery(query, { whole: true });
  const first = await ask(whole);
  if (first.cut) return found(first);
  const words = wordsQuery(query);
  const second = words === whole ? first : await ask(words);
  if (second.found.length > 0) return found(second);
  const named = query.unwanted.length > 0 ? second : await ask(null, "anywhere");
  if (named.found.length > 0) return found(named);
  const corrected = await corrections(db, project, query);
  if (corrected.length === 0) return found(named);
  const candidates = await ask(wordsQuery(query, { corrections: corrected }));
  return candidates.found.length > 0 ? found(candidates, corrected) : found(candidates);
}

interface Ranking {
  query: SearchQuery;
  candidates: Candidates;
  corrected: readonly Correction[];
  page: Page;
  sort: ListSort | "relevance";
}

async function pageOfCandidates(db: Queries, project: ProjectRef, ranking: Ranking): Promise<PromptList> {
  const { candidates, sort, page, query, corrected } = ranking;
  const byId = new Map(candidates.found.map((candidate) => [candidate.id, candidate]));
  const total = candidates.cut ? COUNT_LIMIT + 1 : byId.size;
  const rows =
    sort === "relevance"
      ? await inOrder(db, ranked(candidates.found, page))
      : await sortedPrompts(selectPrompts(db, [...byId.keys()]), sort, page)
          .selectAll()
          .select(labelsOfPrompt.as("labels"))
          .limit(page.limit + 1)
          .execute();
  const found = rows.map((row): FoundRow => ({ ...row, version: byId.get(row.id)?.version ?? row.newest }));
  const list = cutPage(found, page, {
    list: sort,
    total,
    position: (row) => (sort === "relevance" ? [String(byId.get(row.id)?.score), row.id] : sortPosition(sort, row)),
    present: (row) => row,
  });
  return { ...list, items: await presentFound(db, project, query, corrected, list.items) };
}

/** Those of the page, and one more if there is one. */
function ranked(found: Candidate[], page: Page): Candidate[] {
  const order = (a: Candidate, b: Candidate) => b.score - a.score || Number(BigInt(b.id) - BigInt(a.id));
  const [score, id] = positionAfter(page, "relevance") ?? [];
  const last = score === undefined || id === undefined ? null : { score: Number(score), id, version: 0 };
  return found
    .filter((one) => last === null || order(last, one) < 0)
    .sort(order)
    .slice(0, page.limit + 1);
}

/** Who is in the trash since is left out. */
async function inOrder(db: Queries, candidates: readonly Candidate[]) {
  const ids = candidates.map(({ id }) => id);
  const rows = await selectPrompts(db, ids).selectAll().select(labelsOfPrompt.as("labels")).execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

function selectPrompts(db: Queries, ids: readonly Id[]) {
  return db.selectFrom("prompts").where(sql<boolean>`id = any(${ids}::bigint[])`).where("trashed_at", "is", null);
}
