/** The audit log through the real server: who reads what of it, and its export. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDatabase } from "../../test/support/database.ts";
import { freshServer, newKey, newUser, proxyTo, type Served, serveOn } from "../../test/support/server.ts";

let server: Served;
let admin: string;
let operator: string;
beforeAll(async () => {
  server = await freshServer();
  for (const name of ["ours", "theirs"]) {
    await server.local.createProject({ name });
    await server.as(server.localToken, name).savePrompt({ name: `of ${name}`, text: "x" });
  }
  admin = await newUser(server, "ann", { role: "admin", project: "ours" });
  operator = await newUser(server, "olga", { operator: true });
});
afterAll(async () => await server.close());

const read = (query: string, token: string, path = "/api/audit") => server.ask(`${path}?${query}`, { token });
const projectsIn = (items: { project: string | null }[]) => new Set(items.map(({ project }) => project));

describe("the audit log", () => {
  it("shows an admin what was done in the project and nothing else", async () => {
    const { json } = await read("project=ours", admin);
    expect(projectsIn(json.items)).toEqual(new Set(["ours"]));
    expect(json.items.map(({ action }: { action: string }) => action)).toContain("prompt.save");
    const lines = (await read("project=ours", admin, "/api/audit/export")).text.trim().split("\n");
    expect(projectsIn(lines.map((line) => JSON.parse(line)))).toEqual(new Set(["ours"]));
  });

  it("is not there for an admin of another project, nor without one named", async () => {
    for (const path of ["/api/audit", "/api/audit/export"]) {
      for (const query of ["project=theirs", "project=invented", ""]) {
        expect(await read(query, admin, path)).toMatchObject({
          status: 404,
          json: { error: { code: "project_not_found" } },
        });
      }
    }
  });

  it("shows an operator everything, or any project", async () => {
    const all = await read("limit=200", operator);
    expect(projectsIn(all.json.items)).toEqual(new Set([null, "ours", "theirs"]));
    expect(projectsIn((await read("project=theirs", operator)).json.items)).toEqual(new Set(["theirs"]));
    expect((await read("project=invented", operator)).status).toBe(404);
  });

  it("is for no key, whatever it may", async () => {
    const key = await newKey(server, ["read", "write"], "ours");
    expect((await read("", key)).status).toBe(403);
  });

  it.each([
    "action=Key",
    "action=a.",
    "action=a-",
    "from=yesterday",
    "to=0000-01-01T00:00:00Z",
    "actor=",
    "who=ada",
    "subject=%00",
  ])("refuses the filter %s", async (query) => {
    expect(await read(query, operator)).toMatchObject({ status: 400, json: { error: { code: "invalid_request" } } });
  });
});

describe("the export", () => {
  it("is lines of JSON, the oldest first, as the client reads them", async () => {
    const entries = await Array.fromAsync(server.as(operator).exportAudit({ action: "project" }));
    expect(entries.map(({ subject }) => subject)).toEqual(["ours", "theirs"]);
    const { headers, text } = await read("action=project", operator, "/api/audit/export");
    expect(headers["content-type"]).toBe("application/x-ndjson");
    expect(
      text
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    ).toEqual(entries);
  });

  it("can be left in the middle", async () => {
    for await (const entry of server.local.exportAudit()) {
      expect(entry.action).toBe("user.create");
      break;
    }
    expect((await server.ask("/health")).status).toBe(200);
  });

  it("refused throws the refusal", async () => {
    const all = Array.fromAsync(server.as(admin, "theirs").exportAudit());
    await expect(all).rejects.toMatchObject({ code: "project_not_found" });
  });
});

describe("while the database is away", () => {
  it("list and export wait for it", async () => {
    const database = await freshDatabase();
    const proxy = await proxyTo(database);
    const away = await serveOn(database, { proxy });
    proxy.cut();
    await away.untilHealth("degraded");
    for (const path of ["/api/audit", "/api/audit/export", "/api/audit?project=default"]) {
      const reply = await away.ask(path, { token: away.localToken });
      expect(reply).toMatchObject({ status: 503, json: { error: { code: "database_unavailable" } } });
    }
    await away.close();
    await proxy.close();
    await database.drop();
  });
});
