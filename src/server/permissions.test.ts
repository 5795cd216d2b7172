/** docs/permissions.md, the table of routes and the real server say the same of who may do what. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestGuardian, testGuardian } from "../../test/support/guardian.ts";
import { ADMIN, type Ask, freshServer, JWT_SECRET, newKey, newUser, type Served } from "../../test/support/server.ts";
import type { Access, Route } from "../contract/route.ts";
import { type RouteId, routes } from "../contract/routes.ts";
import type { Client } from "../sdk/index.ts";

const COLUMNS = [
  "everyone",
  "signed in",
  "viewer",
  "editor",
  "admin",
  "owner",
  "operator",
  "key read",
  "key write",
  "key label:NAME",
  "local operator",
] as const;
type Column = (typeof COLUMNS)[number];

/** Route (as METHOD PATH) → who may call it, as the page says. */
const documented = readPage();

function readPage(): Map<string, Set<Column>> {
  const page = readFileSync(new URL("../../docs/permissions.md", import.meta.url), "utf8");
  const rows = page.split("\n").filter((line) => line.startsWith("|"));
  const head = rows.find((line) => line.startsWith("| what | route |")) ?? "";
  const cellsOf = (line: string) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
  const columns = cellsOf(head)
    .slice(2)
    .map((cell) => cell.replaceAll("`", ""));
  expect(columns).toEqual(COLUMNS);
  const found = rows.flatMap((line): [string, Set<Column>][] => {
    const [, route = "", ...cells] = cellsOf(line);
    const name = /^`((?:GET|POST|PUT|PATCH|DELETE) .*)`$/.exec(route)?.[1];
    return name ? [[name, new Set(COLUMNS.filter((_column, index) => cells[index] === "✓"))]] : [];
  });
  expect(new Set(found.map(([name]) => name)).size).toBe(found.length);
  return new Map(found);
}

const everyRoute = Object.entries<Route>(routes) as [RouteId, Route][];

/** The page leaves out the twins: it says that they are as the others. */
function rowOf({ method, path }: Route): Set<Column> {
  const row = documented.get(`${method} ${path.replace(/^\/api\/prompt(?=\/|$)/, "/api/prompts/{name}")}`);
  if (!row) throw new Error(`docs/permissions.md lacks ${method} ${path}`);
  return row;
}

const PERSONS: Column[] = ["signed in", "viewer", "editor", "admin", "owner", "operator"];
const MEANING: Record<Access, Column[]> = {
  public: [...COLUMNS],
  anyone: COLUMNS.filter((column) => column !== "everyone"),
  person: PERSONS,
  viewer: ["viewer", "editor", "admin", "owner", "key read", "key write", "local operator"],
  editor: ["editor", "admin", "owner", "key write", "local operator"],
  label: ["editor", "admin", "owner", "key write", "key label:NAME", "local operator"],
  admin: ["admin", "owner", "local operator"],
  auditor: ["admin", "owner", "operator", "local operator"],
  operator: ["operator", "local operator"],
};

describe("docs/permissions.md", () => {
  it("says of every route what the table of routes says", () => {
    for (const [id, route] of everyRoute) expect([...rowOf(route)], id).toEqual(MEANING[route.access]);
  });

  it("names no route that is not there", () => {
    const there = new Set(everyRoute.map(([, { method, path }]) => `${method} ${path}`));
    expect([...documented.keys()].filter((name) => !there.has(name))).toEqual([]);
  });
});

interface Caller {
  token: string | undefined;
  /** Whose column is meant; null: a token that holds no more. */
  column: Column | null;
  password?: string;
  /** All its rights are in another project. */
  outside?: true;
}

describe("on the real server", () => {
  let guardian: TestGuardian;
  let server: Served;
  const callers = new Map<string, Caller>();

  beforeAll(async () => {
    guardian = await testGuardian({ jwtSecret: JWT_SECRET });
    server = await freshServer({ settings: { GUARDIAN_URL: guardian.url } });
    await server.local.createProject({ name: "ours" });
    await server.local.createProject({ name: "theirs" });
    await server.local.createProject({ name: "elsewhere" });
    await makePersons(server, callers);
    for (const name of ["an-admin", "an-owner"]) {
      await server.as(server.localToken, "elsewhere").setMember(name, "editor");
    }
    await makeKeys(server, callers);
    callers.set("nobody", { token: undefined, column: "everyone" });
    callers.set("an invented token", { token: "not.a.token", column: null });
    callers.set("an invented key", { token: "plk_abc_def", column: null });
    callers.set("the local operator", { token: server.localToken, column: "local operator" });
  });
  afterAll(async () => {
    await server.close();
    await guardian.close();
  });

  it.each(everyRoute)("%s lets in whom the page says, and nobody else", async (id, route) => {
    const may = rowOf(route);
    for (const [name, caller] of callers) {
      const ends = id === "logout" || id === "endSession";
      const token = ends && caller.password ? await signIn(server, name, caller.password) : caller.token;
      const { path, ...options } = await prepare(server, id, route, { ...caller, token });
      const { status, json } = await server.ask(path, { ...options, token });
      const seen = `${name}: ${status} ${json?.error?.code ?? ""}`;
      const elsewhere = caller.outside === true && isAboutProject(route);
      const allowed = caller.column === null ? route.access === "public" : may.has(caller.column) && !elsewhere;
      if (allowed) expect(Object.keys(route.answers).map((success) => `${name}: ${success} `)).toContain(seen);
      else expect(seen).toBe(`${name}: ${refusal(route, caller)}`);
    }
  });

  it("an admin neither makes nor unmakes an owner, an owner does", async () => {
    await newUser(server, "heir", { role: "viewer", project: "ours" });
    const as = (name: string) => server.as(callers.get(name)?.token ?? "", "ours");
    await expect(as("an admin").setMember("heir", "owner")).rejects.toMatchObject({ code: "forbidden" });
    await expect(as("an owner").setMember("heir", "owner")).resolves.toMatchObject({ role: "owner" });
    await expect(as("an admin").setMember("heir", "viewer")).rejects.toMatchObject({ code: "forbidden" });
    await expect(as("an admin").removeMember("heir")).rejects.toMatchObject({ code: "forbidden" });
    await as("an owner").removeMember("heir");
  });

  it("a key for one label moves that one and no other", async () => {
    await server.as(server.localToken, "ours").savePrompt({ name: "labelled", text: "x" });
    const key = server.as(callers.get("a key for a label")?.token ?? "");
    await expect(key.moveLabel("labelled", "given", 1)).resolves.toMatchObject({ label: "given" });
    await expect(key.moveLabel("labelled", "production", 1)).rejects.toMatchObject({ code: "forbidden" });
    await expect(key.removeLabel("labelled", "production")).rejects.toMatchObject({ code: "forbidden" });
    const promoted = await key.promoteLabel("given", { from: "latest", names: ["labelled"] });
    expect(promoted).toMatchObject({ moved: 0, unchanged: 1 });
    // It reads nothing: which prompts there are, it is not told.
    const all = { from: "latest", all: true } as const;
    await expect(key.promoteLabel("given", all)).rejects.toMatchObject({ code: "forbidden" });
  });

  it("an existing project of others and one that does not exist are answered alike", async () => {
    for (const name of ["a viewer", "a key that reads", "a person without a role", "an operator without a role"]) {
      const token = callers.get(name)?.token;
      const there = await server.ask("/api/prompts?project=theirs", { token });
      const invented = await server.ask("/api/prompts?project=invented", { token });
      expect(there.status, name).toBe(404);
      expect(there.text.replaceAll("theirs", "…"), name).toBe(invented.text.replaceAll("invented", "…"));
    }
  });

  it("lists to a person the projects with a role, to a key its own, to an operator all", async () => {
    const seenBy = async (name: string) =>
      (await server.as(callers.get(name)?.token ?? "").listProjects()).items.map((project) => project.name);
    expect(await seenBy("a viewer")).toEqual(["ours"]);
    expect(await seenBy("a member of another project")).toEqual(["theirs"]);
    expect(await seenBy("a key of another project")).toEqual(["theirs"]);
    expect(await seenBy("a person without a role")).toEqual([]);
    expect(await seenBy("an operator without a role")).toEqual(expect.arrayContaining(["default", "ours", "theirs"]));
  });
});

describe("between projects", () => {
  let server: Served;
  const strangers = new Map<string, string>();

  beforeAll(async () => {
    server = await freshServer();
    for (const name of ["ours", "theirs"]) await server.local.createProject({ name });
    const member = await newUser(server, "stranger", { role: "owner", project: "theirs" });
    strangers.set("a member of another project", member);
    strangers.set("a key of another project", await newKey(server, ["read", "write"], "theirs"));
    await fillWithSecrets(server);
  });
  afterAll(async () => await server.close());

  it.each(everyRoute.filter(([, route]) => isAboutProject(route)))(
    "%s shows and changes nothing of another project, whatever of it is named",
    async (id, route) => {
      const asked: { name: string; path: string; options: Ask }[] = [];
      for (const [name, token] of strangers) {
        const { path, ...options } = await prepare(server, id, route, { token, column: null });
        asked.push({ name, path: path.replace("project=ours", "project=theirs"), options: { ...options, token } });
      }
      const before = await allOf(server);
      for (const { name, path, options } of asked) {
        const { status, text } = await server.ask(path, options);
        expect(text, name).not.toContain(SECRET);
        const refused = /\{(name|id)\}/.test(route.path) || "name" in (route.query?.shape ?? {});
        if (refused) expect(`${name}: ${status}`).toMatch(name.startsWith("a member") ? /: 404$/ : /: 40[34]$/);
      }
      expect(await allOf(server)).toEqual(before);
    },
  );
});

const SECRET = "seen-by-ours-alone";

/** In the project that others must not look into: whatever a list could tell. */
async function fillWithSecrets(server: Served): Promise<void> {
  const ours = server.as(server.localToken, "ours");
  const content = { text: SECRET, description: SECRET, tags: [SECRET], message: SECRET };
  for (const name of ["kept", "left", "called"]) await ours.savePrompt({ name: `${name} ${SECRET}`, ...content });
  await ours.moveLabel(`kept ${SECRET}`, "given", 1);
  await ours.trashPrompt(`left ${SECRET}`);
  await ours.renamePrompt(`called ${SECRET}`, `now ${SECRET}`);
  await ours.protectLabel(SECRET);
  await ours.createKey({ name: SECRET });
}

/** What there is in that project, to see that nobody changed it. */
async function allOf(server: Served): Promise<unknown> {
  const token = server.localToken;
  const lists = ["export", "keys", "members", "protected-labels", "trash"].map(async (list) => {
    const { status, text } = await server.ask(`/api/${list}?project=ours`, { token });
    expect(status).toBe(200);
    // When keys were last used is written once a minute.
    return text.replaceAll(/"lastUsedAt":("[^"]*"|null)/g, "");
  });
  return Promise.all(lists);
}

function isAboutProject({ access }: Route): boolean {
  return !["public", "anyone", "person", "operator"].includes(access);
}

function refusal(route: Route, { column, token, ...caller }: Caller) {
  if (column === null || token === undefined) return "401 unauthenticated";
  const outside = caller.outside ?? (column === "signed in" || column === "operator");
  return isAboutProject(route) && outside ? "404 project_not_found" : "403 forbidden";
}

async function makePersons(server: Served, callers: Map<string, Caller>): Promise<void> {
  const add = async (name: string, column: Column | null, options: Parameters<typeof newUser>[2]) => {
    const token = await newUser(server, usernameOf(name), options);
    callers.set(name, { token, column, password: `password of ${usernameOf(name)}` });
    return token;
  };
  for (const role of ["viewer", "editor", "admin", "owner"] as const) {
    await add(`${role === "viewer" ? "a" : "an"} ${role}`, role, { role, project: "ours" });
  }
  await add("a person without a role", "signed in", {});
  await add("a member of another project", "signed in", { role: "owner", project: "theirs" });
  await add("an operator without a role", "operator", { operator: true });
  await newUser(server, "disabled", { role: "owner", project: "ours" });
  const disabled = (await server.local.login("disabled", "password of disabled")).token;
  await server.local.changeUser("disabled", { disabled: true });
  callers.set("a disabled owner", { token: disabled, column: null });
  const ended = await newUser(server, "ended", { role: "owner", project: "ours" });
  await server.as(ended).logout();
  callers.set("an owner who signed out", { token: ended, column: null });
}

async function makeKeys(server: Served, callers: Map<string, Caller>): Promise<void> {
  callers.set("a key that reads", { token: await newKey(server, ["read"], "ours"), column: "key read" });
  callers.set("a key that writes", { token: await newKey(server, ["write"], "ours"), column: "key write" });
  callers.set("a key for a label", { token: await newKey(server, ["label:given"], "ours"), column: "key label:NAME" });
  const ours = server.as(server.localToken, "ours");
  const revoked = await ours.createKey({ name: "revoked", scopes: ["write"] });
  await ours.revokeKey(revoked.id);
  callers.set("a revoked key", { token: revoked.key, column: null });
  const expired = await ours.createKey({ name: "old", scopes: ["write"], expiresAt: "2020-01-01T00:00:00Z" });
  callers.set("an expired key", { token: expired.key, column: null });
  const theirs = await newKey(server, ["read", "write"], "theirs");
  callers.set("a key of another project", { token: theirs, column: "key write", outside: true });
}

function usernameOf(name: string): string {
  return name.replaceAll(" ", "-");
}

async function signIn(server: Served, name: string, password: string): Promise<string> {
  return (await server.local.login(usernameOf(name), password)).token;
}

/** Its first version has no label any more. */
async function redactable(local: Client, name: string): Promise<void> {
  await local.savePrompt({ name, text: "y", labels: ["given"] });
}

/** The session of a login token; for anything else one that is nobody's. */
function sidOf(token = ""): string {
  const [, claims] = token.split(".");
  return token.split(".").length === 3 && token !== "not.a.token"
    ? JSON.parse(Buffer.from(claims ?? "", "base64url").toString()).sid
    : crypto.randomUUID();
}

let counter = 0;

/** A request that would succeed for whoever may: everything it needs is made for it alone. */
async function prepare(server: Served, id: RouteId, route: Route, caller: Caller): Promise<Ask & { path: string }> {
  const local = server.as(server.localToken, "ours");
  const fresh = `fresh-${++counter}`;
  const needs = (path: string) => route.path.includes(path);
  if (needs("/prompts/{name}") || id.endsWith("ByQuery"))
    await local.savePrompt({ name: fresh, text: "x", labels: ["given"] });
  const values: Record<string, string> = { name: fresh, username: fresh, label: "given", version: "1" };
  if (needs("{version}") && !needs("/trash/")) await redactable(local, fresh);
  if (needs("{username}")) await makeUser(server, fresh, id === "removeMember");
  if (id === "protectLabel" || id === "unprotectLabel") values.label = fresh;
  if (id === "unprotectLabel") await local.protectLabel(fresh);
  if (id === "promoteLabel") await local.savePrompt({ name: fresh, text: "x" });
  if (id === "removeAlias") {
    await local.savePrompt({ name: fresh, text: "x" });
    await local.renamePrompt(fresh, `${fresh}-renamed`);
  }
  if (id === "endSession") values.id = sidOf(caller.token);
  if (id === "endUserSession") values.id = sidOf(await signIn(server, fresh, "long enough for this"));
  if (id === "readJob" || id === "cancelJob") values.id = "1";
  if (id === "revokeKey" || id === "rotateKey") values.id = (await local.createKey({ name: fresh })).id;
  if (needs("/trash/{id}")) values.id = await trashed(server, fresh);
  const query = new URLSearchParams();
  if (route.query && "project" in route.query.shape) query.set("project", "ours");
  if (route.query && "name" in route.query.shape) query.set("name", fresh);
  if (id === "importPrompts") query.set("format", "csv");
  const body = bodyOf(id.replace(/ByQuery$/, ""), fresh, caller);
  return {
    method: route.method,
    path: `${route.path.replaceAll(/\{(\w+)\}/g, (_, name) => values[name] ?? "")}?${query}`,
    ...(body === undefined ? {} : { body }),
    ...(route.media && body ? { headers: { "content-type": route.media } } : {}),
  };
}

async function makeUser(server: Served, username: string, member: boolean): Promise<void> {
  await server.local.createUser({ username, password: "long enough for this" });
  if (member) await server.as(server.localToken, "ours").setMember(username, "viewer");
}

async function trashed(server: Served, name: string): Promise<string> {
  const local = server.as(server.localToken, "ours");
  for (const text of ["x", "y"]) await local.savePrompt({ name, text });
  return (await local.trashPrompt(name)).id;
}

function bodyOf(id: string, fresh: string, { password = "of nobody, and long enough" }: Caller): unknown {
  const bodies: Record<string, unknown> = {
    login: ADMIN,
    changePassword: { current: password, password },
    savePrompt: { name: fresh, text: "x" },
    renderPrompt: {},
    resolvePrompts: { refs: [{ name: fresh }] },
    patchPrompt: { description: "changed" },
    moveLabel: { version: 1 },
    redactVersion: { reason: "a secret" },
    redactTrashed: { reason: "a secret" },
    movePrompt: { project: "elsewhere", name: `${fresh}-moved` },
    renamePrompt: { to: `${fresh}-renamed` },
    duplicatePrompt: { to: `${fresh}-copy` },
    promoteLabel: { from: "latest", names: [fresh] },
    createProject: { name: fresh },
    setMember: { role: "viewer" },
    createKey: { name: fresh },
    rotateKey: {},
    setMaintenance: { mode: "off" },
    startJob: { verb: "backup" },
    planRestore: {},
    createUser: { username: fresh, password: "long enough for this" },
    changeUser: { operator: false },
    importPrompts: `${JSON.stringify({ path: "p.csv", content: `act,prompt,for_devs,type\n${fresh},x,FALSE,TEXT\n` })}\n`,
  };
  return bodies[id];
}
