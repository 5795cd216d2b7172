/** API keys and logins: revoked at once, checked without the database, and shut out by a damaged access file. */
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { temporaryHome } from "../../test/support/cluster.ts";
import { type FreshDatabase, freshDatabase } from "../../test/support/database.ts";
import type { DatabaseProxy } from "../../test/support/database-proxy.ts";
import {
  ADMIN,
  eventually,
  freshServer,
  newKey,
  newUser,
  proxyTo,
  type Served,
  serveOn,
} from "../../test/support/server.ts";

const statusOf = async (server: Served, token: string) => (await server.ask("/api/prompts/kept", { token })).status;

describe("an API key", () => {
  let server: Served;
  beforeAll(async () => {
    server = await freshServer();
    await server.local.savePrompt({ name: "kept", text: "x" });
  });
  afterAll(async () => await server.close());

  it("works from the moment it is made until the moment it is revoked", async () => {
    const { id, key } = await server.local.createKey({ name: "short-lived" });
    expect(await statusOf(server, key)).toBe(200);
    await server.local.revokeKey(id);
    expect(await statusOf(server, key)).toBe(401);
  });

  it("expires by itself", async () => {
    const expiresAt = new Date(Date.now() + 5_000).toISOString();
    const { key } = await server.local.createKey({ name: "expiring", expiresAt });
    expect(await statusOf(server, key)).toBe(200);
    await eventually(async () => (await statusOf(server, key)) === 401);
  });

  it("is shown once: neither list nor audit nor access file holds its secret", async () => {
    const { id, key } = await server.local.createKey({ name: "secret" });
    const [, , secret = ""] = key.split("_");
    const seen = JSON.stringify([await server.local.listKeys(), await server.local.listAudit()]);
    expect(seen).toContain(id);
    expect(seen).not.toContain(secret);
    const file = await eventually(async () => {
      const text = await readFile(server.config.home.accessFile, "utf8");
      return text.includes(id) ? text : null;
    });
    expect(file).not.toContain(secret);
  });

  it("with another's secret, a cut one, or one more part is none", async () => {
    const [one, other] = [await newKey(server, ["read"]), await newKey(server, ["read"])];
    const [, id = "", secret = ""] = one.split("_");
    const foreign = other.split("_")[2] ?? "";
    for (const wrong of [`plk_${id}_${foreign}`, `plk_${id}_${secret.slice(1)}`, `plk_${id}_`, `plk_${id}`, "plk_"]) {
      expect(await statusOf(server, wrong), wrong).toBe(401);
    }
    for (const wrong of [`${one}_more`, `${one}x`]) expect(await statusOf(server, wrong), wrong).toBe(401);
  });

  it("says when it was last used, at the latest when the server stops", async () => {
    const database = await freshDatabase();
    const first = await serveOn(database);
    const { id, key, lastUsedAt } = await first.local.createKey({ name: "used" });
    expect(lastUsedAt).toBeNull();
    expect(await statusOf(first, key)).toBe(404);
    await first.close();
    const second = await serveOn(database);
    const listed = (await second.local.listKeys()).items.find((item) => item.id === id);
    expect(Date.now() - new Date(listed?.lastUsedAt ?? 0).getTime()).toBeLessThan(600_000);
    await second.close();
    await database.drop();
  });
});

describe("two servers on one database", () => {
  it("a key revoked on one is refused by the other, also on the hot path", async () => {
    const database = await freshDatabase();
    const [one, other] = [await serveOn(database), await serveOn(database)];
    await one.local.savePrompt({ name: "kept", text: "x" });
    const { id, key } = await one.local.createKey({ name: "roaming" });
    await eventually(async () => (await statusOf(other, key)) === 200);
    await one.local.revokeKey(id);
    await eventually(async () => (await statusOf(other, key)) === 401);
    await one.close();
    await other.close();
    await database.drop();
  });
});

describe("while the database is away", () => {
  let database: FreshDatabase;
  let proxy: DatabaseProxy;
  let home: { root: string; remove(): Promise<void> };
  let known: { key: string; revoked: string; login: string; ended: string; disabled: string };

  beforeAll(async () => {
    database = await freshDatabase();
    proxy = await proxyTo(database);
    const made = await temporaryHome();
    home = { root: made.home.root, remove: made.remove };
    const server = await serveOn(database, { proxy, home: home.root });
    await server.local.savePrompt({ name: "kept", text: "kept text", labels: ["production"] });
    known = await makeCallers(server);
    const { accessFile } = server.config.home;
    await eventually(async () => (await readFile(accessFile, "utf8")).includes("the last key"));
    await server.close();
  });
  afterAll(async () => {
    await proxy.close();
    await database.drop();
    await home.remove();
  });
  beforeEach(() => proxy.restore());

  async function makeCallers(server: Served) {
    const revoked = await server.local.createKey({ name: "revoked" });
    await server.local.revokeKey(revoked.id);
    const login = await newUser(server, "stays", { role: "viewer" });
    const ended = await newUser(server, "leaves", { role: "viewer" });
    await server.as(ended).logout();
    const disabled = await newUser(server, "barred", { role: "viewer" });
    await server.local.changeUser("barred", { disabled: true });
    const { key } = await server.local.createKey({ name: "the last key" });
    return { key, revoked: revoked.key, login, ended, disabled };
  }

  async function expectChecks(server: Served): Promise<void> {
    expect(await statusOf(server, known.key)).toBe(200);
    expect(await statusOf(server, known.login)).toBe(200);
    for (const barred of [known.revoked, known.ended, known.disabled, "plk_no_key"]) {
      expect(await statusOf(server, barred), barred).toBe(401);
    }
    const label = await server.ask("/api/prompts/kept?label=production", { token: known.key });
    expect(label).toMatchObject({ status: 200, json: { text: "kept text" }, headers: { "x-served-from": "mirror" } });
    const nowhere = await server.ask("/api/prompts/kept?label=nowhere", { token: known.key });
    expect(nowhere).toMatchObject({ status: 404, headers: { "x-served-from": "mirror" } });
    const list = await server.ask("/api/prompts", { token: known.key });
    expect(list).toMatchObject({ status: 200, json: { total: 1 }, headers: { "x-served-from": "mirror" } });
  }

  it("keys and logins are still checked by a server that was there before", async () => {
    const server = await serveOn(database, { proxy, home: home.root });
    // So that memory has it, too.
    await server.ask("/api/prompts/kept", { token: known.key });
    proxy.cut();
    await server.untilHealth("degraded");
    await expectChecks(server);
    await server.close();
  });

  it("a server that starts reads from mirror and access file, refuses writes, and is whole again by itself", async () => {
    proxy.cut();
    const server = await serveOn(database, { proxy, home: home.root, wait: false });
    await server.untilHealth("degraded");
    await expectChecks(server);
    const write = await server.ask("/api/prompts", {
      method: "POST",
      token: server.localToken,
      body: { name: "n", text: "x" },
    });
    expect(write).toMatchObject({ status: 503, json: { error: { code: "database_unavailable" } } });
    const { parts } = (await server.ask("/api/system/health")).json;
    expect(parts).toMatchObject({ database: { state: "down" }, access: { state: "up" } });
    proxy.restore();
    await server.untilHealth("healthy");
    expect((await server.ask("/api/prompts/kept", { token: known.key })).headers).not.toHaveProperty("x-served-from");
    await server.close();
  });

  it.each([
    ["one changed byte", (file: string) => file.replace("viewer", "owner_")],
    ["half of it", (file: string) => file.slice(0, file.length / 2)],
    ["nothing in it", () => ""],
    ["a seal of our own making", (file: string) => JSON.stringify({ ...JSON.parse(file), seal: "00".repeat(32) })],
  ])("an access file with %s lets nobody in, and health says so", async (_what, damage) => {
    const { accessFile } = (await import("../base/config.ts")).homeAt(home.root);
    const whole = await readFile(accessFile, "utf8");
    proxy.cut();
    await writeFile(accessFile, damage(whole));
    const server = await serveOn(database, { proxy, home: home.root, wait: false });
    for (const token of [known.key, known.login]) expect(await statusOf(server, token)).toBe(401);
    const health = await server.ask("/api/system/health");
    expect(health).toMatchObject({ status: 503, json: { status: "down", parts: { access: { state: "down" } } } });
    expect(health.json.parts.access.note).toMatch(/damaged/);
    proxy.restore();
    await server.untilHealth("healthy");
    expect(await statusOf(server, known.key)).toBe(200);
    await eventually(async () => (await readFile(accessFile, "utf8")).includes("the last key"));
    await server.close();
  });

  it("an access file sealed with another JWT_SECRET lets nobody in", async () => {
    proxy.cut();
    const settings = { JWT_SECRET: "another secret that is long enough to be one" };
    const server = await serveOn(database, { proxy, home: home.root, wait: false, settings });
    expect(await statusOf(server, known.key)).toBe(401);
    await server.untilHealth("down");
    await server.close();
  });

  it("a server that never saw the database lets nobody in but the local operator, who is told to wait", async () => {
    proxy.cut();
    const server = await serveOn(database, { proxy, wait: false });
    await server.untilHealth("down");
    expect(await statusOf(server, known.key)).toBe(401);
    const { parts } = (await server.ask("/api/system/health")).json;
    expect(parts.access).toMatchObject({ state: "down" });
    expect((await server.ask("/api/auth/me", { token: server.localToken })).status).toBe(200);
    const list = await server.ask("/api/prompts", { token: server.localToken });
    expect(list).toMatchObject({ status: 503, json: { error: { code: "database_unavailable" } } });
    await server.close();
  });

  it("the first administrator can sign in once the database has answered", async () => {
    proxy.cut();
    const server = await serveOn(database, { proxy, wait: false });
    proxy.restore();
    await server.untilHealth("healthy");
    const { token } = await server.local.login(ADMIN.username, ADMIN.password);
    expect((await server.ask("/api/auth/me", { token })).json).toMatchObject({ name: "admin", operator: true });
    await server.close();
  });
});
