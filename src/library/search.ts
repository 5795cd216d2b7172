/** Search: which prompts come into question, then in which order, then what is shown of each. */
import { sql } from "kysely";
import type { ListQuery } from "../contract/routes.ts";
import type { PromptList } from "../contract/search.ts";
import type { Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { parseSearch, type SearchQuery } from "../prompt/search-query.ts";
import { labelsOfPrompt, type ProjectRef } from "./find.ts";
import { listPrompts } from "./list.ts";
import { type ListSort, sortedPrompts, sortPosition } from "./list-filter.ts";
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
  const page = readPage(filter);
  const [, , corrected] = sort === undefined || sort === "relevance" ? (positionAfter(page, "relevance") ?? []) : [];
  const ask = (taken: readonly Correction[]) =>
    findCandidates(db, project, query, filter, { namesOnly: where === "names", words: wordsQuery(query, taken) });
  let candidates: Candidates = corrected ? { found: [], cut: false } : await ask([]);
  let taken: Correction[] = [];
  if (candidates.found.length === 0 && where === "all") {
    taken = await corrections(db, project, query);
    if (taken.length > 0) candidates = await ask(taken);
  }
  const list = await pageOfCandidates(db, project, { query, candidates, taken, page, sort: sort ?? "relevance" });
  return taken.length > 0 && candidates.found.length > 0 ? { ...list, corrected: taken } : list;
}

interface Ranking {
  query: SearchQuery;
  candidates: Candidates;
  taken: readonly Correction[];
  page: Page;
  sort: ListSort | "relevance";
}

async function pageOfCandidates(db: Queries, project: ProjectRef, ranking: Ranking): Promise<PromptList> {
  const { candidates, sort, page, query, taken } = ranking;
  const byId = new Map(candidates.found.map((candidate) => [candidate.id, candidate]));
  const total = candidates.cut ? COUNT_LIMIT + 1 : byId.size;
  const corrected = taken.length > 0 ? "corrected" : "";
  const rows =
    sort === "relevance"
      ? await inOrder(db, ranked(candidates.found, page))
      : await sortedPrompts(selectPrompts(db, [...byId.keys()]), sort, page)
          .selectAll()
          .select(labelsOfPrompt.as("labels"))
          .limit(page.limit + 1)
          .execute();
  const found = rows.map((row): FoundRow => ({ ...row, version: byId.get(row.id)?.version ?? row.newest }));
  const present = await presentFound(db, project, query, taken, found.slice(0, page.limit));
  return cutPage(found, page, {
    list: sort,
    total,
    position: (row) =>
      sort === "relevance" ? [String(byId.get(row.id)?.score), row.id, corrected] : sortPosition(sort, row),
    present,
  });
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
