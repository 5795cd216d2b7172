/** What PostgreSQL says in its log while it recovers, and what it means. Pure. */
import { PromptlibError } from "../contract/errors.ts";

/** `details.reason` of `restore_failed` when a scratch server does not come up. */
export type ScratchFailure =
  /** The WAL ended before the target: start again with target null, or bring more WAL; it continues. */
  | "target_not_reached"
  /** The target lies before the end of the backup. */
  | "target_too_early"
  /** WAL that the backup cannot do without is missing or damaged, or the control file is. */
  | "no_checkpoint"
  /** The WAL to restore from could not be read. */
  | "wal_unreadable"
  | "other";

const FAILURES: readonly (readonly [ScratchFailure, RegExp])[] = [
  ["wal_unreadable", /child process exited with exit code 20[12]|archive file .* has wrong size/],
  ["target_not_reached", /recovery ended before configured recovery target was reached/],
  ["target_too_early", /requested recovery stop point is before consistent recovery point/],
  [
    "no_checkpoint",
    /could not (locate|find|read|open).*(checkpoint|redo|pg_control|control file)|invalid checkpoint|incorrect checksum in control file|WAL ends before/i,
  ],
];

const FULL = /No space left on device|Disk quota exceeded/;

const SENTENCES: Readonly<Record<ScratchFailure, string>> = {
  target_not_reached: "The WAL ended before the moment that was to be restored.",
  target_too_early: "The moment that was to be restored lies before the end of the backup.",
  no_checkpoint: "The backup cannot be recovered: WAL that it needs, or its control file, is missing or damaged.",
  wal_unreadable: "The WAL to restore from could not be read.",
  other: "PostgreSQL did not come up on what was restored.",
};

/** `restore_failed` with `details.reason`, or `disk_full`; PostgreSQL's last lines in `details.lastLines`. */
export function scratchFailed(words: string): PromptlibError {
  const lastLines = words.trim().split("\n").slice(-20);
  if (FULL.test(words)) return new PromptlibError("disk_full", { details: { lastLines } });
  const reason = FAILURES.find(([, pattern]) => pattern.test(words))?.[0] ?? "other";
  return new PromptlibError("restore_failed", { message: SENTENCES[reason], details: { reason, lastLines } });
}

export interface Recovered {
  /** It stopped where it was told to, and not because the WAL ended. */
  targetReached: boolean;
  /** Where the last record that was replayed begins; null: nothing was to replay. */
  redoDone: string | null;
}

export function recovered(words: string): Recovered {
  return {
    targetReached: /recovery stopping (at|before|after) /.test(words),
    redoDone: /.*redo done at ([0-9A-F]+\/[0-9A-F]+)/s.exec(words)?.[1] ?? null,
  };
}

/** The lines that say how far it is, without their prefix. */
export function progressIn(words: string): string[] {
  return words.split("\n").flatMap((line) => {
    const said = /^\S+ \S+ \S+ \[\d+\] LOG: {2}(.*)$/.exec(line)?.[1];
    return said && PROGRESS.test(said) ? [said] : [];
  });
}

const PROGRESS =
  /^(redo |restored log file |consistent recovery state |recovery stopping |selected new timeline |archive recovery complete|(syncing|resetting) )/;
