/** The locations of an installation: the folder of its home first, then those of BACKUP_LOCATIONS, in their order. */
import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isErrno } from "../base/files.ts";
import { type FailureDomain, type LocationUrl, parseLocationUrl } from "../base/locations-url.ts";
import { PromptlibError } from "../contract/errors.ts";
import { openFolderLocation } from "./folder-location.ts";
import { patiently } from "./folder-location-patience.ts";
import { makeFolder } from "./folder-location-put.ts";
import type { Location } from "./location.ts";

export interface LocationsOptions {
  /** BACKUP_DIR */
  backupDir: string;
  /** Whether it is made when it is not there (it is, unless said otherwise). Who only looks changes nothing. */
  make?: boolean;
  /** Of BACKUP_LOCATIONS, one each. */
  urls: readonly string[];
  /** PostgreSQL's data directory, which may be still to be made: what lies on its disk is lost with it. */
  postgresData: string;
}

/** Whoever opens them may have somebody waiting. */
const LOOK_MS = 10_000;

/**
 * Throws `config_invalid` with all faults. A folder that is not there now is no fault: its disk may be mounted later,
 * and until then the location says so by itself, as one does that hangs. Only that of BACKUP_DIR is made: `location_unavailable` where it cannot be.
 */
export async function openLocations({
  backupDir,
  make = true,
  urls,
  postgresData,
}: LocationsOptions): Promise<Location[]> {
  const folder = resolve(backupDir);
  const primary: LocationUrl = { url: pathToFileURL(folder).href, path: folder, domain: null, required: false };
  const others = parsed(urls);
  if (make) await makePrimary(folder);
  const seen = await Promise.all(
    [primary, ...others].map(async (location) => ({ ...location, found: await statOf(location.path) })),
  );
  refuseTheSameTwice(seen);
  const disk = await deviceOf(postgresData);
  return seen.map(({ path, url, domain, required, found }, index) =>
    openFolderLocation({
      path,
      url,
      required,
      name: locationName(index),
      domain: domain ?? domainOf(found, disk),
      create: make && index === 0,
    }),
  );
}

function locationName(index: number): string {
  return ["primary", "secondary", "tertiary"][index] ?? `location-${index + 1}`;
}

function parsed(urls: readonly string[]): LocationUrl[] {
  const results = urls.map(parseLocationUrl);
  const faults = results.flatMap((result) => ("faults" in result ? result.faults : []));
  if (faults.length > 0) throw invalid(faults);
  return results.flatMap((result) => ("faults" in result ? [] : [result]));
}

function invalid(faults: string[]): PromptlibError {
  return new PromptlibError("config_invalid", {
    message: `BACKUP_LOCATIONS is not valid: ${faults.join("; ")}.`,
    details: { faults },
  });
}

async function makePrimary(path: string): Promise<void> {
  try {
    await patiently(path, () => makeFolder(path), { patience: LOOK_MS });
  } catch (error) {
    // The others need not wait for it: it says so itself when it is used.
    if (isErrno(error, "ETIMEDOUT")) return;
    throw new PromptlibError("location_unavailable", {
      message: `The folder ${path} for backups cannot be made (${error instanceof Error && "code" in error ? error.code : error}).`,
      cause: error,
    });
  }
}

/** Two names for one folder would count one copy twice. */
function refuseTheSameTwice(all: readonly (LocationUrl & { found: Stats | null })[]): void {
  const seen = new Map<string, string>();
  const faults: string[] = [];
  for (const { path, url, found } of all) {
    const identity = found ? `${found.dev}:${found.ino}` : path;
    const before = seen.get(identity);
    if (before !== undefined) faults.push(`${url} is the same folder as ${before}`);
    seen.set(identity, url);
  }
  if (faults.length > 0) throw invalid(faults);
}

/** Where nothing was said: never better than what is seen. A folder that is not there may be made on any disk. */
function domainOf(found: Stats | null, disk: number | null): FailureDomain {
  return found === null || disk === null || found.dev === disk ? "disk" : "host";
}

/** The device of the path, or of the nearest folder above it that is there. */
async function deviceOf(path: string): Promise<number | null> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const found = await statOf(at);
    if (found) return found.dev;
    if (at === dirname(at)) return null;
  }
}

/** null: not there, hidden from us, or it does not answer. */
async function statOf(path: string): Promise<Stats | null> {
  try {
    return await patiently(path, () => stat(path), { patience: LOOK_MS });
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "EACCES", "EIO", "ESTALE", "ELOOP", "ETIMEDOUT")) return null;
    throw error;
  }
}
