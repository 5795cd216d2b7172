/** What the end of a connection means for the next one. */
import { DISK_AWAY, isErrno } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import { sqlstateOf } from "../postgres/replication-link.ts";
import { type Loss, lossIn } from "./slot.ts";

export interface Failure {
  /** waiting: it goes by without anybody doing something. */
  state: "waiting" | "failed";
  problem: string;
  loss: Loss | null;
}

/** PostgreSQL starts, stops, has no connection left, or another one has the slot. */
const PASSING = new Set(["57P01", "57P02", "57P03", "53300", "55006"]);

/** Throws what no other try would mend. */
export function failureIn(error: unknown): Failure {
  if (isErrno(error, ...DISK_AWAY, "EACCES")) {
    return { state: "waiting", problem: `The recovery directory cannot be used (${error.code}).`, loss: null };
  }
  if (!(error instanceof PromptlibError)) throw error;
  if (error.code === "interrupted") {
    return { state: "waiting", problem: "PostgreSQL shuts down; the connection was left so that it can.", loss: null };
  }
  const loss = lossIn(error);
  return { state: loss || passes(error) ? "waiting" : "failed", problem: error.message, loss };
}

/** Also a connection that broke or could not be made: then there is a cause that is not PostgreSQL's word. */
function passes(error: PromptlibError): boolean {
  const state = sqlstateOf(error);
  return state === null ? error.cause !== undefined : PASSING.has(state);
}
