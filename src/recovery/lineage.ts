/**
 * The lives of the database and how one came from another, from the claims that the locations hold. A restore begins a
 * new incarnation; of several that began from the same one, the one that claims last is the line that counts. Pure.
 */
import { parseLsn } from "../postgres/lsn.ts";
import type { Claim, Origin } from "./layout.ts";

/** One incarnation, as far as it is known. */
export interface Life {
  incarnation: string;
  systemId: string;
  from: Origin | null;
  /** When it first claimed a location, ISO 8601; null where no claim of it is known. */
  since: string | null;
  host: string | null;
}

export interface Lineage {
  /** All of them, by incarnation. */
  lives: ReadonlyMap<string, Life>;
  /** The one that writes now, or wrote last; null where nothing is known at all. */
  present: Life | null;
  /** From the first one to the present one. */
  chain: Life[];
  /** Those that nobody continues, oldest claim first. */
  abandoned: Life[];
  /** What is odd about it, in sentences. */
  warnings: string[];
}

/** Something else that tells of an incarnation: a manifest, a folder of WAL, recovery/incarnation.json. Oldest first. */
export interface Trace {
  incarnation: string;
  systemId: string;
  from?: Origin | null;
}

/**
 * `claims`: for each location all of its claims. `traces` fill in what no claim tells; they never make an incarnation
 * the present one while there is a claim of one that does not lead to it.
 */
export function lineageOf(claims: readonly (readonly Claim[])[], traces: readonly Trace[] = []): Lineage {
  const warnings: string[] = [];
  const lives = livesOf(claims, traces, warnings);
  const present = presentOf(claims, traces, lives, warnings);
  const chain = present ? chainOf(present, lives).reverse() : [];
  const onLine = new Set(chain.map(({ incarnation }) => incarnation));
  return {
    lives,
    present,
    chain,
    abandoned: [...lives.values()].filter(({ incarnation }) => !onLine.has(incarnation)).sort(byClaim),
    warnings,
  };
}

/** From this one back to the first that is known. */
export function chainOf(life: Life, lives: ReadonlyMap<string, Life>): Life[] {
  const chain: Life[] = [];
  for (let at: Life | undefined = life; at && !chain.includes(at); ) {
    chain.push(at);
    at = at.from ? lives.get(at.from.incarnation) : undefined;
  }
  return chain;
}

function livesOf(
  claims: readonly (readonly Claim[])[],
  traces: readonly Trace[],
  warnings: string[],
): Map<string, Life> {
  const lives = new Map<string, Life>();
  for (const { number, incarnation, systemId, from: origin, since, host } of claims.flat()) {
    const known = lives.get(incarnation);
    if (known?.since && known.since <= since) continue;
    const from = origin && isLsn(origin.lsn) ? origin : null;
    if (origin && !from) warnings.push(`Claim ${number} does not say where ${incarnation} began: ${origin.lsn}.`);
    lives.set(incarnation, { incarnation, systemId, from, since, host });
  }
  for (const { incarnation, systemId, from = null } of traces) {
    const known = lives.get(incarnation);
    if (!known) lives.set(incarnation, { incarnation, systemId, from, since: null, host: null });
    else known.from ??= from;
  }
  // A restored cluster keeps its system identifier, so an ancestor that nothing else tells of has the same one.
  for (let grew = true; grew; ) {
    grew = false;
    for (const { from, systemId } of [...lives.values()]) {
      if (!from || lives.has(from.incarnation)) continue;
      lives.set(from.incarnation, { incarnation: from.incarnation, systemId, from: null, since: null, host: null });
      grew = true;
    }
  }
  return lives;
}

function presentOf(
  claims: readonly (readonly Claim[])[],
  traces: readonly Trace[],
  lives: ReadonlyMap<string, Life>,
  warnings: string[],
): Life | null {
  const newest = claims.flatMap((ofLocation) =>
    ofLocation.toSorted((one, other) => one.number - other.number).slice(-1),
  );
  const heads = newest.flatMap(({ incarnation }) => lives.get(incarnation) ?? []);
  if (heads.length === 0) return lives.get(traces.at(-1)?.incarnation ?? "") ?? null;
  // A location that was away when the next one began still has the claim of its ancestor as the newest.
  const ends = [...new Set(heads)].filter((head) => !heads.some((other) => descends(other, head, lives)));
  const [first, ...others] = ends.toSorted((one, other) => byClaim(other, one));
  const present = first ?? heads[0] ?? null;
  for (const { incarnation, host } of others) {
    warnings.push(
      `The locations disagree about who writes: ${present?.incarnation} on ${present?.host} claimed last, and ${incarnation} on ${host} has the newest claim elsewhere.`,
    );
  }
  return successorOf(present, traces, lives);
}

/** A home whose locations were all away since its restore could claim none of them. */
function successorOf(present: Life | null, traces: readonly Trace[], lives: ReadonlyMap<string, Life>): Life | null {
  for (const { incarnation } of traces.toReversed()) {
    const life = lives.get(incarnation);
    if (life && present && life.since === null && descends(life, present, lives)) return life;
  }
  return present;
}

function descends(life: Life, ancestor: Life, lives: ReadonlyMap<string, Life>): boolean {
  return life !== ancestor && chainOf(life, lives).includes(ancestor);
}

function isLsn(text: string): boolean {
  try {
    parseLsn(text);
    return true;
  } catch {
    return false; // RangeError is all that it throws
  }
}

function byClaim(one: Life, other: Life): number {
  const [first, second] = [one.since ?? "", other.since ?? ""];
  return first < second ? -1 : first > second ? 1 : one.incarnation < other.incarnation ? -1 : 1;
}
