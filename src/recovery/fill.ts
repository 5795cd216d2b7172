/**
 * Filling in what a location missed while it was away: the same bytes, copied from one that has them, the manifest last.
 * What was copied before an interruption stays and is not copied again. Parts are compared with the manifest on the way:
 * a disk that rots must not pass that on.
 */
import { createHash } from "node:crypto";
import { pipeline, type Readable, Transform } from "node:stream";
import { PromptlibError } from "../contract/errors.ts";
import { isAway, type ListedBackup } from "./backups.ts";
import { ATTESTED, backupFolder, MANIFEST, POSTGRES_MANIFEST, SUMS } from "./layout.ts";
import type { Location } from "./location.ts";

export interface Filled {
  backup: string;
  location: string;
  from: string;
  /** What was damaged there, or missing, and was taken from another location, in sentences. */
  damaged?: string;
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
    for (const { from, others, to, names } of copiesToMake(backup, locations)) {
      if (!mayBegin()) return { filled, failed };
      const one = { backup: backup.id, location: to.name, from: from.name };
      try {
        const damaged: string[] = [];
        for (const name of names)
          damaged.push(...(await copyOf(backup, name, { sources: [from, ...others], to }, signal)));
        filled.push(damaged.length === 0 ? one : { ...one, damaged: damaged.join(" ") });
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
  /** That have it whole, too, as far as sizes tell. */
  others: Location[];
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
    const others = whole.filter((one) => one !== from && one !== to);
    return names.length > 0 ? [{ from, others, to, names }] : [];
  });
}

/** From the first source that gives it as the manifest says. Answers what is wrong with those before, in sentences. */
async function copyOf(
  { id, manifest }: ListedBackup,
  name: string,
  { sources, to }: { sources: readonly Location[]; to: Location },
  signal: AbortSignal,
): Promise<string[]> {
  const sha256 = manifest?.parts.find((part) => part.name === name)?.sha256;
  const damaged: string[] = [];
  for (const from of sources) {
    try {
      await copyObject(`${backupFolder(id)}${name}`, { from, to, ...(sha256 ? { sha256 } : {}) }, signal);
      return damaged;
    } catch (error) {
      if (!isSpoilt(error)) throw error;
      damaged.push(error.message);
    }
  }
  throw new PromptlibError("backup_damaged", { message: damaged.join(" ") });
}

/** One of the two is away, or what lies there is spoilt: no reason to leave the others as they are. */
export function isOfThePlaces(error: unknown): error is PromptlibError {
  return isAway(error) || isSpoilt(error);
}

function isSpoilt(error: unknown): error is PromptlibError {
  return error instanceof PromptlibError && ["backup_damaged", "object_not_found"].includes(error.code);
}

interface Ways {
  from: Location;
  to: Location;
  /** Of its bytes, where that is known: others are not stored. */
  sha256?: string;
}

/** Nothing is overwritten. Errors: `backup_damaged`, `location_unavailable`, `interrupted`. */
export async function copyObject(name: string, { from, to, sha256 }: Ways, signal: AbortSignal) {
  const wanted = await from.stat(name, signal);
  if (!wanted) throw new PromptlibError("backup_damaged", { message: `${name} is missing in ${from.name}.` });
  const there = await to.stat(name, signal);
  if (there?.size === wanted.size) return;
  // Never overwritten: a piece of another size is nothing of ours to mend.
  if (there) throw new PromptlibError("location_unavailable", { message: `${name} in ${to.name} has another size.` });
  const bytes = await from.get(name, undefined, signal);
  const damaged = `${name} in ${from.name} is not what its manifest says (SHA-256).`;
  await to.put(name, sha256 === undefined ? bytes : compared(bytes, { sha256, damaged }), signal);
}

/** The same bytes; other ones end with an error, and what is not put to its end is not stored. */
function compared(bytes: Readable, { sha256, damaged }: { sha256: string; damaged: string }): Readable {
  const hash = createHash("sha256");
  const through = new Transform({
    transform(piece: Buffer, _encoding, done) {
      hash.update(piece);
      done(null, piece);
    },
    flush(done) {
      done(hash.digest("hex") === sha256 ? null : new PromptlibError("backup_damaged", { message: damaged }));
    },
  });
  // Whoever reads hears of the error.
  return pipeline(bytes, through, () => {});
}
