/** Who asks, for which project, and may they: decided before the body of a request is read. */
import type { FastifyRequest } from "fastify";
import { PromptlibError } from "../contract/errors.ts";
import type { Route } from "../contract/route.ts";
import type { ProjectRef } from "../library/find.ts";
import type { Caller } from "./caller.ts";
import { auditedProject, needsProject, projectOf, requireInstanceAccess, requireProjectAccess } from "./permission.ts";
import type { Parts } from "./route.ts";

export interface Admitted {
  /** null: nobody was asked. */
  caller: Caller | null;
  /** null: the route belongs to no project. */
  project: ProjectRef | null;
}

/** So long it is waited for what the database knows of who may what, where memory is not sure. */
const ACCESS_PATIENCE_MS = 250;

/** Errors: `unauthenticated`, `csrf`, `forbidden`, `project_not_found`, `database_unavailable` before anything is known. */
export async function admit(parts: Parts, route: Route, request: FastifyRequest): Promise<Admitted> {
  if (route.access === "public") return { caller: null, project: null };
  await parts.backend.feed.untilFresh(ACCESS_PATIENCE_MS);
  const caller = await identify(parts, request);
  return { caller, project: authorize(parts, route, caller, request) };
}

async function identify(parts: Parts, { headers, method }: FastifyRequest): Promise<Caller | null> {
  try {
    const caller = await parts.gate.identify(headers);
    if (caller?.kind === "key") parts.lastUsed.used(caller.key.id);
    const byCookie = caller?.kind === "user" && caller.byCookie;
    if (byCookie && method !== "GET" && method !== "HEAD" && !headers["x-promptlib-csrf"]) {
      throw new PromptlibError("csrf");
    }
    return caller;
  } catch (error) {
    if (error instanceof PromptlibError && error.code === "unauthenticated") parts.metrics.keyFailures.inc();
    throw error;
  }
}

function authorize(parts: Parts, route: Route, caller: Caller | null, request: FastifyRequest): ProjectRef | null {
  const isAudit = route.access === "auditor";
  if (!isAudit && !needsProject(route.access)) {
    requireInstanceAccess(route.access, caller);
    return null;
  }
  // As long as nothing is known, only the local operator comes here, and his project may well be there.
  if (caller && parts.backend.access.revision === 0) throw new PromptlibError("database_unavailable");
  const { project: named } = request.query as { project?: unknown };
  const name = typeof named === "string" ? named : undefined;
  if (!caller) throw new PromptlibError("unauthenticated");
  if (isAudit) return auditedProject(parts.backend.access, caller, name);
  const project = projectOf(parts.backend.access, caller, name);
  const { label } = request.params as { label?: string };
  requireProjectAccess(route.access, caller, project, label ?? null);
  return project;
}
