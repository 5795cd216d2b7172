/** Reads one backup back from every location that has it; one that is away is named, never taken for one without it. */
import { PromptlibError } from "../contract/errors.ts";
import { type BackupList, isAway, type ListedBackup, listBackups, refuseForAway } from "./backups.ts";
import type { Location } from "./location.ts";
import { verifyBackup } from "./verify.ts";
import type { VerifiedEverywhere, VerifyProgress, VerifyReport } from "./verify-shapes.ts";

interface Options {
  onProgress: (location: string, progress: VerifyProgress) => void;
  signal: AbortSignal;
}

/**
 * `id` null: the newest that can be found. Errors: `backup_not_found` where every location was looked through,
 * `location_unavailable` where the backup may lie in one that is away, `interrupted`.
 */
export async function verifyEverywhere(
  locations: readonly Location[],
  id: string | null,
  { onProgress, signal }: Options,
): Promise<VerifiedEverywhere> {
  const listed = await listBackups(locations, signal);
  const wanted = wantedOf(listed, id);
  const notVerified = [...listed.unreachable];
  const places = new Set([...wanted.in, ...wanted.problems.map(({ location }) => location)]);
  const reports: VerifyReport[] = [];
  for (const location of locations.filter(({ name }) => places.has(name))) {
    try {
      const report = await verifyBackup(location, wanted.id, {
        deep: true,
        signal,
        onProgress: (progress) => onProgress(location.name, progress),
      });
      reports.push(report);
    } catch (error) {
      if (!isAway(error)) throw error;
      notVerified.push({ location: location.name, problem: error.message });
    }
  }
  if (reports.length === 0) refuseForAway("The backup was read back from nowhere.", notVerified);
  return { backup: wanted.id, ok: reports.every(({ ok }) => ok), reports, notVerified };
}

function wantedOf({ backups, unreachable }: BackupList, id: string | null): ListedBackup {
  const wanted =
    id === null ? backups.findLast(({ state }) => state !== "unfinished") : backups.find((one) => one.id === id);
  if (wanted) return wanted;
  refuseForAway(id === null ? "No backup was found." : `The backup ${id} was not found.`, unreachable);
  throw new PromptlibError("backup_not_found", {
    message: id === null ? "There is no backup yet." : `There is no backup ${id}.`,
  });
}
