/**
 * Claims: who writes to a location now. Each is a write-once object with the next number; whoever finds a newer claim
 * than its own stops writing there (fencing).
 */
import { z } from "zod";
import { now } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import { type Incarnation, originShape } from "./incarnation.ts";
import { isKnown, memoryOf, remember } from "./known-locations.ts";
import { CLAIMS, type Claim, claimName, FORMAT, type LocationMark, MARK_NAME } from "./layout.ts";
import type { Location } from "./location.ts";
import { readObject } from "./wal-upload-objects.ts";

const markShape = z.object({ format: z.number(), library: z.string() });
const claimShape = z.object({
  number: z.number().int().positive(),
  library: z.string(),
  incarnation: z.string(),
  systemId: z.string(),
  since: z.string(),
  host: z.string(),
  from: originShape.nullable(),
});

/** Bytes of a mark or claim. */
const LARGEST = 64 * 1024;
/** So often another one may take the number that we were about to. */
const TRIES = 5;

/** Who wants to write to a location. */
export interface Claimant {
  incarnation: Incarnation;
  /** For people, of this machine. */
  host: string;
  /** <home>/recovery */
  recovery: string;
}

/** All claims, oldest first. Throws `location_unavailable`, also for one that cannot be understood. */
export async function readClaims(location: Location, signal?: AbortSignal): Promise<Claim[]> {
  const names = (await location.list(CLAIMS, signal)).map(({ name }) => name);
  const claims: Claim[] = [];
  for (const name of names) {
    if (!/^claims\/\d{6,}\.json$/.test(name)) continue;
    const claim = parsed(claimShape, await readObject(location, name, LARGEST, signal));
    // The name counts: it is what "write once" is kept by.
    if (!claim || claimName(claim.number) !== name) {
      throw unusable(location, `${name} is not a claim that can be understood`);
    }
    claims.push(claim);
  }
  return claims.sort((a, b) => a.number - b.number);
}

/** promptlib.json of the location, or null where it was never used. Throws `location_unavailable`. */
export async function readMark(location: Location, signal?: AbortSignal): Promise<LocationMark | null> {
  if (!(await location.stat(MARK_NAME, signal))) return null;
  const mark = parsed(markShape, await readObject(location, MARK_NAME, LARGEST, signal));
  if (mark?.format !== FORMAT) throw unusable(location, `its ${MARK_NAME} cannot be understood by this version`);
  return { format: FORMAT, library: mark.library };
}

/**
 * Makes sure that this incarnation may write to the location, and answers its claims, ours last. The first time it
 * marks the location as the library's. It takes over only from those it descends from or that the restore replaced.
 * Throws `fenced` when somebody else writes there, and `location_unavailable`, also where it belongs to another library
 * and where a mark of ours is gone.
 * `known`: claims of the other locations, for a location that was away while its next-to-last writer lived.
 */
export async function claimLocation(
  location: Location,
  { incarnation, host, recovery }: Claimant,
  { known = [], signal }: { known?: readonly Claim[]; signal?: AbortSignal } = {},
): Promise<Claim[]> {
  await markLocation(location, incarnation.library, recovery, signal);
  for (let tries = 0; tries < TRIES; tries++) {
    const claims = await readClaims(location, signal);
    const newest = claims.at(-1);
    if (newest?.incarnation === incarnation.incarnation) return claims;
    if (newest && (isOurs(claims, incarnation) || !mayReplace(newest, incarnation, [...claims, ...known]))) {
      throw fencedBy(location, newest);
    }
    const claim = newClaim(incarnation, host, (newest?.number ?? 0) + 1);
    const body = Buffer.from(`${JSON.stringify(claim, null, 2)}\n`);
    if ((await location.put(claimName(claim.number), body, signal)) === "stored") return [...claims, claim];
  }
  throw unusable(location, "others claim it again and again");
}

/** Whether nobody has claimed the location since: one look at names. Throws `location_unavailable`. */
export async function isNewest(location: Location, { number }: Claim, signal?: AbortSignal): Promise<boolean> {
  return (await location.list(CLAIMS, signal)).at(-1)?.name === claimName(number);
}

async function markLocation(
  location: Location,
  library: string,
  recovery: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = await readMark(location, signal);
  if (!found) {
    if (await isKnown(recovery, location.url)) throw emptied(location, recovery);
    const mark: LocationMark = { format: FORMAT, library };
    await location.put(MARK_NAME, Buffer.from(`${JSON.stringify(mark)}\n`), signal);
  }
  // Of two at once one wins, so what is there now counts.
  const mark = found ?? (await readMark(location, signal));
  if (mark?.library !== library) throw unusable(location, "it belongs to another library");
  await remember(recovery, location.url);
}

function emptied(location: Location, recovery: string): PromptlibError {
  const file = memoryOf(recovery, location.url);
  return unusable(
    location,
    `its ${MARK_NAME} is gone: its disk is not mounted, or it was emptied. To begin anew with an empty one, stop Prompt Library, remove ${file}, and start it again`,
  );
}

function isOurs(claims: readonly Claim[], { incarnation }: Incarnation): boolean {
  return claims.some((claim) => claim.incarnation === incarnation);
}

/** Whether the newest writer is one that we descend from, or that our restore took over from. */
function mayReplace(newest: Claim, ours: Incarnation, all: readonly Claim[]): boolean {
  if (ours.replaces.includes(newest.incarnation)) return true;
  const seen = new Set<string>();
  let from = ours.from;
  while (from && !seen.has(from.incarnation)) {
    const { incarnation } = from;
    if (incarnation === newest.incarnation) return true;
    seen.add(incarnation);
    from = all.find((claim) => claim.incarnation === incarnation)?.from ?? null;
  }
  return false;
}

function newClaim({ library, incarnation, systemId, from }: Incarnation, host: string, number: number): Claim {
  return { number, library, incarnation, systemId, since: now().toISOString(), host, from };
}

function fencedBy(location: Location, { incarnation, host, since }: Claim): PromptlibError {
  return new PromptlibError("fenced", {
    message: `Another installation (${incarnation} on ${host}) writes to the location ${location.name} since ${since}, so this one does not.`,
    details: { location: location.name, incarnation, host, since },
  });
}

function unusable(location: Location, why: string): PromptlibError {
  return new PromptlibError("location_unavailable", {
    message: `The location ${location.name} (${location.url}) cannot be used: ${why}.`,
    details: { location: location.name },
  });
}

function parsed<T>(shape: z.ZodType<T>, bytes: Buffer): T | null {
  try {
    const result = shape.safeParse(JSON.parse(bytes.toString("utf8")));
    return result.success ? result.data : null;
  } catch {
    return null; // no JSON
  }
}
