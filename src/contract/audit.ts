/** The entries of the audit log, and what a reader can ask for. */
import { z } from "zod";
import { AUDIT_ACTION } from "./audit-action.ts";
import { instant, projectName, storedInstant, text } from "./shapes.ts";

export const auditEntry = z.object({
  id: z.string(),
  at: instant,
  actor: z.string(),
  project: z.string().nullable(),
  action: z.string(),
  subject: z.string(),
  details: z.record(z.string(), z.unknown()),
  address: z.string().nullable(),
});
export type AuditEntry = z.infer<typeof auditEntry>;

export const auditFilter = {
  project: projectName
    .optional()
    .describe("what was done in this project; left out: all of the library for an operator, else the project default"),
  actor: text().min(1).max(256).optional().describe("user:NAME, key:ID, local:OS-USER or nobody"),
  action: z
    .string()
    .max(64)
    .regex(AUDIT_ACTION, "an action is words with dots or dashes in between, like key.create")
    .optional()
    .describe("like key.create; key alone: every action about keys"),
  subject: text().min(1).max(1024).optional().describe("on what it was done: a prompt, a user, the id of a key"),
  from: storedInstant().optional().describe("at this moment or later"),
  to: storedInstant().optional().describe("before this moment"),
};

const auditQuery = z.strictObject(auditFilter);
export type AuditFilter = z.infer<typeof auditQuery>;
