/** Something that is done once and may fail: whether it is on its way, and what became of it. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { PromptlibError } from "../sdk/index.ts";
import { noteFailure } from "./calls.ts";
import { say } from "./shell/notices.tsx";

export interface Deed {
  busy: boolean;
  error: PromptlibError | null;
  /** Answers whether it was done. A second one waits for the first: what comes meanwhile is left out. */
  attempt(work: () => Promise<void>): Promise<boolean>;
  /** Forget how the last one ended. */
  clear(): void;
}

export function useDeed(): Deed {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<PromptlibError | null>(null);
  const running = useRef(false);
  const isHere = useIsHere();
  const attempt = async (work: () => Promise<void>) => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setError(null);
    try {
      await work();
      return true;
    } catch (problem) {
      const failure = noteFailure(problem);
      setError(failure);
      // Who left does not see it in its place.
      if (!isHere()) say(`Not done: ${failure.message}`);
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { busy, error, attempt, clear: () => setError(null) };
}

/** Answers, whenever it is asked, whether one is still where it was begun: who left is not to be brought back by its end. */
export function useIsHere(): () => boolean {
  const isHere = useRef(false);
  useEffect(() => {
    isHere.current = true;
    return () => {
      isHere.current = false;
    };
  }, []);
  return useCallback(() => isHere.current, []);
}
