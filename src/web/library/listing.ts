/** The list as it grows: page after page, as far as one scrolls or searches, kept while one looks at a prompt. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { PromptFilter, PromptlibError, PromptSummary } from "../../sdk/index.ts";
import type { LibraryFilter } from "../address.ts";
import { clientOf, noteFailure, noteSource } from "../calls.ts";
import { useReadsRefused, useRecoveries } from "../connection.ts";
import { type Grown, inPlace, isSameOrder, NOTHING } from "./grown.ts";

export interface Listing extends Grown {
  /** Nothing is known yet. */
  isFirst: boolean;
  /** What is shown is what was asked for before. */
  isOld: boolean;
  loading: boolean;
  error: PromptlibError | null;
  isWhole: boolean;
  more(): void;
  /** Something was changed. */
  reload(): void;
  /**
   * Somebody changed something: each row says so where it is. Others come, go and change places only if `mayMove`;
   * else the list is behind. `later`: it was being asked for something else.
   */
  follow(mayMove: () => boolean): Promise<"done" | "later">;
  isBehind: boolean;
}

/** What a window shows, and some: each letter that is typed asks for it. */
const FIRST_PAGE = 30;
const PAGE = 200;
/** Who scrolled further asks for the list anew himself. */
const FOLLOWED = FIRST_PAGE + 3 * PAGE;
const KEPT = 24;
const kept = new Map<string, Grown>();

export function forgetListings(): void {
  kept.clear();
}

function keep(key: string, grown: Grown): void {
  kept.delete(key);
  kept.set(key, grown);
  for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT))) kept.delete(oldest);
}

/** A prompt was changed here: the kept lists say so, without being loaded anew. */
export function noteChange(project: string, name: string, change: Partial<PromptSummary>): void {
  for (const [key, grown] of kept) {
    const items = grown.items.map((item) =>
      item.project === project && item.name === name ? { ...item, ...change } : item,
    );
    kept.set(key, { ...grown, items });
  }
}

/** What the server is asked for. */
export function queryOf({ search, folder, tag, label, type, sort }: LibraryFilter, namesOnly = false): PromptFilter {
  return {
    ...(search === "" ? {} : { search, ...(namesOnly ? { in: "names" } : {}) }),
    ...(sort === null ? {} : { sort }),
    ...(folder === null ? {} : { folder }),
    ...(tag === null ? {} : { tag }),
    ...(label === null ? {} : { label }),
    ...(type === null ? {} : { type }),
  };
}

async function nextPage(project: string, filter: LibraryFilter, namesOnly: boolean, grown: Grown): Promise<Grown> {
  const answer = noteSource(
    await clientOf(project).listPrompts({
      ...queryOf(filter, namesOnly),
      limit: grown.items.length === 0 ? FIRST_PAGE : PAGE,
      ...(typeof grown.cursor === "string" ? { cursor: grown.cursor } : {}),
    }),
  );
  const { items, nextCursor, total, totalIsExact, corrected = grown.corrected } = answer;
  return { items: [...grown.items, ...items], cursor: nextCursor, total, totalIsExact, corrected };
}

interface State {
  key: string;
  grown: Grown;
  error: PromptlibError | null;
  loading: boolean;
  isBehind: boolean;
}

/** While the database is away, only names are looked through. */
export function useListing(project: string, filter: LibraryFilter): Listing {
  const { search, folder, tag, label, type, sort } = filter;
  const asked = useMemo(() => ({ search, folder, tag, label, type, sort }), [search, folder, tag, label, type, sort]);
  const namesOnly = useReadsRefused() !== null && search !== "";
  const key = JSON.stringify([project, search, folder, tag, label, type, sort, namesOnly]);
  const recoveries = useRecoveries();
  const [state, setState] = useState<State>();
  /** The load that is under way: a later one takes the place of one before it, which then changes nothing. */
  const asking = useRef<object | null>(null);
  const own = state?.key === key ? state : null;
  const present = own?.grown ?? kept.get(key) ?? NOTHING;
  /** How often it was loaded. */
  const turn = useRef(0);
  const before = useRef({ project, grown: NOTHING });
  const isOld = present.cursor === undefined && !own?.error && before.current.project === project;
  const grown = isOld ? before.current.grown : present;
  useEffect(() => {
    if (present.cursor !== undefined) before.current = { project, grown: present };
  }, [present, project]);

  /** `wanted`: how many rows there shall be at least, as far as there are so many. */
  const load = useCallback(
    async (from: Grown, wanted = 0) => {
      const mine = {};
      asking.current = mine;
      turn.current += 1;
      const isMore = from !== NOTHING;
      setState((last) => ({
        key,
        isBehind: isMore && last?.isBehind === true,
        grown: last?.key === key ? last.grown : (kept.get(key) ?? NOTHING),
        error: null,
        loading: true,
      }));
      let next = from;
      let error: PromptlibError | null = null;
      try {
        do next = await nextPage(project, asked, namesOnly, next);
        while (next.items.length < wanted && next.cursor !== null && asking.current === mine);
        if (asking.current !== mine) return;
        keep(key, next);
      } catch (problem) {
        error = noteFailure(problem);
        next = kept.get(key) ?? from;
      }
      if (asking.current !== mine) return;
      asking.current = null;
      setState((last) => ({ key, isBehind: isMore && last?.isBehind === true, grown: next, error, loading: false }));
    },
    [key, project, asked, namesOnly],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: what came back makes it load anew
  useEffect(() => {
    // All that is shown, however far somebody had scrolled: a row that was left out would be wrong for ever.
    void load(NOTHING, kept.get(key)?.items.length);
    return () => {
      asking.current = null;
      turn.current += 1;
    };
  }, [load, recoveries]);

  const follow = async (mayMove: () => boolean) => {
    if (asking.current !== null) return "later";
    if (own === null || present.items.length > FOLLOWED) {
      setState((last) => last && { ...last, isBehind: true });
      return "done";
    }
    const begun = turn.current;
    let fresh = NOTHING;
    try {
      do fresh = await nextPage(project, asked, namesOnly, fresh);
      while (fresh.items.length < present.items.length && fresh.cursor !== null);
    } catch (problem) {
      noteFailure(problem);
      return "later";
    }
    // It was loaded meanwhile, maybe after this was answered.
    if (turn.current !== begun) return "later";
    const next = isSameOrder(present, fresh) || mayMove() ? fresh : inPlace(present, fresh);
    keep(key, next);
    setState({ key, grown: next, error: null, loading: false, isBehind: next !== fresh });
    return "done";
  };

  const loading = own?.loading ?? !kept.has(key);
  const isWhole = present.cursor === null;
  return {
    ...grown,
    isFirst: grown.cursor === undefined,
    isOld,
    loading,
    error: own?.error ?? null,
    isWhole,
    more: () => {
      if (asking.current === null && !isWhole && present.cursor !== undefined) void load(present);
    },
    reload: () => void load(NOTHING, present.items.length),
    follow,
    isBehind: own?.isBehind === true,
  };
}
