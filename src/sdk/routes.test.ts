import { describe, expect, it } from "vitest";
import type { ImportPiece } from "../contract/import-shapes.ts";
import type { Route } from "../contract/route.ts";
import { type RouteId, routes } from "../contract/routes.ts";
import { type Client, createClient } from "./index.ts";

type Without = "metrics" | "openapi" | `${string}ByQuery`;
type Used = Exclude<RouteId, Without>;

const auditFilter = {
  actor: "user:eva@example.com",
  action: "key.create",
  subject: "a&b",
  from: "2026-01-01T00:00:00.000Z",
  to: "2027-01-01T00:00:00.000Z",
};

/** Every route, used once, with everything that can be given. */
const uses: Record<Used, (client: Client) => Promise<unknown>> = {
  fetchPrompt: (client) => client.fetchPrompt("mail/Grüße 1%", { label: "production", ifNoneMatch: '"x"' }),
  renderPrompt: (client) =>
    client.renderPrompt("a/b", { label: "production", values: { who: "Ada", n: [1] }, format: "anthropic" }),
  listPrompts: (client) =>
    client.listPrompts({
      tag: "a&b",
      label: "x",
      folder: "mail",
      type: "chat",
      sort: "-updated",
      search: '"step by" -x',
      in: "versions",
      cursor: "c",
      limit: 9,
    }),
  listFolders: (client) => client.listFolders({ folder: "mail/ü", limit: 3, cursor: "c" }),
  listTags: (client) => client.listTags({ limit: 3, cursor: "c" }),
  listUsedLabels: (client) => client.listUsedLabels({ limit: 3, cursor: "c" }),
  diffVersions: (client) => client.diffVersions("a/b", { from: "3", to: "production" }),
  savePrompt: (client) => client.savePrompt({ name: "a", text: "b", labels: ["x"], baseVersion: 3 }),
  patchPrompt: (client) => client.patchPrompt("a/b", { tags: ["x"] }),
  renamePrompt: (client) => client.renamePrompt("a/b", "c/d"),
  movePrompt: (client) => client.movePrompt("a/b", { project: "team", name: "c/d" }),
  duplicatePrompt: (client) => client.duplicatePrompt("a/b", "c/d", { version: 3 }),
  listAliases: (client) => client.listAliases({ limit: 3, cursor: "c" }),
  removeAlias: (client) => client.removeAlias("a/ü"),
  redactVersion: (client) => client.redactVersion("a/b", 3, "a password"),
  trashPrompt: (client) => client.trashPrompt("a/b"),
  listTrash: (client) => client.listTrash({ limit: 3, cursor: "c" }),
  restorePrompt: (client) => client.restorePrompt("17"),
  redactTrashed: (client) => client.redactTrashed("17", 3, "a password"),
  purgePrompt: (client) => client.purgePrompt("17"),
  listVersions: (client) => client.listVersions("a/b", { limit: 3 }),
  listLabels: (client) => client.listLabels("a/b"),
  listFetches: (client) => client.listFetches("a/b"),
  readLabel: (client) => client.readLabel("a/b", "production", { at: "2026-11-22T06:00:00+01:00" }),
  listLabelMoves: (client) => client.listLabelMoves("a/b", "production", { limit: 3, cursor: "c" }),
  listLabelled: (client) => client.listLabelled("production", { at: "2026-11-22T06:00:00Z", limit: 3 }),
  moveLabel: (client) => client.moveLabel("a/b", "production", 3),
  undoLabel: (client) => client.undoLabel("a/b", "production", 3),
  promoteLabel: (client) => client.promoteLabel("production", { from: "staging", names: ["a/b"], dryRun: true }),
  listProtectedLabels: (client) => client.listProtectedLabels(),
  protectLabel: (client) => client.protectLabel("production"),
  unprotectLabel: (client) => client.unprotectLabel("production"),
  removeLabel: (client) => client.removeLabel("a/b", "production"),
  resolvePrompts: (client) => client.resolvePrompts([{ name: "a/b", label: "production", etag: "e" }], "f"),
  listenChanges: (client) => Array.fromAsync(client.listenChanges()).catch(() => {}),
  importPrompts: (client) =>
    Array.fromAsync(client.importPrompts(pieces(), { format: "csv", dryRun: true, prune: true })),
  exportPrompts: async (client) => {
    for await (const _ of client.exportPrompts()) break;
  },
  login: (client) => client.login("eva", "correct horse"),
  logout: (client) => client.logout(),
  me: (client) => client.me(),
  listProjects: (client) => client.listProjects(),
  createProject: (client) => client.createProject({ name: "p" }),
  listMembers: (client) => client.listMembers(),
  setMember: (client) => client.setMember("eva", "editor"),
  removeMember: (client) => client.removeMember("eva"),
  listKeys: (client) => client.listKeys(),
  createKey: (client) => client.createKey({ name: "app", scopes: ["read"], expiresAt: "2030-01-01T00:00:00.000Z" }),
  revokeKey: (client) => client.revokeKey("k1"),
  listUsers: (client) => client.listUsers(),
  createUser: (client) => client.createUser({ username: "eva", password: "correct horse" }),
  changeUser: (client) => client.changeUser("eva", { disabled: true }),
  changePassword: (client) => client.changePassword("correct horse", "a battery staple"),
  resetPassword: (client) => client.resetPassword("eva@example.com"),
  listSessions: (client) => client.listSessions(),
  endSession: (client) => client.endSession("8c6ec1a4-61a5-4ddb-bdfd-0e1ff4e23b4f"),
  listUserSessions: (client) => client.listUserSessions("eva@example.com"),
  endUserSession: (client) => client.endUserSession("eva", "8c6ec1a4-61a5-4ddb-bdfd-0e1ff4e23b4f"),
  endUserSessions: (client) => client.endUserSessions("eva"),
  rotateKey: (client) => client.rotateKey("k1", { overlapSeconds: 3600, expiresAt: "2030-01-01T00:00:00.000Z" }),
  listAudit: (client) => client.listAudit({ limit: 3, cursor: "c", ...auditFilter }),
  exportAudit: (client) => Array.fromAsync(client.exportAudit(auditFilter)),
  systemHealth: (client) => client.systemHealth(),
  health: (client) => client.health(),
  readSettings: (client) => client.readSettings(),
  readMaintenance: (client) => client.readMaintenance(),
  readReadiness: (client) => client.readReadiness(),
  readRecoveryInfo: (client) => client.readRecoveryInfo(),
  listDrills: (client) => client.listDrills({ limit: 3 }),
  listRestores: (client) => client.listRestores({ limit: 3 }),
  planRestore: (client) => client.planRestore({ at: "2026-11-22T06:00:00+01:00" }),
  listJobs: (client) => client.listJobs(),
  startJob: (client) => client.startJob({ verb: "drill", options: { scenario: "database-failure" } }),
  readJob: (client) => client.readJob("8c6ec1a4-61a5-4ddb-bdfd-0e1ff4e23b4f"),
  cancelJob: (client) => client.cancelJob("8c6ec1a4-61a5-4ddb-bdfd-0e1ff4e23b4f"),
  setMaintenance: (client) =>
    client.setMaintenance({ mode: "read-only", message: "Moving house.", endsAt: "2030-01-01T00:00:00Z" }),
};

async function* pieces(): AsyncGenerator<ImportPiece> {
  yield { path: "a.csv", content: "act,prompt" };
}

interface Recorded {
  method: string;
  url: URL;
  body: string | null;
}

async function record(use: (client: Client) => Promise<unknown>): Promise<Recorded> {
  const seen: Recorded[] = [];
  const client = createClient({
    url: "http://library.test/base/",
    token: "plk_a_b",
    project: "team",
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const body = request.body === null ? null : await request.text();
      seen.push({ method: request.method, url: new URL(request.url), body });
      return new Response('{"summary":{}}\n');
    },
  });
  await use(client);
  expect(seen).toHaveLength(1);
  const [first] = seen;
  if (!first) throw new Error("nothing was sent");
  return first;
}

describe("the client against the table of routes", () => {
  it.each(Object.entries(uses))("%s sends what the route of that name takes", async (id, use) => {
    const route: Route = routes[id as Used];
    const { method, url, body } = await record(use);
    expect(method).toBe(route.method);
    const path = url.pathname.replace(/^\/base/, "");
    const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
    const pattern = new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, "([^/]+)")}$`);
    const values = (pattern.exec(path) ?? expect.fail(`${path} is not ${route.path}`)).slice(1).map(decodeURIComponent);
    route.params?.parse(Object.fromEntries(names.map((name, index) => [name, values[index]])));
    // A route without a query takes none.
    if (route.query) route.query.parse(Object.fromEntries(url.searchParams));
    else expect(url.search).toBe("");
    const takesProject = route.query !== undefined && "project" in route.query.shape;
    expect(url.searchParams.get("project")).toBe(takesProject ? "team" : null);
    if (route.body) route.body.parse(JSON.parse(body ?? ""));
    else expect(body).toBeNull();
  });

  it("has a method for every route that is not for machines or a twin", () => {
    const wanted = Object.keys(routes).filter((id) => !/^(metrics|openapi)$|ByQuery$/.test(id));
    expect(Object.keys(uses).sort()).toEqual(wanted.sort());
  });

  it("writes a name with folders, spaces and percent signs as one segment", async () => {
    const { url } = await record(uses.fetchPrompt);
    expect(url.pathname).toBe("/base/api/prompts/mail%2FGr%C3%BC%C3%9Fe%201%25");
  });
});
