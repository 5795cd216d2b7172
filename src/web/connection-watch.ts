/** What is known of the connection by and by: by looking, and by calls that fail. Pure. */
import { type Connection, connectionAfter, isBetter, WELL } from "./connection-state.ts";

export interface Watch {
  connection: Connection;
  /** How often it became better: what failed meanwhile is loaded anew. */
  recoveries: number;
  /** What a call that failed told, and no look has confirmed yet: it may be the trouble of that call alone. */
  told: Connection | null;
  /** When such a trouble was last taken for one that is over, in ms; null: never. */
  gaveChanceAt: number | null;
}

export const AT_FIRST: Watch = { connection: WELL, recoveries: 0, told: null, gaveChanceAt: null };

/** Longer than any call takes: what fails again after a chance gets no second one soon. */
const CHANCE_MS = 300_000;

/** Answers `watch` itself where that tells nothing new. */
export function afterTrouble(watch: Watch, error: unknown): Watch {
  const told = connectionAfter(error);
  if (!told || watch.told || watch.connection.state !== "well") return watch;
  // It may be a proxy that has no way for this one call: away is only what does not answer who looks, either.
  return { ...watch, told, connection: told.state === "away" ? watch.connection : told };
}

/** `now` in ms, by a clock that only goes forward. */
export function afterLook(watch: Watch, found: Connection, now: number): Watch {
  const next = { ...watch, connection: found, told: null };
  if (!isBetter(found, watch.told ?? watch.connection)) return next;
  const recovered = { ...next, recoveries: watch.recoveries + 1 };
  if (!watch.told) return recovered;
  // What fails for ever while all is well would be loaded anew for ever.
  const isSpent = watch.gaveChanceAt !== null && now - watch.gaveChanceAt < CHANCE_MS;
  return isSpent ? next : { ...recovered, gaveChanceAt: now };
}
