/**
 * Filling in what a location missed while it was away: the same bytes, copied from one that has them, the manifest last.
 * What was copied before an interruption stays and is not copied again.
 */
import { PromptlibError } from "../contract/errors.ts";
import { isAway, type ListedBackup } from "./backups.ts";
import { ATTESTED, backupFolder, MANIFEST, POSTGRES_MANIFEST, SUMS } from "./layout.ts";
import type { Location } from "./location.ts";

export interface Filled {
  backup: string;
  location: string;
  from: string;
}

/**
 * `backups`: of one library, as `locations` are, oldest first. The newest is copied first: a place that is too slow to
 * get all of them has what matters most. `mayBegin`: whether there is time for another copy; what is left is for the next
 * time. Answers what was filled in, and what could not be. Throws `interrupted`.
 */
export async function fillIn(
  backups: readonly ListedBackup[],
  locations: readonly Location[],
  { signal, mayBegin = () => true }: { signal: AbortSignal; mayBegin?: () => boolean },
): Promise<{ filled: Filled[]; failed: (Filled & { reason: string })[] }> {
  const filled: Filled[] = [];
  const failed: (Filled & { reason: string })[] = [];
  for (const backup of backups.toReversed()) {
    for (const { from, to, names } of copiesToMake(backup, locations)) {
      if (!mayBegin()) return { filled, failed };
      const one = { backup: backup.id, location: to.name, from: from.name };
      try {
        for (const name of names) await copyObject(`${backupFolder(backup.id)}${name}`, { from, to }, signal);
        filled.push(one);
      } catch (error) {
        if (!isOfThePlaces(error)) throw error;
        failed.push({ ...one, reason: error.message });
      }
    }
  }
  return { filled, failed };
}

interface Copy {
  from: Location;
  to: Location;
  /** In the order to copy them. */
  names: string[];
}

/** All of a backup for each location that has not all of it; only its attested point where nothing else is missing. */
function copiesToMake(
  { state, manifest, attestedIn, in: holders }: ListedBackup,
  locations: readonly Location[],
): Copy[] {
  // The one that has the attested point, too, if there is one.
  const whole = locations.filter(({ name }) => holders.includes(name));
  const from = whole.find(({ name }) => attestedIn.includes(name)) ?? whole[0];
  if (state !== "whole" || !from) return [];
  const parts = manifest?.parts.map(({ name }) => name) ?? [];
  return locations.flatMap((to) => {
    const attested = attestedIn.includes(from.name) && !attestedIn.includes(to.name) ? [ATTESTED] : [];
    const rest = holders.includes(to.name) ? [] : [...parts, SUMS, POSTGRES_MANIFEST];
    const names = [...rest, ...attested, ...(rest.length > 0 ? [MANIFEST] : [])];
    return names.length > 0 ? [{ from, to, names }] : [];
  });
}

/** One of the two is away, or what lies there is spoilt: no reason to leave the others as they are. */
export function isOfThePlaces(error: unknown): error is PromptlibError {
  const isSpoilt = error instanceof PromptlibError && ["backup_damaged", "object_not_found"].includes(error.code);
  return isAway(error) || isSpoilt;
}

/** Nothing is overwritten. Errors: `backup_damaged`, `location_unavailable`, `interrupted`. */
export async function copyObject(name: string, { from, to }: { from: Location; to: Location }, signal: AbortSignal) {
  const wanted = await from.stat(name, signal);
  if (!wanted) throw new PromptlibError("backup_damaged", { message: `${name} is missing in ${from.name}.` });
  const there = await to.stat(name, signal);
  if (there?.size === wanted.size) return;
  // Never overwritten: a piece of another size is nothing of ours to mend.
  if (there) throw new PromptlibError("location_unavailable", { message: `${name} in ${to.name} has another size.` });
  await to.put(name, await from.get(name, undefined, signal), signal);
}
