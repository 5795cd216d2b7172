/** Whose a location is: each is marked with the library that first used it, and two libraries must never be mixed. */
import { PromptlibError } from "../contract/errors.ts";
import { isAway } from "./backups.ts";
import { readMark } from "./claims.ts";
import type { Location } from "./location.ts";

export interface Sorted {
  /** Those of the library, and those that nobody has used or that cannot be read now. */
  ours: Location[];
  foreign: Location[];
  /** null: no location is marked. */
  library: string | null;
}

/** `library` null: nobody knows which one is meant, so it is that of the first location that is marked. */
export async function sortByLibrary(
  locations: readonly Location[],
  library: string | null,
  signal?: AbortSignal,
): Promise<Sorted> {
  const sorted: Sorted = { ours: [], foreign: [], library };
  for (const location of locations) {
    const marked = await libraryOf(location, signal);
    sorted.library ??= marked;
    if (marked === null || marked === sorted.library) sorted.ours.push(location);
    else sorted.foreign.push(location);
  }
  return sorted;
}

/**
 * For a home without a database: throws `library_elsewhere` where a location already belongs to a library. Whoever lost
 * a home and starts anew wants that library back, and not an empty one beside it.
 */
export async function refuseSecondLibrary(locations: readonly Location[]): Promise<void> {
  for (const location of locations) {
    if ((await libraryOf(location)) === null) continue;
    throw new PromptlibError("library_elsewhere", {
      message: `The location ${location.name} (${location.url}) already holds the backups of a library, and this home has no database.`,
    });
  }
}

async function libraryOf(location: Location, signal?: AbortSignal): Promise<string | null> {
  try {
    return (await readMark(location, signal))?.library ?? null;
  } catch (error) {
    // Away, or not to be understood: whoever uses it next is told so.
    if (isAway(error)) return null;
    throw error;
  }
}
