/** What a route of the table is, and the parts that many of them have in common. */
import { z } from "zod";
import type { ErrorCode } from "./errors.ts";
import * as shapes from "./shapes.ts";
import { type MaintenanceMode, maintenanceModes } from "./shapes.ts";

/**
 * Who may call a route. Roles and scopes are about the project that the request names:
 * - `viewer`, `editor`, `admin`: a person with at least this role in the project
 * - a key of the project with the scope `read` counts where `viewer` is enough, with `write` where `editor` is;
 *   `label` is `editor`, or a key with `write` or `label:NAME`
 * - `auditor`: a person who is `admin` of the project, or `operator`, who need not name a project
 * - `operator`: a person who is operator of the instance (the local operator is one)
 * - `person`: anyone signed in, whatever the roles; `anyone`: also a key; `public`: nobody is asked
 */
export type Access = "public" | "anyone" | "person" | "viewer" | "editor" | "label" | "admin" | "auditor" | "operator";

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Parameters in braces, as OpenAPI writes them. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  /** Whether it answers while the database is away. Writes never do. */
  readonly withoutDatabase: boolean;
  /** The last mode of maintenance in which it answers. Left out: what reads answers while it is read-only, writes do not. */
  readonly maintenance?: MaintenanceMode;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Media type of body and answer where it is not JSON. */
  readonly media?: "application/x-ndjson" | "text/plain" | "text/event-stream";
  readonly answers: Readonly<Record<number, z.ZodType | null>>;
  readonly errors: readonly ErrorCode[];
}

/** Whether it answers while the library is in this mode of maintenance. */
export function answersDuring(route: Route, mode: MaintenanceMode): boolean {
  const reads = route.method === "GET" || route.withoutDatabase;
  const last = route.maintenance ?? (reads ? "read-only" : "off");
  return maintenanceModes.indexOf(mode) <= maintenanceModes.indexOf(last);
}

export const promptParams = z.object({ name: shapes.promptName });
export const inProject = {
  project: shapes.projectName.optional().describe("for logins; a key belongs to one project"),
};
export const page = {
  cursor: z.string().max(4096).optional().describe("nextCursor of the page before"),
  limit: z.coerce.number().int().min(1).max(200).optional().describe("items on a page; 50 when left out"),
};
export const projectQuery = z.strictObject(inProject);
/** In a query. */
export const versionNumber = z.coerce.number().int().min(1).max(2147483647);

export function table<const T extends Record<string, Route>>(routes: T): T {
  return routes;
}

/** Every route under /api/prompts/{name} also with the name in the query: some proxies unpack %2F. */
export function twin<const T extends Route & { params: z.ZodObject; query: z.ZodObject }>(route: T): Route {
  const { name: inPath, ...params } = route.params.shape;
  if (!inPath) throw new Error(`${route.path} names no prompt`);
  return {
    ...route,
    path: route.path.replace("/api/prompts/{name}", "/api/prompt"),
    params: z.object(params),
    query: route.query.extend({ name: shapes.promptName }),
    summary: `${route.summary} (The name in the query.)`,
  };
}
