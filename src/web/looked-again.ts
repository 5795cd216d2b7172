/** What no change event tells of is looked at again now and then. */
import { useEffect } from "react";
import type { Loaded } from "./calls.ts";

const AGAIN_MS = 10_000;

/**
 * For what others change too, and no change event tells of: looked at again as long as somebody sees it, and at once
 * when somebody does again.
 */
export function useLookedAgain({ loading, reload }: Pick<Loaded<unknown>, "loading" | "reload">, ms = AGAIN_MS): void {
  useEffect(() => {
    if (loading) return;
    const look = () => {
      if (!document.hidden) reload();
    };
    const timer = setTimeout(look, ms);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [loading, reload, ms]);
}
