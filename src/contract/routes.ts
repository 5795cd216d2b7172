/**
 * The one table of the server's routes: the server registers it, OpenAPI is printed from it,
 * docs/permissions.md is compared with it, and the client's addresses are tested against it.
 */
import { z } from "zod";
import { accountRoutes } from "./accounts.ts";
import { auditFilter } from "./audit.ts";
import type { ErrorCode } from "./errors.ts";
import { renderedPrompt, renderRequest } from "./render.ts";
import * as shapes from "./shapes.ts";

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
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Media type of body and answer where it is not JSON. */
  readonly media?: "application/x-ndjson" | "text/plain" | "text/event-stream";
  readonly answers: Readonly<Record<number, z.ZodType | null>>;
  readonly errors: readonly ErrorCode[];
}

const name = z.object({ name: shapes.promptName });
const nameAndLabel = z.object({ name: shapes.promptName, label: shapes.labelName });
const inProject = { project: shapes.projectName.optional().describe("for logins; a key belongs to one project") };
const page = {
  cursor: z.string().max(4096).optional().describe("nextCursor of the page before"),
  limit: z.coerce.number().int().min(1).max(200).optional().describe("items on a page; 50 when left out"),
};
const instanceQuery = z.strictObject({});
const projectQuery = z.strictObject(inProject);
const versionNumber = z.coerce.number().int().min(1).max(2147483647);

export const fetchQuery = z.strictObject({
  ...inProject,
  version: versionNumber.optional(),
  label: shapes.labelName.optional().describe("latest when neither version nor label is given"),
});
export const listQuery = z.strictObject({
  ...inProject,
  ...page,
  tag: shapes.tag.optional(),
  label: shapes.labelName.optional().describe("only prompts that have this label"),
  folder: shapes.text().max(255).optional().describe("only prompts below this folder, at any depth"),
  type: shapes.promptType.optional(),
  sort: z.enum(["name", "-name", "updated", "-updated"]).optional(),
});
export const importQuery = z.strictObject({
  ...inProject,
  format: shapes.importFormat,
  dryRun: z.enum(["true", "false"]).optional(),
  prune: z.enum(["true", "false"]).optional().describe("move to the trash what the files no longer have"),
});
const moveLabel = z.strictObject({ version: z.int().min(1).max(2147483647) });
const login = z.strictObject({ username: shapes.text().max(64), password: z.string().max(1024) });
const loginAnswer = z.object({ token: z.string(), expiresAt: z.iso.datetime(), user: shapes.user });
const newUser = z.strictObject({
  username: shapes.userName,
  password: shapes.password,
  operator: z.boolean().optional(),
});
const changeUser = z
  .strictObject({
    password: shapes.password.optional(),
    operator: z.boolean().optional(),
    disabled: z.boolean().optional(),
  })
  .refine((body) => Object.keys(body).length > 0, "give password, operator or disabled");
const newKey = z.strictObject({
  name: shapes.text().trim().min(1).max(128),
  scopes: z.array(shapes.keyScope).min(1).max(20).optional().describe("read when left out"),
  expiresAt: z.iso.datetime().optional(),
});
const newProject = z.strictObject({ name: shapes.projectName, description: shapes.text().max(2000).optional() });

export type FetchQuery = z.infer<typeof fetchQuery>;
export type ListQuery = z.infer<typeof listQuery>;
export type ImportQuery = z.infer<typeof importQuery>;
export type LoginAnswer = z.infer<typeof loginAnswer>;
export type NewUser = z.infer<typeof newUser>;
export type ChangeUser = z.infer<typeof changeUser>;
export type NewKey = z.infer<typeof newKey>;
export type NewProject = z.infer<typeof newProject>;

function table<const T extends Record<string, Route>>(routes: T): T {
  return routes;
}

const promptRoutes = table({
  fetchPrompt: {
    method: "GET",
    path: "/api/prompts/{name}",
    access: "viewer",
    summary: "Fetch one version of a prompt: by version, by label, or the latest.",
    withoutDatabase: true,
    params: name,
    query: fetchQuery,
    answers: { 200: shapes.prompt, 304: null },
    errors: ["prompt_not_found", "version_not_found", "label_not_found"],
  },
  renderPrompt: {
    method: "POST",
    path: "/api/prompts/{name}/render",
    access: "viewer",
    summary: "Render a version: values into its variables, messages into its placeholders, includes into their places.",
    withoutDatabase: true,
    params: name,
    query: projectQuery,
    body: renderRequest,
    answers: { 200: renderedPrompt },
    errors: [
      "prompt_not_found",
      "version_not_found",
      "label_not_found",
      "render_invalid",
      "include_unresolved",
      "render_too_large",
      "database_unavailable",
    ],
  },
  patchPrompt: {
    method: "PATCH",
    path: "/api/prompts/{name}",
    access: "editor",
    summary: "Change the description or the tags; makes no version.",
    withoutDatabase: false,
    params: name,
    query: projectQuery,
    body: shapes.patchPrompt,
    answers: { 200: shapes.promptSummary },
    errors: ["prompt_not_found"],
  },
  trashPrompt: {
    method: "DELETE",
    path: "/api/prompts/{name}",
    access: "editor",
    summary: "Move a prompt to the trash; its name becomes free.",
    withoutDatabase: false,
    params: name,
    query: projectQuery,
    answers: { 200: shapes.trashedPrompt },
    errors: ["prompt_not_found", "prompt_included"],
  },
  listVersions: {
    method: "GET",
    path: "/api/prompts/{name}/versions",
    access: "viewer",
    summary: "List the versions of a prompt, newest first, without their content.",
    withoutDatabase: false,
    params: name,
    query: z.strictObject({ ...inProject, ...page }),
    answers: { 200: shapes.listOf(shapes.versionSummary) },
    errors: ["prompt_not_found"],
  },
  listLabels: {
    method: "GET",
    path: "/api/prompts/{name}/labels",
    access: "viewer",
    summary: "List the labels of a prompt and where they stand.",
    withoutDatabase: false,
    params: name,
    query: projectQuery,
    answers: { 200: shapes.listOf(shapes.labelPosition) },
    errors: ["prompt_not_found"],
  },
  moveLabel: {
    method: "PUT",
    path: "/api/prompts/{name}/labels/{label}",
    access: "label",
    summary: "Put a label on a version; it leaves the one it was on.",
    withoutDatabase: false,
    params: nameAndLabel,
    query: projectQuery,
    body: moveLabel,
    answers: { 200: shapes.labelPosition },
    errors: ["prompt_not_found", "version_not_found"],
  },
  removeLabel: {
    method: "DELETE",
    path: "/api/prompts/{name}/labels/{label}",
    access: "label",
    summary: "Remove a label from a prompt.",
    withoutDatabase: false,
    params: nameAndLabel,
    query: projectQuery,
    answers: { 204: null },
    errors: ["prompt_not_found", "label_not_found"],
  },
});

/** Every route under /api/prompts/{name} also with the name in the query: some proxies unpack %2F. */
function twin<const T extends Route & { params: z.ZodObject; query: z.ZodObject }>(route: T): Route {
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

const twins = {
  fetchPromptByQuery: twin(promptRoutes.fetchPrompt),
  renderPromptByQuery: twin(promptRoutes.renderPrompt),
  patchPromptByQuery: twin(promptRoutes.patchPrompt),
  trashPromptByQuery: twin(promptRoutes.trashPrompt),
  listVersionsByQuery: twin(promptRoutes.listVersions),
  listLabelsByQuery: twin(promptRoutes.listLabels),
  moveLabelByQuery: twin(promptRoutes.moveLabel),
  removeLabelByQuery: twin(promptRoutes.removeLabel),
};

const otherRoutes = table({
  health: {
    method: "GET",
    path: "/health",
    access: "public",
    summary: "The process lives.",
    withoutDatabase: true,
    answers: { 200: z.object({ status: z.literal("ok") }) },
    errors: [],
  },
  systemHealth: {
    method: "GET",
    path: "/api/system/health",
    access: "public",
    summary: "Each part with state and latency: 200 while healthy or degraded, 503 when down.",
    withoutDatabase: true,
    answers: { 200: shapes.systemHealth, 503: shapes.systemHealth },
    errors: [],
  },
  metrics: {
    method: "GET",
    path: "/metrics",
    access: "public",
    summary: "Metrics in Prometheus' text format.",
    withoutDatabase: true,
    media: "text/plain",
    answers: { 200: z.string() },
    errors: [],
  },
  openapi: {
    method: "GET",
    path: "/api/openapi.json",
    access: "public",
    summary: "This description.",
    withoutDatabase: true,
    answers: { 200: z.looseObject({ openapi: z.string() }) },
    errors: [],
  },
  login: {
    method: "POST",
    path: "/api/auth/login",
    access: "public",
    summary: "Sign in: answers a token of 12 hours, and sets it as a cookie for pages.",
    withoutDatabase: false,
    body: login,
    answers: { 200: loginAnswer },
    errors: ["login_failed", "too_many_attempts"],
  },
  logout: {
    method: "POST",
    path: "/api/auth/logout",
    access: "person",
    summary: "End this session.",
    withoutDatabase: false,
    answers: { 204: null },
    errors: [],
  },
  me: {
    method: "GET",
    path: "/api/auth/me",
    access: "anyone",
    summary: "Who is asking, and what they may do.",
    withoutDatabase: true,
    answers: { 200: shapes.identity },
    errors: [],
  },
  listPrompts: {
    method: "GET",
    path: "/api/prompts",
    access: "viewer",
    summary: "List prompts, without their content.",
    withoutDatabase: true,
    query: listQuery,
    answers: { 200: shapes.listOf(shapes.promptSummary) },
    errors: [],
  },
  savePrompt: {
    method: "POST",
    path: "/api/prompts",
    access: "editor",
    summary: "Save a prompt: a new one, or the next version of the one that has the name.",
    withoutDatabase: false,
    query: projectQuery,
    body: shapes.savePrompt,
    answers: { 200: shapes.savedPrompt, 201: shapes.savedPrompt },
    errors: ["template_invalid", "content_too_large", "version_conflict", "type_conflict"],
  },
  listTrash: {
    method: "GET",
    path: "/api/trash",
    access: "viewer",
    summary: "List what is in the trash, last trashed first.",
    withoutDatabase: false,
    query: z.strictObject({ ...inProject, ...page }),
    answers: { 200: shapes.listOf(shapes.trashedPrompt) },
    errors: [],
  },
  restorePrompt: {
    method: "POST",
    path: "/api/trash/{id}/restore",
    access: "editor",
    summary: "Bring a prompt back from the trash, with its versions and labels.",
    withoutDatabase: false,
    params: z.object({ id: z.string().regex(/^\d{1,18}$/) }),
    query: projectQuery,
    answers: { 200: shapes.promptSummary },
    errors: ["prompt_not_found", "already_exists"],
  },
  importPrompts: {
    method: "POST",
    path: "/api/import",
    access: "editor",
    summary: "Import files, streamed: lines {path, content} in, a line for each item out, a summary last.",
    withoutDatabase: false,
    query: importQuery,
    media: "application/x-ndjson",
    body: shapes.importPiece,
    answers: { 200: z.union([shapes.importItem, shapes.importSummary]) },
    errors: ["import_format_unknown"],
  },
  listProjects: {
    method: "GET",
    path: "/api/projects",
    access: "anyone",
    summary: "List the projects that the caller can see.",
    withoutDatabase: false,
    query: instanceQuery,
    answers: { 200: shapes.listOf(shapes.project) },
    errors: [],
  },
  createProject: {
    method: "POST",
    path: "/api/projects",
    access: "operator",
    summary: "Make a project.",
    withoutDatabase: false,
    query: instanceQuery,
    body: newProject,
    answers: { 201: shapes.project },
    errors: ["already_exists"],
  },
  listMembers: {
    method: "GET",
    path: "/api/members",
    access: "viewer",
    summary: "List the members of the project and their roles.",
    withoutDatabase: false,
    query: projectQuery,
    answers: { 200: shapes.listOf(shapes.member) },
    errors: [],
  },
  setMember: {
    method: "PUT",
    path: "/api/members/{username}",
    access: "admin",
    summary: "Give a user a role in the project. Only an owner makes, changes or removes an owner.",
    withoutDatabase: false,
    params: z.object({ username: shapes.userName }),
    query: projectQuery,
    body: z.strictObject({ role: shapes.role }),
    answers: { 200: shapes.member },
    errors: ["user_not_found", "last_owner"],
  },
  removeMember: {
    method: "DELETE",
    path: "/api/members/{username}",
    access: "admin",
    summary: "Take a user out of the project.",
    withoutDatabase: false,
    params: z.object({ username: shapes.userName }),
    query: projectQuery,
    answers: { 204: null },
    errors: ["user_not_found", "last_owner"],
  },
  listKeys: {
    method: "GET",
    path: "/api/keys",
    access: "admin",
    summary: "List the API keys of the project.",
    withoutDatabase: false,
    query: projectQuery,
    answers: { 200: shapes.listOf(shapes.apiKey) },
    errors: [],
  },
  createKey: {
    method: "POST",
    path: "/api/keys",
    access: "admin",
    summary: "Make an API key; the key itself is answered this once.",
    withoutDatabase: false,
    query: projectQuery,
    body: newKey,
    answers: { 201: shapes.createdKey },
    errors: [],
  },
  revokeKey: {
    method: "DELETE",
    path: "/api/keys/{id}",
    access: "admin",
    summary: "Revoke an API key, for ever.",
    withoutDatabase: false,
    params: z.object({ id: shapes.text().max(64) }),
    query: projectQuery,
    answers: { 200: shapes.apiKey },
    errors: ["key_not_found"],
  },
  listUsers: {
    method: "GET",
    path: "/api/users",
    access: "operator",
    summary: "List all users.",
    withoutDatabase: false,
    query: instanceQuery,
    answers: { 200: shapes.listOf(shapes.user) },
    errors: [],
  },
  createUser: {
    method: "POST",
    path: "/api/users",
    access: "operator",
    summary: "Make a user.",
    withoutDatabase: false,
    query: instanceQuery,
    body: newUser,
    answers: { 201: shapes.user },
    errors: ["already_exists"],
  },
  changeUser: {
    method: "PATCH",
    path: "/api/users/{username}",
    access: "operator",
    summary:
      "Set a new password, make or unmake an operator, disable or enable. All but enabling end the user's sessions.",
    withoutDatabase: false,
    params: z.object({ username: shapes.userName }),
    query: instanceQuery,
    body: changeUser,
    answers: { 200: shapes.user },
    errors: ["user_not_found", "last_operator"],
  },
  listAudit: {
    method: "GET",
    path: "/api/audit",
    access: "auditor",
    summary: "List who did what, last first.",
    withoutDatabase: false,
    query: z.strictObject({ ...page, ...auditFilter }),
    answers: { 200: shapes.listOf(shapes.auditEntry) },
    errors: [],
  },
  exportAudit: {
    method: "GET",
    path: "/api/audit/export",
    access: "auditor",
    summary: "Everything that matches, the oldest first, streamed: a line for each entry.",
    withoutDatabase: false,
    query: z.strictObject(auditFilter),
    media: "application/x-ndjson",
    answers: { 200: shapes.auditEntry },
    errors: [],
  },
});

export const routes = { ...otherRoutes, ...table(accountRoutes), ...promptRoutes, ...twins };
export type RouteId = keyof typeof routes;

/** Errors that any route may answer, besides its own. */
export const commonErrors: readonly ErrorCode[] = ["invalid_request", "internal"];
