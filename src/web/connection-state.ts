/** What the answers of the server, and their absence, mean for who looks at a page. Pure. */
import { PromptlibError, type SystemHealth } from "../sdk/index.ts";

export type Connection =
  | { state: "well" }
  /** Reading goes on, writing waits. `message` is said after the headline. */
  | { state: "reading"; message: string }
  /** Not even reading. */
  | { state: "away"; message: string };

export const WELL: Connection = { state: "well" };
export const UNREACHABLE: Connection = {
  state: "away",
  message: "The server does not answer. What is shown here stays; what you write is kept in this browser.",
};
const DATABASE_AWAY: Connection = {
  state: "reading",
  message: "The database does not answer. Reading goes on from the mirror; what you write is kept in this browser.",
};

/** What an answer of the health means for who looks at a page. Troubles of other parts are the operator's. */
export function connectionOf(health: SystemHealth): Connection {
  const { mode, message } = health.maintenance;
  if (health.status === "down") return { state: "away", message: health.message };
  if (mode !== "off") return inMaintenance(mode, message);
  return health.parts.database?.state === "up" ? WELL : DATABASE_AWAY;
}

/** What a call that failed tells about it; null: nothing. */
export function connectionAfter(error: unknown): Connection | null {
  if (!(error instanceof PromptlibError)) return null;
  if (error.code === "server_unreachable") return UNREACHABLE;
  // Whether one may read on is in the health, which is looked at next.
  if (error.code === "maintenance") return inMaintenance("read-only", error.message);
  return error.code === "database_unavailable" ? DATABASE_AWAY : null;
}

function inMaintenance(mode: "read-only" | "closed", message: string): Connection {
  const said = message === "" ? "The library is in maintenance." : message;
  return { state: mode === "closed" ? "away" : "reading", message: `${said} What you write is kept in this browser.` };
}
