/** Search: which prompts come into question, then in which order, then what is shown of each. */
import type { ListQuery } from "../contract/routes.ts";
import type { PromptList } from "../contract/search.ts";
import type { Queries } from "../database/database.ts";
import { parseSearch, type SearchQuery } from "../prompt/search-query.ts";
import type { ProjectRef } from "./find.ts";
import { listPrompts } from "./list.ts";
import { sortPosition } from "./list-filter.ts";
import { cutPage, readPage } from "./page.ts";
import { hasPieces, matchesOf, type SaidWords, type Wanted } from "./search-candidates.ts";
import { type Correction, corrections, wordsQuery } from "./search-correction.ts";
import { hasPhrase, notDenied } from "./search-neighbours.ts";
import { type RankedPage, type RankedRow, readRanked } from "./search-page.ts";
import { presentFound } from "./search-present.ts";
import { searchVersions } from "./search-versions.ts";

export type PromptSearch = Omit<ListQuery, "project">;

/** The list, or where something is looked for, what it is found in. Errors: `invalid_request`. */
export async function listOrSearch(db: Queries, project: ProjectRef, asked: PromptSearch): Promise<PromptList> {
  const { search, in: where = "all", sort: askedSort, ...filter } = asked;
  if (!search) return listPrompts(db, project, asked);
  const query = parseSearch(search);
  if (where === "versions") return searchVersions(db, project, query, filter);
  const page = readPage(filter);
  const sort = askedSort ?? "relevance";
  const ask = (wanted: Partial<Wanted>) => {
    const all = { whole: null, open: null, heads: null, pieces: false, ...wanted };
    return readRanked(db, matchesOf(project, query, filter, all), {
      sort,
      label: filter.label,
      page,
      isUsual: !all.pieces,
    });
  };
  const { ranked, corrected } = await findFirst(db, project, query, where, ask);
  const list = cutPage(ranked.rows, page, {
    list: sort,
    total: ranked.total,
    position: (row: RankedRow) => (sort === "relevance" ? [row.score, row.id] : sortPosition(sort, row)),
    present: (row) => row,
  });
  const items = await presentFound(db, project, query, corrected, list.items);
  return { ...list, totalIsExact: !ranked.cut, items, ...(corrected.length > 0 ? { corrected } : {}) };
}

interface Found {
  ranked: RankedPage;
  corrected: Correction[];
}

/** The next way is gone only when the one before leads nowhere, and the same for each page. */
async function findFirst(
  db: Queries,
  project: ProjectRef,
  query: SearchQuery,
  where: "all" | "names",
  ask: (wanted: Partial<Wanted>) => Promise<RankedPage>,
): Promise<Found> {
  const heads = wordsQuery(project, query, { beginnings: "typed" });
  if (where === "names") {
    return { ranked: await ask(hasPieces(query) ? { pieces: true } : { heads }), corrected: [] };
  }
  const silent = query.unwanted.length > 0;
  const said = await ask({
    whole: saidWords(project, query, "whole"),
    open: saidWords(project, query),
    // What must not be there may be in the text, of which names say nothing.
    heads: silent ? null : heads,
  });
  if (said.total > 0) return { ranked: said, corrected: [] };
  const named = !silent && hasPieces(query) ? await ask({ pieces: true }) : said;
  if (named.total > 0) return { ranked: named, corrected: [] };
  const corrected = await corrections(db, project, query);
  if (corrected.length === 0) return { ranked: named, corrected };
  const alike = await ask({ whole: { words: wordsQuery(project, query, { corrections: corrected }) } });
  return { ranked: alike, corrected: alike.total > 0 ? corrected : [] };
}

function saidWords(project: ProjectRef, query: SearchQuery, beginnings?: "whole"): SaidWords {
  const words = wordsQuery(project, query, { beginnings });
  if (!hasPhrase(query)) return { words };
  const apart = wordsQuery(project, query, { beginnings, apart: true });
  return { words, phrases: { apart, notDenied: notDenied(query, { open: beginnings !== "whole" }) } };
}
