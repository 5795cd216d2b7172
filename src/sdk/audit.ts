import type { AuditEntry, AuditFilter } from "../contract/audit.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { List } from "../contract/shapes.ts";
import { streamed } from "./lines.ts";
import type { PageOptions } from "./prompts.ts";
import { type Call, errorOf, isObject, parseJson, type Transport } from "./transport.ts";

/** Who did what: for operators all of it, for admins what was done in their project. */
export function auditCalls(transport: Transport) {
  const { project } = transport;
  return {
    /** One page, the newest first. */
    listAudit: (filter: AuditFilter & PageOptions = {}): Promise<List<AuditEntry>> =>
      transport.body({ method: "GET", path: "/api/audit", query: { ...project, ...filter } }),

    /** Everything that matches, the oldest first, as it comes. Leave the loop to stop it. */
    exportAudit(filter: AuditFilter = {}): AsyncGenerator<AuditEntry, void, undefined> {
      const call: Call = { method: "GET", path: "/api/audit/export", query: { ...project, ...filter } };
      return streamed(transport, call, (line, status) => entryOf(line, status, transport.base), { brokenOff });
    },
  };
}

/** The status was sent long before: an error on the way is a line, the last. */
function entryOf(line: string, status: number, base: string): AuditEntry {
  const value = parseJson(line);
  if (!isObject(value) || "error" in value) throw errorOf(status, line, base);
  return value as AuditEntry;
}

function brokenOff(cause: unknown): PromptlibError {
  return new PromptlibError("server_unreachable", {
    message: "The export broke off; what came is not all of it.",
    hint: "Run it again, or only from the last moment that came.",
    cause,
  });
}
