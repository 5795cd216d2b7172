/** The health of the system, asked for as long as somebody looks. */
import { useEffect, useState } from "react";
import { createClient, type PromptlibError, type SystemHealth } from "../../sdk/index.ts";
import { noteFailure } from "../calls.ts";
import { lookAgain } from "../connection.ts";

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
    let last: SystemHealth["status"] = "healthy";
    const look = async () => {
      const begun = performance.now();
      try {
        const health = await client.systemHealth();
        const seen = { health, at: new Date().toISOString(), roundTripMs: performance.now() - begun };
        // The banner need not wait for its own turn.
        if (last !== health.status) lookAgain();
        last = health.status;
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
