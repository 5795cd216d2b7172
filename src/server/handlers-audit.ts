/** Routes about the audit log: for operators all of it, for admins of a project what was done there. */
import type { AuditFilter } from "../contract/audit.ts";
import { exportAudit, listAudit } from "../library/audit.ts";
import { readPage } from "../library/page.ts";
import { ONLY_HEAD_OF_LINES } from "./answer.ts";
import { isOperator } from "./caller.ts";
import type { Handlers, RouteRequest } from "./route.ts";

export const auditHandlers = {
  async listAudit(request, { backend }) {
    const { cursor, limit, ...filter } = request.query;
    return { body: await listAudit(backend.database.reads, readPage({ cursor, limit }), readable(filter, request)) };
  },

  exportAudit(request, { backend }) {
    const filter = readable(request.query, request);
    if (request.raw.method === "HEAD") return ONLY_HEAD_OF_LINES;
    return { body: exportAudit(backend.database.reads, filter) };
  },
} satisfies Partial<Handlers>;

/** Who is no operator reads of one project only, whether it was named or not. */
function readable(filter: AuditFilter, request: Pick<RouteRequest<unknown>, "caller" | "project">): AuditFilter {
  return isOperator(request.caller) ? filter : { ...filter, project: request.project.name };
}
