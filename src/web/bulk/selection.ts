/** Which prompts of the list are chosen, to do something to all of them. Kept while one looks for more. */
import { useCallback, useMemo, useRef, useState } from "react";
import type { FoundPrompt, PromptSummary } from "../../sdk/index.ts";

export interface Selection {
  /** By name. */
  chosen: ReadonlyMap<string, PromptSummary>;
  /** `index`: in the list. `isRange`: all since the one before, as that one was. */
  toggle(rows: readonly FoundPrompt[], index: number, isRange: boolean): void;
  add(prompts: readonly PromptSummary[]): void;
  clear(): void;
}

export function useSelection(): Selection {
  const [chosen, setChosen] = useState<ReadonlyMap<string, PromptSummary>>(new Map());
  const anchor = useRef<string | null>(null);
  const toggle = useCallback((rows: readonly FoundPrompt[], index: number, isRange: boolean) => {
    const from = isRange ? rows.findIndex(({ name }) => name === anchor.current) : -1;
    anchor.current = rows[index]?.name ?? null;
    setChosen((last) => toggled(last, rows, index, from === -1 ? index : from));
  }, []);
  const add = useCallback(
    (prompts: readonly PromptSummary[]) =>
      setChosen((last) => new Map([...last, ...prompts.map((prompt) => [prompt.name, prompt] as const)])),
    [],
  );
  const clear = useCallback(() => setChosen(new Map()), []);
  return useMemo(() => ({ chosen, toggle, add, clear }), [chosen, toggle, add, clear]);
}

/** What is toggled says whether the others of the range are chosen, too. */
export function toggled(
  chosen: ReadonlyMap<string, PromptSummary>,
  rows: readonly PromptSummary[],
  index: number,
  from: number,
): Map<string, PromptSummary> {
  const next = new Map(chosen);
  const it = rows[index];
  if (!it) return next;
  const isChosen = !chosen.has(it.name);
  for (const row of rows.slice(Math.min(from, index), Math.max(from, index) + 1)) {
    if (isChosen) next.set(row.name, row);
    else next.delete(row.name);
  }
  return next;
}
