/** What the answers of the server, and their absence, mean for who looks at a page. Pure. */
import { PromptlibError, type SystemHealth } from "../sdk/index.ts";
import { minute } from "./shell/dates.ts";

export type Connection =
  | { state: "well" }
  /** Reading goes on, writing waits. `message` is said after the headline. */
  | { state: "reading"; message: string; why: Why }
  /** Not even reading. */
  | { state: "away"; message: string; why: Why };

/** What it waits for. Only who signs in needs the database for it: who is signed in goes on. */
type Why = "database" | "server" | "maintenance";

export const WELL: Connection = { state: "well" };
export const UNREACHABLE: Connection = {
  state: "away",
  why: "server",
  message: "The server does not answer. What is shown here stays; what you write is kept in this browser.",
};
const DATABASE_AWAY: Connection = {
  state: "reading",
  why: "database",
  message: "The database does not answer. Reading goes on from the mirror; what you write is kept in this browser.",
};

const UNEXPLAINED = "The library is in maintenance.";

/** What an answer of the health means for who looks at a page. Troubles of other parts are the operator's. */
export function connectionOf(health: SystemHealth): Connection {
  const { mode, message, endsAt } = health.maintenance;
  if (health.status === "down") return { state: "away", why: "database", message: health.message };
  const isAway = health.parts.database?.state !== "up";
  if (mode !== "off") {
    const end = endsAt === null ? "" : ` It is planned to end ${minute.format(Date.parse(endsAt))}.`;
    return inMaintenance(mode, `${message || UNEXPLAINED}${end}`, isAway ? "database" : "maintenance");
  }
  return isAway ? DATABASE_AWAY : WELL;
}

/** Whether the database answers who reads: in maintenance that is read-only, it does. */
export function isDatabaseRead(connection: Connection): boolean {
  return connection.state === "well" || (connection.state === "reading" && connection.why === "maintenance");
}

/** Whether more is answered than before: that the database is still away is no reason not to read from the mirror. */
export function isBetter(next: Connection, before: Connection): boolean {
  return rankOf(next) > rankOf(before);
}

function rankOf(connection: Connection): number {
  if (connection.state === "well") return 3;
  if (connection.state === "away") return 0;
  return isDatabaseRead(connection) ? 2 : 1;
}

/** What a call that failed tells about it; null: nothing. */
export function connectionAfter(error: unknown): Connection | null {
  if (!(error instanceof PromptlibError)) return null;
  if (error.code === "server_unreachable") return UNREACHABLE;
  // Whether one may read on is in the health, which is looked at next.
  if (error.code === "maintenance") return inMaintenance("read-only", error.message, "maintenance");
  return error.code === "database_unavailable" ? DATABASE_AWAY : null;
}

/** How one is received who is not signed in yet; null: as ever. */
export function refusalAtTheDoor(connection: Connection): { headline: string; message: string } | null {
  if (connection.state === "well" || connection.why === "maintenance") return null;
  if (connection.why === "server") return { headline: "Away for the moment.", message: "The server does not answer." };
  return {
    headline: "Signing in waits for the database.",
    message: "It does not answer at the moment. Who is signed in already goes on reading.",
  };
}

function inMaintenance(mode: "read-only" | "closed", message: string, why: Why): Connection {
  return {
    state: mode === "closed" ? "away" : "reading",
    why,
    message: `${message} What you write is kept in this browser.`,
  };
}
