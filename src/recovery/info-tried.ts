/** Which backups were restored and compared, or read back, as the reports in the home tell. */
import { z } from "zod";
import { type BackupInfo, drillReport } from "../contract/recovery-shapes.ts";
import { readReports } from "./reports.ts";

export interface Tried {
  /** By backup, the newest of each. */
  compared: ReadonlyMap<string, NonNullable<BackupInfo["compared"]>>;
  verified: ReadonlyMap<string, NonNullable<BackupInfo["verified"]>>;
}

/** What is kept when a backup was read back. */
const verificationReport = z.object({
  at: z.string(),
  backup: z.string(),
  ok: z.boolean(),
  locations: z.array(z.string()),
});

/** A report of another version, which cannot be understood, tells nothing. */
export async function readTried(recovery: string): Promise<Tried> {
  const drills = (await readReports(recovery, "drills")).flatMap((report) => drillReport.safeParse(report).data ?? []);
  const readBack = (await readReports(recovery, "verifications")).flatMap(
    (report) => verificationReport.safeParse(report).data ?? [],
  );
  return {
    compared: new Map(
      drills.flatMap(({ backup, failure, at, ok, compared: { tables, rows }, seconds }) =>
        // One that ended early compared nothing.
        backup === null || failure !== null ? [] : [[backup, { at, ok, tables, rows, seconds }]],
      ),
    ),
    verified: new Map(readBack.map(({ backup, at, ok, locations }) => [backup, { at, ok, locations }])),
  };
}
