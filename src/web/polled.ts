/** What is asked again and again while somebody looks; the last answer stays when nothing more comes. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { PromptlibError } from "../sdk/index.ts";
import { noteFailure } from "./calls.ts";
import { useRecoveries } from "./connection.ts";

export interface Polled<T> {
  /** The last that came, also while nothing more does. */
  value: T | null;
  /** When, by this browser's clock; null: nothing came yet. */
  at: number | null;
  /** Why the last try brought nothing; null: it did. */
  error: PromptlibError | null;
  reload(): void;
}

/** Asked every `ms` while the page is looked at. `load` is always the same. */
export function usePolled<T>(load: () => Promise<T>, ms: number): Polled<T> {
  const [polled, setPolled] = useState<Omit<Polled<T>, "reload">>({ value: null, at: null, error: null });
  const [turn, setTurn] = useState(0);
  const recoveries = useRecoveries();
  const asked = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another turn, or a server that is back, is asked at once
  useEffect(() => {
    let timer = 0;
    let over = false;
    const ask = async () => {
      clearTimeout(timer);
      const number = ++asked.current;
      const isNewest = () => !over && number === asked.current;
      try {
        const value = document.hidden ? null : await load();
        // An answer that was overtaken by a newer one is old.
        if (value !== null && isNewest()) setPolled({ value, at: Date.now(), error: null });
      } catch (failure) {
        const error = noteFailure(failure);
        if (isNewest()) setPolled((last) => ({ ...last, error }));
      }
      if (isNewest()) timer = window.setTimeout(ask, ms);
    };
    const looked = () => {
      if (!document.hidden) void ask();
    };
    void ask();
    document.addEventListener("visibilitychange", looked);
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", looked);
    };
  }, [load, ms, turn, recoveries]);
  const reload = useCallback(() => setTurn((last) => last + 1), []);
  return { ...polled, reload };
}
