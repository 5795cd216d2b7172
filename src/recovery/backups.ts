/**
 * Which backups there are, from what the locations hold: a folder with a manifest is a backup. What is wrong with one
 * is said with it and costs the others nothing.
 */
import { PromptlibError } from "../contract/errors.ts";
import { ATTESTED, type Attested, BACKUPS, type BackupManifest, backupFolder, MANIFEST, type Part } from "./layout.ts";
import type { Location, StoredObject } from "./location.ts";
import { readAttested, readManifest, type Understood } from "./manifest-shapes.ts";
import { readObject } from "./wal-upload-objects.ts";

/** A part of 1 GiB has 256 frames, some 10 KB here: enough for a terabyte, and no way to fill our memory. */
const LARGEST_MANIFEST = 64 * 1024 * 1024;
const AT_ONCE = 8;

export interface ListedBackup {
  id: string;
  /**
   * `whole`: at least one location holds a manifest that can be understood and everything that it names, in the right
   * size. `unfinished`: no location has a manifest, so it is none (yet). `damaged`: there is a manifest, and nowhere all.
   */
  state: "whole" | "unfinished" | "damaged";
  /** null unless it is whole, or damaged with a manifest that can be understood. */
  manifest: BackupManifest | null;
  attested: Attested | null;
  /** The locations that hold the attested point, by name. */
  attestedIn: string[];
  /** The locations that hold it whole, by name, in the order they were given. */
  in: string[];
  /** Bytes that lie in all locations. */
  stored: number;
  /** What is wrong with it, where. */
  problems: { location: string; object: string; problem: string }[];
}

export interface BackupList {
  /** Oldest first. */
  backups: ListedBackup[];
  /** Locations that could not be read. */
  unreachable: { location: string; problem: string }[];
}

/** Never throws for what a location holds or because it is away; `interrupted` when the signal is aborted. */
export async function listBackups(locations: readonly Location[], signal?: AbortSignal): Promise<BackupList> {
  const unreachable: BackupList["unreachable"] = [];
  const found = await Promise.all(
    locations.map(async (location) => {
      try {
        return await copiesIn(location, signal);
      } catch (error) {
        if (!isAway(error)) throw error;
        unreachable.push({ location: location.name, problem: error.message });
        return [];
      }
    }),
  );
  const byId = Map.groupBy(found.flat(), ({ id }) => id);
  const backups = [...byId].map(([id, copies]) => merge(id, copies));
  return { backups: backups.sort((one, other) => (one.id < other.id ? -1 : 1)), unreachable };
}

/** What one location holds of a backup. */
interface Copy {
  id: string;
  location: string;
  /** null: no manifest. */
  manifest: Understood<BackupManifest> | null;
  attested: Understood<Attested> | null;
  stored: number;
  /** Parts that are not there or have another size. */
  missing: { object: string; problem: string }[];
}

async function copiesIn(location: Location, signal?: AbortSignal): Promise<Copy[]> {
  const objects = await location.list(BACKUPS, signal);
  const folders = Map.groupBy(objects, ({ name }) => name.slice(BACKUPS.length).split("/")[0] ?? "");
  const ids = [...folders].filter(([id, inside]) => id !== "" && inside[0]?.name !== `${BACKUPS}${id}`);
  const copies: Copy[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = ids.slice(at, at + AT_ONCE).map(([id, inside]) => copyOf(location, id, inside, signal));
    copies.push(...(await Promise.all(some)));
  }
  return copies;
}

async function copyOf(location: Location, id: string, objects: StoredObject[], signal?: AbortSignal): Promise<Copy> {
  const sizes = new Map(objects.map(({ name, size }) => [name, size]));
  const read = async <T>(name: string, understand: (text: string, id: string) => Understood<T>) => {
    const object = `${backupFolder(id)}${name}`;
    if (!sizes.has(object)) return null;
    try {
      const bytes = await readObject(location, object, LARGEST_MANIFEST, signal);
      return understand(bytes.toString("utf8"), id);
    } catch (error) {
      return { problem: problemOf(error) };
    }
  };
  const manifest = await read(MANIFEST, readManifest);
  const attested = await read(ATTESTED, readAttested);
  const parts = manifest && "value" in manifest ? manifest.value.parts : [];
  return {
    id,
    location: location.name,
    manifest,
    attested,
    stored: objects.reduce((sum, { size }) => sum + size, 0),
    missing: parts.flatMap((part) => faultOfPart(part, sizes.get(`${backupFolder(id)}${part.name}`))),
  };
}

/** One object that cannot be read is the fault of that object; a location that is away is nobody's. */
function problemOf(error: unknown): string {
  if (!(error instanceof PromptlibError)) throw error;
  if (error.code === "object_not_found") return "went away while it was read";
  if (error.code !== "backup_damaged") throw error;
  return error.message;
}

function faultOfPart({ name, size }: Part, found: number | undefined): Copy["missing"] {
  if (found === size) return [];
  return [{ object: name, problem: found === undefined ? "is missing" : `has ${found} bytes in place of ${size}` }];
}

function merge(id: string, copies: readonly Copy[]): ListedBackup {
  const problems = copies.flatMap(({ location, manifest, attested, missing }) => [
    ...(manifest && "problem" in manifest ? [{ location, object: MANIFEST, problem: manifest.problem }] : []),
    ...(attested && "problem" in attested ? [{ location, object: ATTESTED, problem: attested.problem }] : []),
    ...missing.map((fault) => ({ location, ...fault })),
  ]);
  const understood = copies.flatMap(({ manifest, ...copy }) =>
    manifest && "value" in manifest ? [{ ...copy, manifest: manifest.value }] : [],
  );
  const first = understood.find(({ missing }) => missing.length === 0) ?? understood[0];
  // All copies are the same bytes. One that tells another story is not believed.
  const odd = understood.filter(({ manifest }) => manifest.tar.sha256 !== first?.manifest.tar.sha256);
  for (const { location } of odd) {
    problems.push({ location, object: MANIFEST, problem: `is another one than in ${first?.location}` });
  }
  const whole = understood.filter((copy) => copy.missing.length === 0 && !odd.includes(copy));
  const attested = copies.flatMap(({ location, attested }) =>
    attested && "value" in attested ? [{ location, value: attested.value }] : [],
  );
  const begun = copies.some(({ manifest }) => manifest !== null);
  return {
    id,
    state: whole.length > 0 ? "whole" : begun ? "damaged" : "unfinished",
    manifest: first?.manifest ?? null,
    attested: attested[0]?.value ?? null,
    attestedIn: attested.map(({ location }) => location),
    in: whole.map(({ location }) => location),
    stored: copies.reduce((sum, { stored }) => sum + stored, 0),
    problems,
  };
}

/** Whether the place, and not what lies there, is to blame. */
export function isAway(error: unknown): error is PromptlibError {
  return error instanceof PromptlibError && error.code === "location_unavailable";
}

/** Nobody knows what lies in a location that is away: what was not found elsewhere may be there. */
export function refuseForAway(sentence: string, away: BackupList["unreachable"]): void {
  if (away.length === 0) return;
  throw new PromptlibError("location_unavailable", {
    message: [sentence, ...away.map(({ problem }) => problem)].join(" "),
    details: { unreachable: away },
  });
}
