/** The guardian, as the page of recovery asks it. */
import { useEffect, useState } from "react";
import { createClient, type PromptlibError } from "../../sdk/index.ts";

/** It is asked again anyway, and what is away is to be seen at once. */
export const guardian = createClient({ url: location.origin, retries: 0, timeout: 28_000 });

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
