/** The rows of the error table about backups and restores. */
import { rows } from "./error-row.ts";

export const recoveryErrors = rows({
  location_unavailable: {
    status: 503,
    exit: 20,
    message: "A location of backups cannot be used.",
    hint: "Check that it can be reached, has room and lets us write; what it missed is filled in afterwards.",
  },
  object_not_found: {
    status: 404,
    exit: 3,
    message: "The location holds no such object.",
    hint: "List what there is with: promptlib info",
  },
  backup_not_found: {
    status: 404,
    exit: 3,
    message: "There is no such backup.",
    hint: "List the backups there are with: promptlib info",
  },
  backup_damaged: {
    status: 500,
    exit: 21,
    message: "A backup, or WAL that it needs, is damaged or incomplete.",
    hint: "promptlib verify says what is wrong and which backups are whole; restore one of those.",
  },
  backup_failed: {
    status: 500,
    exit: 22,
    message: "The backup was not made.",
    hint: "The reason is in the sentence; nothing that counts was left behind. Try again when it is mended.",
  },
  restore_impossible: {
    status: 409,
    exit: 23,
    message: "This moment cannot be restored.",
    hint: "promptlib info shows which moments can be.",
  },
  restore_failed: {
    status: 500,
    exit: 24,
    message: "The restore did not succeed; the database is what it was before.",
    hint: "The reason is in the sentence and the report; restore another backup or moment, or mend it and try again.",
  },
  comparison_failed: {
    status: 500,
    exit: 25,
    message: "What was restored is not what was attested.",
    hint: "Each table that differs is in details. Make a new backup now, and look for the cause.",
  },
  replication_failed: {
    status: 500,
    exit: 26,
    message: "PostgreSQL ended the replication connection.",
    hint: "Its own words are in the sentence; a new backup is made where WAL was lost.",
  },
  fenced: {
    status: 409,
    exit: 27,
    message: "Another installation writes to this location now, so this one stopped writing there.",
    hint: "If this one is to write, take over with: promptlib restore latest. Else stop it.",
  },
  library_elsewhere: {
    status: 500,
    exit: 29,
    message: "A location already holds the backups of a library, and this home has no database.",
    hint: "Bring that library back with: promptlib restore latest. For a new one, name other locations.",
  },
  guardian_unreachable: {
    status: 503,
    exit: 6,
    message: "The guardian does not answer.",
    hint: "It is started again by itself under promptlib up; see logs/guard.log of the home.",
  },
  no_guardian: {
    status: 409,
    exit: 6,
    message: "Nothing guards this database: it is not ours (DATABASE_URL).",
    hint: "Back it up and restore it by its own means; the nightly export is made all the same.",
  },
  job_running: {
    status: 409,
    exit: 28,
    message: "Another backup, restore or drill is running.",
    hint: "Wait until it has ended: promptlib status shows it. Only a restore need not wait: a backup, drill or verification makes way for it.",
  },
  export_failed: {
    status: 500,
    exit: 30,
    message: "The nightly export was not made.",
    hint: "Those before it are untouched, and it is tried again by itself; make one now with: promptlib nightly",
  },
});
