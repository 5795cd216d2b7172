/** What the guardian and a job, a process of its own, tell each other over Node's IPC channel. */
import type { ErrorBody } from "../contract/errors.ts";
import type { Progress } from "../contract/recovery.ts";

export type FromJob =
  | { type: "progress"; progress: Progress }
  | { type: "result"; result: unknown }
  | { type: "failed"; error: ErrorBody["error"] }
  /** Asks the guardian to stop or start PostgreSQL; answered with `patient`. */
  | { type: "ask-patient"; act: "stop" | "start" };

export type ToJob = { type: "patient"; error: ErrorBody["error"] | null };

/** Set for processes that the guardian starts: they do the work themselves instead of asking it to. */
export const JOB = "PROMPTLIB_JOB";
/** What the guardian knows of its PostgreSQL when the job begins, as JSON: KnownOfPostgres. */
export const JOB_KNOWS = "PROMPTLIB_JOB_KNOWS";

export interface KnownOfPostgres {
  downSince: string | null;
}
