/** Maintenance: what is refused, what goes on, and that neither the database's death nor a restart ends it. */

import { writeFile } from "node:fs/promises";
import { request as sendRequest } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { temporaryHome } from "../../test/support/cluster.ts";
import { type FreshDatabase, freshDatabase } from "../../test/support/database.ts";
import type { DatabaseProxy } from "../../test/support/database-proxy.ts";
import { ADMIN, eventually, newKey, newUser, proxyTo, type Served, serveOn } from "../../test/support/server.ts";
import { now } from "../base/clock.ts";
import { MaintenanceFile } from "../base/maintenance-file.ts";

let database: FreshDatabase;
let proxy: DatabaseProxy;
let home: Awaited<ReturnType<typeof temporaryHome>>;
let server: Served;
let key: string;

const start = async (wait = true) => await serveOn(database, { proxy, home: home.home.root, wait });

beforeAll(async () => {
  [database, home] = [await freshDatabase(), await temporaryHome()];
  proxy = await proxyTo(database);
  server = await start();
  key = await newKey(server, ["read", "write"]);
  await server.as(key).savePrompt({ name: "a", text: "Hi {{who}}", labels: ["production"] });
  await server.as(key).fetchPrompt("a", { label: "production" });
});
afterAll(async () => {
  await server.close();
  await proxy.close();
  await home.remove();
  await database.drop();
});
afterEach(async () => {
  proxy.restore();
  await server.local.setMaintenance({ mode: "off" });
  await server.untilHealth("healthy");
});

const save = (name = "b") => server.ask("/api/prompts", { method: "POST", token: key, body: { name, text: "x" } });
const fetch = (query = "?label=production") => server.ask(`/api/prompts/a${query}`, { token: key });
const set = (body: object, token = server.localToken) => server.ask("/api/maintenance", { method: "PUT", token, body });
const audited = async () => (await server.local.listAudit({ action: "maintenance" })).items;

describe("read-only", () => {
  it("refuses writes with the message, and with the time to the planned end as Retry-After", async () => {
    const endsAt = new Date(now().getTime() + 3_600_000).toISOString();
    await set({ mode: "read-only", message: " Moving\n house. ", endsAt });
    const { status, headers, json } = await save();
    expect({ status, code: json.error.code }).toEqual({ status: 503, code: "maintenance" });
    expect(json.error.message).toMatch(/^The library is read-only for maintenance, planned until .*Z: Moving house\.$/);
    expect(json.error.details).toMatchObject({ mode: "read-only", message: "Moving house.", endsAt });
    expect(Number(headers["retry-after"])).toBeGreaterThan(3_500);
    expect(Number(headers["retry-after"])).toBeLessThanOrEqual(3_600);
  });

  it("says when to ask again also where no end is known, or it has passed", async () => {
    await set({ mode: "read-only" });
    expect((await save()).headers["retry-after"]).toBe("30");
    await set({ mode: "read-only", endsAt: new Date(now().getTime() + 1_000).toISOString() });
    await eventually(async () => (await save()).headers["retry-after"] === "30");
    expect((await server.local.readMaintenance()).mode).toBe("read-only");
  });

  it("lets everybody read, render, sign in and out", async () => {
    await set({ mode: "read-only" });
    for (const path of ["/api/prompts/a?label=production", "/api/prompts/a", "/api/prompts", "/api/export"]) {
      expect((await server.ask(path, { token: key })).status, path).toBe(200);
    }
    const { rendered } = await server.as(key).renderPrompt("a", { values: { who: "Ada" } });
    expect(rendered).toMatchObject({ output: "Hi Ada" });
    const { token } = await server.local.login(ADMIN.username, ADMIN.password);
    await server.as(token).logout();
  });

  it("is told by health, metrics and its own route, to everybody", async () => {
    await set({ mode: "read-only", message: "Moving house." });
    const { status, json } = await server.ask("/api/system/health");
    expect({ status, told: json.status }).toEqual({ status: 200, told: "degraded" });
    expect(json.message).toBe("The library is read-only for maintenance: Moving house.");
    expect(json.maintenance).toMatchObject({ mode: "read-only", message: "Moving house.", endsAt: null });
    expect((await server.ask("/api/maintenance")).json).toEqual(json.maintenance);
    expect((await server.ask("/metrics")).text).toContain('promptlib_maintenance_mode{mode="read-only"} 1');
  });

  it("ends an import that is on its way, with what it had saved", async () => {
    const { hostname, port } = new URL(server.url);
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson" };
    const sent = sendRequest({ hostname, port, path: "/api/import?format=csv", method: "POST", agent: false, headers });
    let answer = "";
    const [begun, ended] = [Promise.withResolvers<number>(), Promise.withResolvers<void>()];
    sent.on("error", ended.reject);
    sent.on("response", (response) => {
      begun.resolve(response.statusCode ?? 0);
      response.on("data", (piece) => (answer += piece)).on("end", ended.resolve);
    });
    const piece = (name: string) =>
      `${JSON.stringify({ path: `${name}.csv`, content: `act,prompt,for_devs,type\n${name},x,FALSE,TEXT\n` })}\n`;
    sent.write(piece("before"));
    expect(await begun.promise).toBe(200);
    await server.local.setMaintenance({ mode: "read-only", message: "Moving house." });
    sent.end(piece("after"));
    await ended.promise;
    const lines = answer
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.at(-1).error?.code).toBe("maintenance");
    expect((await server.ask("/api/prompts/after", { token: key })).status).toBe(404);
  });

  it("is written into the audit log once, however long its holder does not hear of that", async () => {
    const deaf = vi.spyOn(MaintenanceFile.prototype, "audited").mockRejectedValue(new Error("the disk is full"));
    await set({ mode: "read-only", message: "Told once." });
    await eventually(async () => deaf.mock.calls.length >= 3);
    deaf.mockRestore();
    expect((await audited()).filter(({ details }) => details.message === "Told once.")).toHaveLength(1);
    await set({ mode: "off" });
  });

  it("goes on while the database is away, and can be ended then; the audit log has it afterwards", async () => {
    proxy.cut();
    await server.untilHealth("degraded");
    expect((await set({ mode: "read-only", message: "The disk is being changed." })).status).toBe(200);
    expect((await fetch()).status).toBe(200);
    expect((await save()).json.error.code).toBe("maintenance");
    expect((await set({ mode: "off" })).status).toBe(200);
    expect((await save()).json.error.code).toBe("database_unavailable");
    proxy.restore();
    await server.untilHealth("healthy");
    const entries = await eventually(async () => {
      const [off, on] = await audited();
      return on?.details.message === "The disk is being changed." ? [off, on] : null;
    });
    expect(entries).toMatchObject([
      { subject: "off" },
      { subject: "read-only", actor: "local:unknown", address: "127.0.0.1", project: null },
    ]);
  });
});

describe("closed", () => {
  it("refuses reads, too, also those from memory, and says why to who may ask", async () => {
    expect((await fetch()).status).toBe(200);
    await set({ mode: "closed", message: "Back at noon." });
    for (const path of ["/api/prompts/a?label=production", "/api/prompts", "/api/export", "/api/audit"]) {
      const { status, json } = await server.ask(path, { token: path === "/api/audit" ? server.localToken : key });
      expect({ status, code: json.error.code }, path).toEqual({ status: 503, code: "maintenance" });
      expect(json.error.message).toBe("The library is closed for maintenance: Back at noon.");
    }
    expect((await server.ask("/api/prompts")).status).toBe(401);
    expect((await server.ask("/health")).status).toBe(200);
    expect((await server.ask("/api/system/health")).status).toBe(200);
  });

  it("lets operators sign in, and nobody else: no session is made", async () => {
    await newUser(server, "eva", { role: "editor" });
    const sessions = async () => (await server.local.listUserSessions("eva")).total;
    const before = await sessions();
    await set({ mode: "closed" });
    const login = (body: object) => server.ask("/api/auth/login", { method: "POST", body });
    expect((await login({ username: "eva", password: "password of eva" })).json.error.code).toBe("maintenance");
    expect((await login({ username: "eva", password: "not the password" })).json.error.code).toBe("login_failed");
    const { status, json } = await login(ADMIN);
    expect(status).toBe(200);
    expect((await set({ mode: "off" }, json.token)).status).toBe(200);
    expect(await sessions()).toBe(before);
    expect((await audited())[0]).toMatchObject({ actor: "user:admin", subject: "off" });
  });
});

describe("what cannot be set", () => {
  it.each([
    ["an end that has passed", { mode: "closed", endsAt: "2020-01-01T00:00:00Z" }],
    ["an end after the year 9999", { mode: "closed", endsAt: "9999-12-31T23:59:59-01:00" }],
    ["an end of nothing", { mode: "off", endsAt: "2090-01-01T00:00:00Z" }],
    ["a message about nothing", { mode: "off", message: "x" }],
    ["a mode that is none", { mode: "paused" }],
    ["a message that is a book", { mode: "closed", message: "x".repeat(1001) }],
  ])("%s", async (_what, body) => {
    expect((await set(body)).json.error.code).toBe("invalid_request");
    expect((await server.local.readMaintenance()).mode).toBe("off");
  });
});

describe("a server that starts", () => {
  it("is in the maintenance in which the last one was, also before the database answers", async () => {
    await set({ mode: "read-only", message: "Moving house." });
    await server.close();
    proxy.cut();
    server = await start(false);
    expect((await save()).json.error).toMatchObject({ code: "maintenance" });
    expect((await fetch()).status).toBe(200);
  });

  it("writes nothing where it cannot read whether it may, until an operator says so", async () => {
    await server.close();
    await writeFile(join(server.config.home.recovery, "maintenance.json"), '{"changes": [{"mode"');
    server = await start(false);
    await eventually(async () => (await fetch()).status === 200);
    expect((await save()).json.error.message).toContain("recovery/maintenance.json");
    expect((await set({ mode: "off" })).status).toBe(200);
    await eventually(async () => (await save("c")).status === 201);
  });
});
