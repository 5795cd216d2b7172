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
 * `backups`: of one library, as `locations` are. Answers what was filled in, and what could not be. Throws `interrupted`.
 */
export async function fillIn(
  backups: readonly ListedBackup[],
  locations: readonly Location[],
  signal: AbortSignal,
): Promise<{ filled: Filled[]; failed: (Filled & { reason: string })[] }> {
  const filled: Filled[] = [];
  const failed: (Filled & { reason: string })[] = [];
  for (const backup of backups) {
    const from = locations.find(({ name }) => backup.in.includes(name));
    if (backup.state !== "whole" || !from) continue;
    for (const location of locations) {
      if (backup.in.includes(location.name)) continue;
      const one = { backup: backup.id, location: location.name, from: from.name };
      try {
        await copyBackup(backup, { from, to: location }, signal);
        filled.push(one);
      } catch (error) {
        if (!isOfThePlaces(error)) throw error;
        failed.push({ ...one, reason: error.message });
      }
    }
  }
  return { filled, failed };
}

/** One of the two is away, or what lies there is spoilt: no reason to leave the others as they are. */
function isOfThePlaces(error: unknown): error is PromptlibError {
  const isSpoilt = error instanceof PromptlibError && ["backup_damaged", "object_not_found"].includes(error.code);
  return isAway(error) || isSpoilt;
}

async function copyBackup(
  { id, manifest, attested }: ListedBackup,
  { from, to }: { from: Location; to: Location },
  signal: AbortSignal,
): Promise<void> {
  const parts = manifest?.parts.map(({ name }) => name) ?? [];
  const names = [...parts, SUMS, POSTGRES_MANIFEST, ...(attested ? [ATTESTED] : []), MANIFEST];
  for (const name of names) await copyObject(`${backupFolder(id)}${name}`, { from, to }, signal);
}

async function copyObject(name: string, { from, to }: { from: Location; to: Location }, signal: AbortSignal) {
  const wanted = await from.stat(name, signal);
  if (!wanted) throw new PromptlibError("backup_damaged", { message: `${name} is missing in ${from.name}.` });
  const there = await to.stat(name, signal);
  if (there?.size === wanted.size) return;
  // Never overwritten: a piece of another size is nothing of ours to mend.
  if (there) throw new PromptlibError("location_unavailable", { message: `${name} in ${to.name} has another size.` });
  await to.put(name, await from.get(name, undefined, signal), signal);
}
