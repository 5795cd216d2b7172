/** Accounts through the real server: passwords, sessions, the rotation of keys. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDatabase } from "../../test/support/database.ts";
import { eventually, freshServer, newUser, proxyTo, type Served, serveOn } from "../../test/support/server.ts";

const NEW = "an altogether new one";
let server: Served;
beforeAll(async () => {
  server = await freshServer({ settings: { TRUST_PROXY: "loopback" } });
});
afterAll(async () => await server.close());

const change = (token: string, current: string, password = NEW, headers: Record<string, string> = {}) =>
  server.ask("/api/auth/password", { method: "POST", token, headers, body: { current, password } });
const login = (username: string, password: string, headers: Record<string, string> = {}) =>
  server.ask("/api/auth/login", { method: "POST", headers, body: { username, password } });
const statusOf = async (token: string) => (await server.ask("/api/auth/me", { token })).status;

describe("changing the own password", () => {
  it("ends the other sessions at once, this one goes on", async () => {
    const here = await newUser(server, "ada");
    const { token: there } = await server.local.login("ada", "password of ada");
    expect(await change(here, "password of ada")).toMatchObject({ status: 204, text: "" });
    expect([await statusOf(here), await statusOf(there)]).toEqual([200, 401]);
    expect((await login("ada", NEW)).status).toBe(200);
  });

  it("is refused with a wrong present one, and with a new one that is too short", async () => {
    const token = await newUser(server, "bob");
    expect(await change(token, "wrong")).toMatchObject({ status: 403, json: { error: { code: "password_wrong" } } });
    expect(await change(token, "password of bob", "short")).toMatchObject({ status: 400 });
    expect((await login("bob", "password of bob")).status).toBe(200);
  });

  it("counts guesses together with sign-ins", async () => {
    const token = await newUser(server, "carl");
    const from = { "x-forwarded-for": "192.0.2.9" };
    for (let attempt = 0; attempt < 6; attempt++) expect((await change(token, "wrong", NEW, from)).status).toBe(403);
    for (let attempt = 0; attempt < 4; attempt++) expect((await login("carl", "wrong", from)).status).toBe(401);
    const refused = await change(token, "password of carl", NEW, from);
    expect(refused).toMatchObject({ status: 429, json: { error: { code: "too_many_attempts" } } });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect((await login("carl", "password of carl", from)).status).toBe(429);
    expect((await login("carl", "password of carl")).status).toBe(200);
  });

  it("with the cookie needs the CSRF header", async () => {
    const cookie = `promptlib_session=${await newUser(server, "dora")}`;
    const body = { current: "password of dora", password: NEW };
    const by = (headers: Record<string, string>) =>
      server.ask("/api/auth/password", { method: "POST", headers: { cookie, ...headers }, body });
    expect(await by({})).toMatchObject({ status: 403, json: { error: { code: "csrf" } } });
    expect((await by({ "x-promptlib-csrf": "1" })).status).toBe(204);
  });
});

describe("resetting a password", () => {
  it("answers it once, to be kept nowhere, signs the user out, and it is in no log", async () => {
    const token = await newUser(server, "eva");
    const reply = await server.ask("/api/users/eva/reset", { method: "POST", token: server.localToken });
    expect(reply).toMatchObject({ status: 200, json: { username: "eva" }, headers: { "cache-control": "no-store" } });
    expect(await statusOf(token)).toBe(401);
    expect((await login("eva", reply.json.password)).status).toBe(200);
    expect(await readFile(join(server.config.home.logs, "test.log"), "utf8")).not.toContain(reply.json.password);
  });
});

describe("sessions", () => {
  it("a person sees the own ones and which is this, and ends another at once", async () => {
    const here = await newUser(server, "fritz");
    const from = { "x-forwarded-for": "192.0.2.77", "user-agent": "curl/8.14.1" };
    const there = (await login("fritz", "password of fritz", from)).json.token;
    await newUser(server, "gerda");
    const { items } = await server.as(here).listSessions();
    expect(items).toMatchObject([
      { username: "fritz", address: "192.0.2.77", browser: "curl", current: false },
      { username: "fritz", current: true },
    ]);
    await server.as(here).endSession(items[0]?.id ?? "");
    expect([await statusOf(here), await statusOf(there)]).toEqual([200, 401]);
  });

  it("of others are not to be ended by a person, but by an operator", async () => {
    const [here, other] = [await newUser(server, "hans"), await newUser(server, "ida")];
    const [session] = (await server.local.listUserSessions("ida")).items;
    await expect(server.as(here).endSession(session?.id ?? "")).rejects.toMatchObject({ code: "session_not_found" });
    expect(await statusOf(other)).toBe(200);
    await server.local.endUserSession("ida", session?.id ?? "");
    expect(await statusOf(other)).toBe(401);
    await server.local.endUserSessions("hans");
    expect(await statusOf(here)).toBe(401);
  });
});

describe("rotating a key", () => {
  it("lets the old one work for the overlap and no longer, the new one from the start", async () => {
    const old = await server.local.createKey({ name: "app", scopes: ["read"] });
    const rotated = await server.local.rotateKey(old.id, { overlapSeconds: 6 });
    expect([await statusOf(old.key), await statusOf(rotated.key)]).toEqual([200, 200]);
    await eventually(async () => (await statusOf(old.key)) === 401);
    expect(Date.now()).toBeGreaterThanOrEqual(new Date(rotated.replaces.expiresAt ?? "").getTime());
    expect(await statusOf(rotated.key)).toBe(200);
  });

  it("without an overlap ends the old one at once", async () => {
    const old = await server.local.createKey({ name: "app" });
    await server.local.rotateKey(old.id, { overlapSeconds: 0 });
    expect(await statusOf(old.key)).toBe(401);
  });

  it("answers the new key to be kept nowhere, and it is in no log", async () => {
    const { id } = await server.local.createKey({ name: "app" });
    const path = `/api/keys/${id}/rotate`;
    const { headers, json } = await server.ask(path, { method: "POST", token: server.localToken, body: {} });
    expect(headers["cache-control"]).toBe("no-store");
    const log = await readFile(join(server.config.home.logs, "test.log"), "utf8");
    expect(log).not.toContain(json.key.split("_")[2]);
  });
});

it("a key that ends in the year 0, which no calendar has, is neither made nor put in the place of another", async () => {
  const { id } = await server.local.createKey({ name: "app" });
  const expiresAt = "0000-01-01T00:00:00Z";
  for (const [path, body] of [
    ["/api/keys", { name: "app", expiresAt }],
    [`/api/keys/${id}/rotate`, { expiresAt }],
  ] as const) {
    const refused = await server.ask(path, { method: "POST", token: server.localToken, body });
    expect(refused, path).toMatchObject({
      status: 400,
      json: { error: { code: "invalid_request", details: { faults: [{ field: "body.expiresAt" }] } } },
    });
  }
});

describe("while the database is away", () => {
  it("accounts wait for it, and no attempt is counted", async () => {
    const database = await freshDatabase();
    const proxy = await proxyTo(database);
    const away = await serveOn(database, { proxy });
    const token = await newUser(away, "ada");
    const old = await away.local.createKey({ name: "app" });
    const rotated = await away.local.rotateKey(old.id, { overlapSeconds: 2 });
    proxy.cut();
    await away.untilHealth("degraded");
    // What was decided before goes on to count.
    await eventually(async () => (await away.ask("/api/auth/me", { token: old.key })).status === 401);
    expect((await away.ask("/api/auth/me", { token: rotated.key })).status).toBe(200);
    const again = await away.ask(`/api/keys/${rotated.id}/rotate`, {
      method: "POST",
      token: away.localToken,
      body: {},
    });
    expect(again).toMatchObject({ status: 503, json: { error: { code: "database_unavailable" } } });
    const body = { current: "wrong", password: NEW };
    for (let attempt = 0; attempt < 12; attempt++) {
      const reply = await away.ask("/api/auth/password", { method: "POST", token, body });
      expect(reply).toMatchObject({ status: 503, json: { error: { code: "database_unavailable" } } });
    }
    const reset = await away.ask("/api/users/ada/reset", { method: "POST", token: away.localToken });
    expect(reset).toMatchObject({ status: 503, json: { error: { code: "database_unavailable" } } });
    const sessions = await away.ask("/api/sessions", { token });
    expect(sessions).toMatchObject({ status: 503, json: { error: { code: "database_unavailable" } } });
    proxy.restore();
    await away.untilHealth("healthy");
    await away.as(token).changePassword("password of ada", NEW);
    await away.close();
    await proxy.close();
    await database.drop();
  });
});
