/** What the audit log is narrowed to, as the address has it and as the server takes it. Pure. */
import { AUDIT_ACTION } from "../../contract/audit-action.ts";
import type { AuditFilter } from "../../sdk/index.ts";

export interface AuditQuery {
  /** null: whoever. As the log has it: user:eva. */
  actor: string | null;
  action: string | null;
  subject: string | null;
  /** Days of the calendar, both included, on the clock of this browser. */
  from: string | null;
  to: string | null;
  /** Of the present project alone; operators may also look at the whole library. */
  isOfProject: boolean;
}

/** What every action begins with, and what people call it. */
export const ACTIONS: Readonly<Record<string, string>> = {
  login: "Signing in",
  logout: "Signing out",
  password: "Passwords",
  session: "Sessions ended",
  user: "Users",
  member: "Members and roles",
  project: "Projects",
  key: "API keys",
  prompt: "Prompts",
  label: "Labels",
  alias: "Former names",
  version: "Versions redacted",
  recovery: "Recovery",
  maintenance: "Maintenance",
};

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function parseAuditQuery(query: Readonly<Record<string, string>>): AuditQuery {
  const { actor, action, subject, from, to } = query;
  const day = (text: string | undefined) => (text && DAY.test(text) && startOf(text) !== null ? text : null);
  return {
    actor: actor || null,
    action: action && AUDIT_ACTION.test(action) ? action : null,
    subject: subject || null,
    from: day(from),
    to: day(to),
    isOfProject: query.of === "project",
  };
}

export function printAuditQuery({ isOfProject, ...fields }: AuditQuery): Record<string, string> {
  const given = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== null);
  return { ...Object.fromEntries(given), ...(isOfProject ? { of: "project" } : {}) };
}

/** Who writes a bare name means the user. */
export function filterOf(
  { actor, action, subject, from, to, isOfProject }: AuditQuery,
  project: string | null,
): AuditFilter {
  const begin = from === null ? null : startOf(from);
  const end = to === null ? null : startOf(to, 1);
  return {
    ...(actor === null ? {} : { actor: actor.includes(":") || actor === "nobody" ? actor : `user:${actor}` }),
    ...(action === null ? {} : { action }),
    ...(subject === null ? {} : { subject }),
    ...(begin === null ? {} : { from: begin }),
    ...(end === null ? {} : { to: end }),
    ...(isOfProject && project !== null ? { project } : {}),
  };
}

/** The first moment of a day, or of the one so many days later; null: there is no such day. */
function startOf(day: string, later = 0): string | null {
  const [year = 0, month = 0, date = 0] = day.split("-").map(Number);
  const at = new Date(year, month - 1, date + later);
  const isDay = new Date(year, month - 1, date).getMonth() === month - 1 && year > 999;
  return isDay ? at.toISOString() : null;
}

/** Where the browser itself fetches all that matches, as it comes, however much. */
export function exportAddress(filter: AuditFilter): string {
  return `/api/audit/export?${new URLSearchParams(Object.entries(filter))}`;
}

/** Details in one line. */
export function detailText(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(detailText).join(", ");
  return value === null ? "none" : JSON.stringify(value);
}
