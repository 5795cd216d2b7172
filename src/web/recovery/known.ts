/** What the guardian tells, asked again and again while somebody looks; the last answer stays when it falls silent. */
import { useCallback, useEffect, useRef, useState } from "react";
import { createClient, type PromptlibError } from "../../sdk/index.ts";
import { noteFailure } from "../calls.ts";
import { useRecoveries } from "../connection.ts";

/** It is asked again anyway, and what is away is to be seen at once. */
export const guardian = createClient({ url: location.origin, retries: 0, timeout: 28_000 });

export interface Known<T> {
  /** The last that came, also while nothing more does. */
  value: T | null;
  /** When, by this browser's clock; null: nothing came yet. */
  at: number | null;
  /** Why the last try brought nothing; null: it did. */
  error: PromptlibError | null;
  reload(): void;
}

/** Asked every `ms` while the page is looked at. `load` is always the same. */
export function useKnown<T>(load: () => Promise<T>, ms: number): Known<T> {
  const [known, setKnown] = useState<Omit<Known<T>, "reload">>({ value: null, at: null, error: null });
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
        if (value !== null && isNewest()) setKnown({ value, at: Date.now(), error: null });
      } catch (failure) {
        const error = noteFailure(failure);
        if (isNewest()) setKnown((last) => ({ ...last, error }));
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
  return { ...known, reload };
}

/** The present moment, anew every `ms`: for ages. */
export function useNow(ms = 1_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), ms);
    return () => clearInterval(timer);
  }, [ms]);
  return now;
}

/** Why nothing can be ordered now, as a sentence; null: it can. */
export function refusedBy(error: PromptlibError | null): string | null {
  if (!error) return null;
  if (error.code === "server_unreachable") return "Waits until the server is back.";
  return error.code === "guardian_unreachable" ? "Waits until the guardian is back." : error.message;
}
