/** The list as it grows: page after page, as far as one scrolls or searches, kept while one looks at a prompt. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { PromptlibError, PromptSummary } from "../../sdk/index.ts";
import type { LibraryFilter } from "../address.ts";
import { clientOf, noteFailure, noteSource } from "../calls.ts";
import { useRecoveries } from "../connection.ts";

type ServerFilter = Omit<LibraryFilter, "search">;

interface Grown {
  items: readonly PromptSummary[];
  /** null: that was the last page. */
  cursor: string | null | undefined;
  total: number;
  totalIsExact: boolean;
}

export interface Listing extends Grown {
  /** Nothing is known yet. */
  isFirst: boolean;
  loading: boolean;
  error: PromptlibError | null;
  isWhole: boolean;
  more(): void;
}

const NOTHING: Grown = { items: [], cursor: undefined, total: 0, totalIsExact: true };
const FIRST_PAGE = 100;
const PAGE = 200;
const KEPT = 8;
const kept = new Map<string, Grown>();

export function forgetListings(): void {
  kept.clear();
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

async function nextPage(project: string, filter: ServerFilter, grown: Grown): Promise<Grown> {
  const { folder, tag, label, type, sort } = filter;
  const answer = noteSource(
    await clientOf(project).listPrompts({
      sort,
      limit: grown.items.length === 0 ? FIRST_PAGE : PAGE,
      ...(folder === null ? {} : { folder }),
      ...(tag === null ? {} : { tag }),
      ...(label === null ? {} : { label }),
      ...(type === null ? {} : { type }),
      ...(typeof grown.cursor === "string" ? { cursor: grown.cursor } : {}),
    }),
  );
  const { items, nextCursor, total, totalIsExact } = answer;
  return { items: [...grown.items, ...items], cursor: nextCursor, total, totalIsExact };
}

export function useListing(project: string, filter: ServerFilter): Listing {
  const { folder, tag, label, type, sort } = filter;
  const key = JSON.stringify([project, folder, tag, label, type, sort]);
  const recoveries = useRecoveries();
  const [state, setState] = useState<{ key: string; grown: Grown; error: PromptlibError | null; loading: boolean }>();
  const asking = useRef<string | null>(null);
  const own = state?.key === key ? state : null;
  const grown = own?.grown ?? kept.get(key) ?? NOTHING;

  const load = useCallback(
    async (from: Grown) => {
      asking.current = key;
      setState((last) => ({
        key,
        grown: last?.key === key ? last.grown : (kept.get(key) ?? NOTHING),
        error: null,
        loading: true,
      }));
      let next = from;
      let error: PromptlibError | null = null;
      try {
        next = await nextPage(project, { folder, tag, label, type, sort }, from);
        kept.delete(key);
        kept.set(key, next);
        for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT))) kept.delete(oldest);
      } catch (problem) {
        error = noteFailure(problem);
        next = kept.get(key) ?? from;
      }
      if (asking.current !== key) return;
      asking.current = null;
      setState({ key, grown: next, error, loading: false });
    },
    [key, project, folder, tag, label, type, sort],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: what came back makes it load anew
  useEffect(() => {
    const known = kept.get(key);
    if (!known || known.items.length <= FIRST_PAGE) void load(NOTHING);
    return () => {
      asking.current = null;
    };
  }, [load, recoveries]);

  const loading = own?.loading ?? !kept.has(key);
  const isWhole = grown.cursor === null;
  return {
    ...grown,
    isFirst: grown.cursor === undefined,
    loading,
    error: own?.error ?? null,
    isWhole,
    more: () => {
      if (asking.current === null && !isWhole && grown.cursor !== undefined) void load(grown);
    },
  };
}
