/** The health of the system, asked for as long as somebody looks. */
import { useEffect, useState } from "react";
import { createClient, type PromptlibError, type SystemHealth } from "../../sdk/index.ts";
import { noteFailure } from "../calls.ts";

const LOOK_MS = 2_000;

export interface LiveHealth {
  /** The last that was answered. */
  seen: { health: SystemHealth; at: string; roundTripMs: number } | null;
  /** Of the last look; null: it was answered. */
  error: PromptlibError | null;
}

export function useLiveHealth(): LiveHealth {
  const [live, setLive] = useState<LiveHealth>({ seen: null, error: null });
  useEffect(() => {
    const client = createClient({ url: location.origin, retries: 0, timeout: 5_000 });
    let over = false;
    let timer = 0;
    const look = async () => {
      const begun = performance.now();
      try {
        const health = await client.systemHealth();
        const seen = { health, at: new Date().toISOString(), roundTripMs: performance.now() - begun };
        if (!over) setLive({ seen, error: null });
      } catch (problem) {
        const error = noteFailure(problem);
        if (!over) setLive(({ seen }) => ({ seen, error }));
      }
      if (!over) timer = setTimeout(whenSeen, LOOK_MS);
    };
    /** Nobody looks at a hidden page. */
    const whenSeen = () => {
      if (document.hidden) timer = setTimeout(whenSeen, LOOK_MS);
      else void look();
    };
    whenSeen();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, []);
  return live;
}
