/** The locations that the configuration names. Each process opens its own. */
import type { Config } from "../base/config.ts";
import { existingPlace } from "../postgres/place.ts";
import type { Location } from "./location.ts";
import { openLocations } from "./locations.ts";

/**
 * `make`: BACKUP_DIR where it is not there yet; who only looks changes nothing. Errors: `config_invalid`,
 * `location_unavailable` where BACKUP_DIR cannot be made.
 */
export async function configuredLocations({ backup, home }: Config, { make }: { make: boolean }): Promise<Location[]> {
  // A home whose database went away is the very case in which they are needed.
  const place = await existingPlace(home).catch(() => null);
  return await openLocations({
    backupDir: backup.dir,
    make,
    urls: backup.locations,
    postgresData: place?.data ?? home.postgres,
  });
}
