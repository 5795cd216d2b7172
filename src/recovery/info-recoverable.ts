/** Everything that locations and the spool hold, read once: what a restore plan and promptlib info are made from. */
import { join } from "node:path";
import { PromptlibError } from "../contract/errors.ts";
import { isAway, listBackups } from "./backups.ts";
import { readClaims } from "./claims.ts";
import { type Incarnation, readIncarnation } from "./incarnation.ts";
import type { Claim } from "./layout.ts";
import { sortByLibrary } from "./libraries.ts";
import { lineageOf, type Trace } from "./lineage.ts";
import type { TimelineHistory } from "./lineage-line.ts";
import type { Location } from "./location.ts";
import type { Recoverable } from "./restore-plan-window.ts";
import type { WalCoverage } from "./wal-coverage.ts";
import { readWal, type WalReader } from "./wal-reader.ts";

export interface Gathered extends Recoverable {
  /** By location; a location that is away has none. */
  claims: { location: string; claims: Claim[] }[];
  /** Also fetches the segments of a plan that was made from this. */
  wal: WalReader;
  /** What could not be read, each location and problem once. */
  unreachable: { location: string; problem: string }[];
}

/** As warnings of a plan, that it was made without what could not be read. */
export function unreadIn({ unreachable }: Gathered): string[] {
  return unreachable.map(({ location, problem }) => `${location} could not be read: ${problem}`);
}

/**
 * `recovery`: the directory of that name in the home, with the spool; null: what locations hold must do. Locations that
 * are away are noted, never thrown; `interrupted` when the signal is aborted.
 */
export async function gatherRecoverable(
  all: readonly Location[],
  { recovery, signal }: { recovery: string | null; signal?: AbortSignal },
): Promise<Gathered> {
  const problems: Gathered["unreachable"] = [];
  const own = recovery === null ? null : await ownIncarnation(recovery, problems);
  const { ours: locations, foreign } = await sortByLibrary(all, own?.library ?? null, signal);
  const { backups, unreachable } = await listBackups(locations, signal);
  unreachable.push(...problems, ...foreign.map(leftOut));
  const claims = await Promise.all(
    locations.map(async (location) => {
      try {
        return { location: location.name, claims: await readClaims(location, signal) };
      } catch (error) {
        if (!isAway(error)) throw error;
        unreachable.push({ location: location.name, problem: error.message });
        return { location: location.name, claims: [] };
      }
    }),
  );
  const traces: Trace[] = [...backups.flatMap(({ manifest }) => manifest ?? []), ...(own ? [own] : [])].map(
    ({ incarnation, systemId, ...rest }) => ({ incarnation, systemId, from: "from" in rest ? rest.from : null }),
  );
  const lineage = lineageOf(
    claims.map((one) => one.claims),
    traces,
  );
  const wal = readWal({ locations, spool: recovery === null ? null : join(recovery, "spool") });
  const coverages = new Map<string, WalCoverage>();
  const histories: TimelineHistory[] = [];
  for (const life of lineage.lives.values()) {
    try {
      coverages.set(life.incarnation, await wal.coverage(life, signal));
      histories.push(...(await wal.histories(life, signal)));
    } catch (error) {
      // Everything is away: the reader has noted it.
      if (!isAway(error)) throw error;
    }
  }
  const away = new Map([...unreachable, ...wal.unreachable].map((one) => [`${one.location} ${one.problem}`, one]));
  return { backups, lineage, coverages, histories, claims, wal, unreachable: [...away.values()] };
}

/** A file that is spoilt must not stand in the way of the restore that begins a new life. */
async function ownIncarnation(recovery: string, unreachable: Gathered["unreachable"]): Promise<Incarnation | null> {
  try {
    return await readIncarnation(recovery);
  } catch (error) {
    if (!(error instanceof PromptlibError)) throw error;
    unreachable.push({ location: "this home", problem: error.message });
    return null;
  }
}

function leftOut({ name }: Location): { location: string; problem: string } {
  const problem = `${name} belongs to another library and is left out; an empty home (PROMPTLIB_HOME) can restore that one.`;
  return { location: name, problem };
}
