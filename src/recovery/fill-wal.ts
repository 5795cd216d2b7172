/**
 * Filling in the WAL that a location lacks and another has: it joined later, or was away longer than the spool could
 * wait. What is being written now is the receiver's to bring.
 */
import { isAway } from "./backups.ts";
import { copyObject, type Filled, isOfThePlaces } from "./fill.ts";
import { parseWalObject, segmentObject, WAL } from "./layout.ts";
import type { Location } from "./location.ts";

type FilledWal = Omit<Filled, "backup"> & { objects: number };

interface Stock {
  location: Location;
  names: Set<string>;
}

/**
 * `growing`: the folder of the present life of the database. Answers what was filled in, and what could not be; what may
 * not begin any more is left for the next time, the oldest. Throws `interrupted`.
 */
export async function fillInWal(
  growing: string,
  locations: readonly Location[],
  { signal, mayBegin = () => true }: { signal: AbortSignal; mayBegin?: () => boolean },
): Promise<{ filled: FilledWal[]; failed: (FilledWal & { reason: string })[] }> {
  const filled: FilledWal[] = [];
  const failed: (FilledWal & { reason: string })[] = [];
  const stocks = await stocksOf(locations, signal);
  for (const to of stocks) {
    for (const from of stocks) {
      const one = { location: to.location.name, from: from.location.name, objects: 0 };
      let reason: string | null = null;
      for (const name of missingWal(from.names, to.names, growing).toReversed()) {
        if (!mayBegin()) break;
        try {
          await copyObject(name, { from: from.location, to: to.location }, signal);
          to.names.add(name);
          one.objects += 1;
        } catch (error) {
          // One that is spoilt keeps the others from nothing; a place that is away does.
          if (!isOfThePlaces(error)) throw error;
          reason ??= error.message;
          if (isAway(error)) break;
        }
      }
      if (one.objects > 0) filled.push(one);
      if (reason !== null) failed.push({ ...one, reason });
    }
  }
  return { filled, failed };
}

async function stocksOf(locations: readonly Location[], signal: AbortSignal): Promise<Stock[]> {
  const stocks: Stock[] = [];
  for (const location of locations) {
    try {
      const objects = await location.list(WAL, signal);
      stocks.push({ location, names: new Set(objects.map(({ name }) => name)) });
    } catch (error) {
      if (!isAway(error)) throw error;
    }
  }
  return stocks;
}

/** Names of WAL objects of `there` that `here` lacks, in order. Of the growing folder only what lies before its newest. */
export function missingWal(there: ReadonlySet<string>, here: ReadonlySet<string>, growing: string): string[] {
  const limit = newestSegment(here, growing);
  return [...there]
    .filter((name) => {
      const folder = /^wal\/[^/]+\//.exec(name)?.[0] ?? "";
      const object = parseWalObject(folder, name);
      if (!object || here.has(name)) return false;
      if (object.kind === "history") return folder !== growing || limit !== null;
      // A whole segment takes the place of its fragments.
      if (here.has(segmentObject(folder, object.timeline, object.segment))) return false;
      return folder !== growing || (limit !== null && object.segment < limit);
    })
    .sort();
}

function newestSegment(names: ReadonlySet<string>, folder: string): string | null {
  let newest: string | null = null;
  for (const name of names) {
    const object = name.startsWith(folder) ? parseWalObject(folder, name) : null;
    if (object && object.kind !== "history" && (newest === null || object.segment > newest)) newest = object.segment;
  }
  return newest;
}
