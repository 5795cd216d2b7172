/** The health of the system, asked for as long as somebody looks. */
import { useEffect, useRef } from "react";
import { createClient, type SystemHealth } from "../../sdk/index.ts";
import { lookAgain } from "../connection.ts";
import { type Polled, usePolled } from "../polled.ts";

const LOOK_MS = 2_000;
const client = createClient({ url: location.origin, retries: 0, timeout: 5_000 });

export interface SeenHealth {
  health: SystemHealth;
  roundTripMs: number;
}

export function useLiveHealth(): Polled<SeenHealth> {
  const polled = usePolled(look, LOOK_MS);
  const status = polled.value?.health.status ?? "healthy";
  const last = useRef<SystemHealth["status"]>("healthy");
  // The banner need not wait for its own turn.
  useEffect(() => {
    if (last.current !== status) lookAgain();
    last.current = status;
  }, [status]);
  return polled;
}

async function look(): Promise<SeenHealth> {
  const begun = performance.now();
  const health = await client.systemHealth();
  return { health, roundTripMs: performance.now() - begun };
}
