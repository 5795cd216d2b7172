/**
 * The one table of the server's routes: the server registers it, OpenAPI is printed from it,
 * docs/permissions.md is compared with it, and the client's addresses are tested against it.
 */
import { z } from "zod";
import { accountRoutes } from "./accounts.ts";
import { auditEntry, auditFilter } from "./audit.ts";
import { changeRoutes } from "./change-routes.ts";
import type { ErrorCode } from "./errors.ts";
import { exportLine } from "./export.ts";
import { importFormat, importItem, importPiece, importSource, importSummary } from "./import-shapes.ts";
import { labelRoutes } from "./label-routes.ts";
import { maintenanceRoutes } from "./maintenance.ts";
import { recoveryRoutes } from "./recovery-routes.ts";
import { renderedPrompt, renderRequest } from "./render.ts";
import { inProject, page, projectQuery, promptParams, table, twin, versionNumber } from "./route.ts";
import * as search from "./search.ts";
import { searchRoutes } from "./search-routes.ts";
import { settingsRoutes } from "./settings.ts";
import * as shapes from "./shapes.ts";
import { trashRoutes } from "./trash-routes.ts";

const instanceQuery = z.strictObject({});

export const fetchQuery = z.strictObject({
  ...inProject,
  version: versionNumber.optional(),
  label: shapes.labelName.optional().describe("latest when neither version nor label is given"),
});
export const listQuery = z.strictObject({
  ...inProject,
  ...page,
  ...search.searchQuery,
  ...search.promptFilter,
  sort: z
    .enum(["name", "-name", "updated", "-updated", "relevance"])
    .optional()
    .describe("left out: name; relevance where something is looked for, which it is for alone"),
});
export const importQuery = z.strictObject({
  ...inProject,
  format: importFormat,
  dryRun: z.enum(["true", "false"]).optional(),
  prune: z.enum(["true", "false"]).optional().describe("move to the trash what the files no longer have"),
  source: importSource.optional(),
});
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
  expiresAt: shapes.storedInstant().optional(),
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

const promptRoutes = table({
  fetchPrompt: {
    method: "GET",
    path: "/api/prompts/{name}",
    access: "viewer",
    summary: "Fetch one version of a prompt: by version, by label, or the latest.",
    withoutDatabase: true,
    params: promptParams,
    query: fetchQuery,
    answers: { 200: shapes.prompt, 304: null },
    errors: ["prompt_not_found", "version_not_found", "label_not_found", "version_redacted"],
  },
  renderPrompt: {
    method: "POST",
    path: "/api/prompts/{name}/render",
    access: "viewer",
    summary: "Render a version: values into its variables, messages into its placeholders, includes into their places.",
    withoutDatabase: true,
    params: promptParams,
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
    params: promptParams,
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
    params: promptParams,
    query: projectQuery,
    answers: { 200: shapes.trashedPrompt },
    errors: ["prompt_not_found", "prompt_included", "label_protected"],
  },
  renamePrompt: {
    method: "POST",
    path: "/api/prompts/{name}/rename",
    access: "editor",
    summary: "Give a prompt another name, in another folder or not; the old one goes on answering as an alias.",
    withoutDatabase: false,
    params: promptParams,
    query: projectQuery,
    body: shapes.renamePrompt,
    answers: { 200: shapes.promptSummary },
    errors: ["prompt_not_found", "already_exists", "label_protected"],
  },
  movePrompt: {
    method: "POST",
    path: "/api/prompts/{name}/move",
    access: "admin",
    summary: "Move a prompt to another project, with its history; what it was goes into the trash.",
    withoutDatabase: false,
    params: promptParams,
    query: projectQuery,
    body: shapes.movePrompt,
    answers: { 200: shapes.promptSummary },
    errors: ["prompt_not_found", "project_not_found", "already_exists", "prompt_included", "label_protected"],
  },
  duplicatePrompt: {
    method: "POST",
    path: "/api/prompts/{name}/duplicate",
    access: "editor",
    summary: "Make a new prompt out of one version of another, with its description and tags, without its labels.",
    withoutDatabase: false,
    params: promptParams,
    query: projectQuery,
    body: shapes.duplicatePrompt,
    answers: { 201: shapes.savedPrompt },
    errors: [
      "prompt_not_found",
      "version_not_found",
      "label_not_found",
      "already_exists",
      "label_protected",
      "version_redacted",
    ],
  },
  redactVersion: {
    method: "POST",
    path: "/api/prompts/{name}/versions/{version}/redact",
    access: "admin",
    summary: "Take out what a version says, for good: a secret, say. Number, author, time and hash stay.",
    withoutDatabase: false,
    params: promptParams.extend({ version: versionNumber }),
    query: projectQuery,
    body: shapes.redactVersion,
    answers: { 200: shapes.redactedVersion },
    errors: ["prompt_not_found", "version_not_found", "version_in_use"],
  },
  listVersions: {
    method: "GET",
    path: "/api/prompts/{name}/versions",
    access: "viewer",
    summary: "List the versions of a prompt, newest first, without their content.",
    withoutDatabase: false,
    params: promptParams,
    query: z.strictObject({ ...inProject, ...page }),
    answers: { 200: shapes.listOf(shapes.versionSummary) },
    errors: ["prompt_not_found"],
  },
});

const twins = {
  fetchPromptByQuery: twin(promptRoutes.fetchPrompt),
  renderPromptByQuery: twin(promptRoutes.renderPrompt),
  patchPromptByQuery: twin(promptRoutes.patchPrompt),
  trashPromptByQuery: twin(promptRoutes.trashPrompt),
  renamePromptByQuery: twin(promptRoutes.renamePrompt),
  movePromptByQuery: twin(promptRoutes.movePrompt),
  duplicatePromptByQuery: twin(promptRoutes.duplicatePrompt),
  redactVersionByQuery: twin(promptRoutes.redactVersion),
  listVersionsByQuery: twin(promptRoutes.listVersions),
};

const otherRoutes = table({
  health: {
    method: "GET",
    path: "/health",
    access: "public",
    summary: "The process lives.",
    withoutDatabase: true,
    maintenance: "closed",
    answers: { 200: z.object({ status: z.literal("ok") }) },
    errors: [],
  },
  systemHealth: {
    method: "GET",
    path: "/api/system/health",
    access: "public",
    summary: "Each part with state and latency: 200 while healthy or degraded, 503 when down.",
    withoutDatabase: true,
    maintenance: "closed",
    answers: { 200: shapes.systemHealth, 503: shapes.systemHealth },
    errors: [],
  },
  metrics: {
    method: "GET",
    path: "/metrics",
    access: "public",
    summary: "Metrics in Prometheus' text format.",
    withoutDatabase: true,
    maintenance: "closed",
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
    maintenance: "closed",
    answers: { 200: z.looseObject({ openapi: z.string() }) },
    errors: [],
  },
  login: {
    method: "POST",
    path: "/api/auth/login",
    access: "public",
    summary: "Sign in: answers a token of 12 hours, and sets it as a cookie for pages.",
    withoutDatabase: false,
    maintenance: "closed",
    body: login,
    answers: { 200: loginAnswer },
    errors: ["login_failed", "too_many_attempts", "maintenance"],
  },
  logout: {
    method: "POST",
    path: "/api/auth/logout",
    access: "person",
    summary: "End this session.",
    withoutDatabase: false,
    maintenance: "closed",
    answers: { 204: null },
    errors: [],
  },
  me: {
    method: "GET",
    path: "/api/auth/me",
    access: "anyone",
    summary: "Who is asking, and what they may do.",
    withoutDatabase: true,
    maintenance: "closed",
    answers: { 200: shapes.identity },
    errors: [],
  },
  listPrompts: {
    method: "GET",
    path: "/api/prompts",
    access: "viewer",
    summary: "List prompts, without their content: all, or those that something is found in.",
    withoutDatabase: true,
    query: listQuery,
    answers: { 200: search.promptList },
    errors: ["database_unavailable"],
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
    errors: ["template_invalid", "content_too_large", "version_conflict", "type_conflict", "label_protected"],
  },
  listAliases: {
    method: "GET",
    path: "/api/aliases",
    access: "viewer",
    summary: "List the names that prompts had before and still answer under.",
    withoutDatabase: false,
    query: z.strictObject({ ...inProject, ...page }),
    answers: { 200: shapes.listOf(shapes.alias) },
    errors: [],
  },
  removeAlias: {
    method: "DELETE",
    path: "/api/aliases",
    access: "editor",
    summary: "Let a former name answer no more.",
    withoutDatabase: false,
    query: z.strictObject({ ...inProject, name: shapes.promptName }),
    answers: { 204: null },
    errors: ["alias_not_found", "label_protected", "prompt_included"],
  },
  importPrompts: {
    method: "POST",
    path: "/api/import",
    access: "editor",
    summary: "Import files, streamed: lines {path, content} in, a line for each item out, a summary last.",
    withoutDatabase: false,
    query: importQuery,
    media: "application/x-ndjson",
    body: importPiece,
    answers: { 200: z.union([importItem, importSummary]) },
    errors: ["import_format_unknown"],
  },
  exportPrompts: {
    method: "GET",
    path: "/api/export",
    access: "viewer",
    summary: "Export the project's prompts with everything they have, streamed: a line for each prompt and version.",
    withoutDatabase: false,
    query: projectQuery,
    media: "application/x-ndjson",
    answers: { 200: exportLine },
    errors: ["too_many_exports"],
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
    answers: { 200: shapes.listOf(auditEntry) },
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
    answers: { 200: auditEntry },
    errors: [],
  },
});

export const routes = {
  ...otherRoutes,
  ...table(maintenanceRoutes),
  ...table(recoveryRoutes),
  ...table(settingsRoutes),
  ...table(accountRoutes),
  ...changeRoutes,
  ...promptRoutes,
  ...labelRoutes,
  ...searchRoutes,
  ...trashRoutes,
  ...twins,
};
export type RouteId = keyof typeof routes;

/** Errors that any route may answer, besides its own. */
export const commonErrors: readonly ErrorCode[] = ["invalid_request", "internal"];
