/** What verifying is told, and what it answers. Pure. */

export interface VerifyOptions {
  /** All WAL from the backup to the newest; else only what its attested point needs. */
  deep: boolean;
  onProgress?: (progress: VerifyProgress) => void;
  signal?: AbortSignal;
}

/** Bytes before compression, read so far and in all. */
export interface VerifyProgress {
  phase: "archive" | "wal";
  done: number;
  total: number;
}

export interface VerifyFinding {
  /** In the location; a folder where it is about something that is missing below it. */
  object: string;
  /** What is wrong, to follow on the name. */
  problem: string;
}

export interface VerifyReport {
  backup: string;
  location: string;
  deep: boolean;
  /** No findings. */
  ok: boolean;
  findings: VerifyFinding[];
  /** What was read back: bytes of the archive and files in it, objects of WAL. */
  read: { bytes: number; files: number; walObjects: number };
  /** From the backup's end on there is WAL without a gap up to here; null: the manifest cannot be read. */
  walUpTo: string | null;
}

/** Of all locations. */
export interface VerifiedEverywhere {
  backup: string;
  /** No findings in what was read back. */
  ok: boolean;
  reports: VerifyReport[];
  /** Locations that are away: what they hold nobody knows. */
  notVerified: { location: string; problem: string }[];
}

export function notVerifiedLines({ notVerified }: Pick<VerifiedEverywhere, "notVerified">): string[] {
  return notVerified.map(({ location, problem }) => `not verified: ${location}, ${problem}`);
}
