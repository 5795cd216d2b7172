/** Which entry the keys choose, and what Enter does with it. Pure. */
import type { Entry } from "./matching.ts";

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };

/** Where a key leads to from here; null: it leads nowhere. One step beyond an end is the other end. */
export function steppedTo(key: string, at: number, count: number): number | null {
  const step = STEPS[key];
  if (step === undefined || count === 0) return null;
  if (Math.abs(step) === 1) return (at + step + count) % count;
  return Math.min(Math.max(at + step, 0), count - 1);
}

export interface Offer {
  /** They are told by what is typed, at once. */
  places: readonly Entry[];
  /** Those of what was typed before, while it is looked for the present ones. */
  prompts: readonly Entry[];
  isLooking: boolean;
  /** What somebody pointed at since it was typed; null: nothing. */
  pointed: string | null;
}

/** What was pointed at, as long as it is there; else the first. -1: there is none. */
export function chosenOf({ places, prompts, pointed }: Offer): number {
  const entries = [...places, ...prompts];
  return Math.max(
    entries.findIndex(({ key }) => key === pointed),
    Math.min(0, entries.length - 1),
  );
}

/** "later": what was found for the letters before is not what is meant. undefined: nothing is. */
export function entered(offer: Offer): Entry | "later" | undefined {
  const entry = [...offer.places, ...offer.prompts][chosenOf(offer)];
  const isMeant = entry !== undefined && (entry.key === offer.pointed || offer.places.includes(entry));
  return offer.isLooking && !isMeant ? "later" : entry;
}
