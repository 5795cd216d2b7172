/** The attested point of a backup: made after it, and stored beside it in every location that has the backup. */
import type pg from "pg";
import { connect } from "../postgres/connection.ts";
import { attest } from "./attest.ts";
import { isAway } from "./backups.ts";
import { ATTESTED, type Attested, backupFolder } from "./layout.ts";
import type { Location } from "./location.ts";

/** Answers what is attested, or why nothing is this time. Errors: see attest(), and `location_unavailable`. */
export async function attestBackup(
  backup: string,
  { sql, databases }: { sql: pg.ClientConfig; databases: readonly [string, ...string[]] },
  { locations, signal }: { locations: readonly Location[]; signal: AbortSignal },
): Promise<{ attested: Attested; missing: { location: string; reason: string }[] } | { notAttested: string }> {
  const open = async (database: string) => await connect({ ...sql, database, connectionTimeoutMillis: 5_000 });
  const made = await attest(open, { name: `promptlib_${backup}`, databases, signal });
  if ("notAttested" in made) return made;
  const attested: Attested = { ...made, backup };
  const body = Buffer.from(`${JSON.stringify(attested, null, 1)}\n`);
  const missing: { location: string; reason: string }[] = [];
  for (const location of locations) {
    try {
      await location.put(`${backupFolder(backup)}${ATTESTED}`, body, signal);
    } catch (error) {
      // One that went away since the backup keeps the others from nothing.
      if (!isAway(error)) throw error;
      missing.push({ location: location.name, reason: `the figures of the attested point: ${error.message}` });
    }
  }
  return missing.length < locations.length ? { attested, missing } : { notAttested: "no location took the figures" };
}
