/** The server as a whole: health, metrics, headers, addresses, and how it stops. */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { Agent, request as sendRequest } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryHome, testLog } from "../../test/support/cluster.ts";
import { freshDatabase } from "../../test/support/database.ts";
import { ask, eventually, freshServer, newKey, type Served, serveOn } from "../../test/support/server.ts";
import { now } from "../base/clock.ts";
import { readConfig } from "../base/config.ts";
import { noteTry } from "../base/export-folder.ts";
import { startServer } from "./serve.ts";

describe("a running server", () => {
  let server: Served;
  beforeAll(async () => {
    server = await freshServer();
  });
  afterAll(async () => await server.close());

  it("says on /health that it lives, and nothing more", async () => {
    const { status, text, headers } = await server.ask("/health");
    expect({ status, text }).toEqual({ status: 200, text: '{"status":"ok"}' });
    expect(headers).toMatchObject({ "content-type": "application/json; charset=utf-8" });
    expect((await server.ask("/health", { method: "HEAD" })).status).toBe(200);
  });

  it("tells of each part on /api/system/health, without paths, addresses or names of databases", async () => {
    const { status, json, text } = await server.ask("/api/system/health");
    expect(status).toBe(200);
    expect(json).toMatchObject({ status: "healthy", message: "All is well." });
    expect(Object.keys(json.parts)).toEqual(expect.arrayContaining(["server", "database", "access", "mirror", "disk"]));
    for (const part of Object.values(json.parts)) expect(part).toMatchObject({ state: "up" });
    expect(text).not.toMatch(/\/tmp|postgres:|127\.0\.0\.1|t_[0-9a-f]{16}/);
  });

  it("says that the nightly export failed, but not why, which may tell of paths and tables", async () => {
    const { dir } = server.config.exports;
    await mkdir(dir, { mode: 0o700 });
    await noteTry(dir, { at: now().toISOString(), problem: `It could not be written: EIO, open '${dir}/x'.` });
    const note = "The nightly export was not made; last-try.json beside the exports says why. There is none yet.";
    const found = await server.ask("/api/system/health");
    expect(found.json).toMatchObject({
      status: "degraded",
      message: note,
      parts: { export: { state: "degraded", note } },
    });
    expect(found.text).not.toContain(dir);
    await rm(dir, { recursive: true });
    await writeFile(dir, "");
    const { text } = await server.ask("/api/system/health");
    expect(text).toContain("The folder of nightly exports cannot be read; the log says why.");
    expect(text).not.toMatch(/scandir|\/tmp/);
    await rm(dir);
    expect((await server.ask("/api/system/health")).json.status).toBe("healthy");
  });

  it("keeps browsers from guessing what an answer is, on every kind of answer", async () => {
    await server.local.savePrompt({ name: "x", text: "x" });
    const key = await newKey(server, ["read"]);
    const paths = ["/health", "/metrics", "/api/openapi.json", "/api/prompts", "/api/prompts/x", "/nothing", "/%zz"];
    for (const path of paths) {
      const { headers } = await server.ask(path, { token: key });
      expect(headers["x-content-type-options"], path).toBe("nosniff");
    }
    const etag = (await server.ask("/api/prompts/x", { token: key })).headers.etag ?? "";
    const unchanged = await server.ask("/api/prompts/x", { token: key, headers: { "if-none-match": etag } });
    expect(unchanged).toMatchObject({ status: 304, headers: { "x-content-type-options": "nosniff" } });
  });

  it("prints metrics that Prometheus can read, counted by the names of the routes", async () => {
    await server.local.savePrompt({ name: "counted", text: "x" });
    const key = await newKey(server, ["read"]);
    for (let again = 0; again < 3; again++) await server.ask("/api/prompts/counted", { token: key });
    await server.ask("/api/prompts/unknown", { token: key });
    await server.ask("/nothing");
    const { text, headers } = await server.ask("/metrics");
    expect(headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    const samples = readMetrics(text);
    for (const name of OUR_METRICS)
      expect(
        [...samples.keys()].some((sample) => sample.startsWith(name)),
        name,
      ).toBe(true);
    const requests = (route: string, status: number) =>
      samples.get(`promptlib_http_requests_total{route="${route}",status="${status}"}`);
    expect(requests("fetchPrompt", 200)).toBeGreaterThanOrEqual(3);
    expect(requests("fetchPrompt", 404)).toBe(1);
    expect(requests("savePrompt", 201)).toBeGreaterThanOrEqual(1);
    expect(requests("none", 404)).toBeGreaterThanOrEqual(1);
    expect(samples.get("promptlib_database_up")).toBe(1);
    expect(samples.get("promptlib_feed_age_seconds")).toBeGreaterThanOrEqual(0);
  });

  it("prints a description that is the same each time", async () => {
    const [one, other] = [await server.ask("/api/openapi.json"), await server.ask("/api/openapi.json")];
    expect(one.text).toBe(other.text);
  });
});

const OUR_METRICS = [
  "promptlib_http_requests_total",
  "promptlib_login_failures_total",
  "promptlib_key_failures_total",
  "promptlib_database_up",
  "promptlib_feed_age_seconds",
  "promptlib_mirror_writer",
  "promptlib_mirror_age_seconds",
  "promptlib_ready_prompts",
  "promptlib_ready_bytes",
  "promptlib_ready_hits",
  "promptlib_ready_misses",
  "promptlib_build_info",
  "process_resident_memory_bytes",
];

/** Sample → value; throws on a line that is not of the text format, or a sample without TYPE and HELP. */
function readMetrics(text: string): Map<string, number> {
  expect(text.endsWith("\n")).toBe(true);
  const [told, samples] = [new Set<string>(), new Map<string, number>()];
  for (const line of text.split("\n").filter(Boolean)) {
    const [, about] = /^# (?:HELP|TYPE) ([a-zA-Z_:][\w:]*) .+$/.exec(line) ?? [];
    if (about) {
      told.add(about);
      continue;
    }
    const [, sample = "", name = "", value = ""] =
      /^(([a-zA-Z_:][\w:]*)(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})?) (\S+)$/.exec(line) ?? [];
    expect(told.has(name) || told.has(name.replace(/_(bucket|sum|count)$/, "")), line).toBe(true);
    expect(samples.has(sample), line).toBe(false);
    samples.set(sample, Number(value));
  }
  return samples;
}

describe("the address of a request, in the audit log", () => {
  const audited = async (settings: Record<string, string>, forwarded: Record<string, string>) => {
    const server = await freshServer({ settings });
    try {
      const found: Record<string, string | null | undefined> = {};
      for (const [name, header] of Object.entries(forwarded)) {
        const headers = { "x-forwarded-for": header };
        const body = { name, text: "x" };
        await server.ask("/api/prompts", { method: "POST", token: server.localToken, body, headers });
        found[name] = (await server.local.listAudit({ limit: 1 })).items[0]?.address;
      }
      return found;
    } finally {
      await server.close();
    }
  };

  it("is that of the connection as long as no proxy is trusted", async () => {
    expect(await audited({}, { forged: "203.0.113.7" })).toEqual({ forged: "127.0.0.1" });
  });

  it("is the nearest one that no trusted proxy vouches for", async () => {
    const found = await audited(
      { TRUST_PROXY: "loopback,10.0.0.0/8,2001:db8::/32" },
      {
        one: "203.0.113.7",
        chain: "198.51.100.1, 203.0.113.7, 10.1.2.3",
        inside: "10.0.0.1",
        garbage: "unknown",
        "garbage behind a proxy": "x, 10.1.2.3",
        ipv6: "2001:470::7, 2001:db8::1",
        "with port": "203.0.113.7:4711",
        "with brackets": "[2001:470::7]:4711",
        mapped: "::ffff:203.0.113.7",
        empty: "",
      },
    );
    expect(found).toEqual({
      one: "203.0.113.7",
      chain: "203.0.113.7",
      inside: "10.0.0.1",
      garbage: "127.0.0.1",
      "garbage behind a proxy": "10.1.2.3",
      ipv6: "2001:470::7",
      "with port": "203.0.113.7",
      "with brackets": "2001:470::7",
      mapped: "203.0.113.7",
      empty: "127.0.0.1",
    });
  });
});

describe("a body that comes byte by byte", () => {
  it("must be whole in time, also where nobody needs it, unless it is an import", async () => {
    const server = await freshServer({ bodyPatience: 1_500 });
    const { port, hostname } = new URL(server.url);
    const key = await newKey(server, ["read", "write"]);
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson" };
    const path = "/api/import?format=csv";
    const importing = sendRequest({ port, hostname, method: "POST", path, agent: false, headers });
    const answered = once(importing, "response");
    const dripping = setInterval(() => importing.write("\n"), 50);
    try {
      const whole = [
        "POST /api/auth/login",
        "POST /nothing",
        "POST /api/prompts",
        `POST ${path}`,
        "GET /metrics",
        "GET /",
      ];
      await Promise.all(whole.map((what) => drip(Number(port), hostname, what)));
      clearInterval(dripping);
      importing.end();
      const [answer] = await answered;
      let text = "";
      for await (const piece of answer) text += piece;
      expect(JSON.parse(text)).toMatchObject({ summary: { created: 0 } });
    } finally {
      clearInterval(dripping);
      importing.destroy();
      await server.close();
    }
  });
});

/** Sends a body without an end; resolves when the connection has been ended. */
async function drip(port: number, host: string, what: string): Promise<void> {
  const type = what.includes("/api/import") ? "application/x-ndjson" : "application/json";
  const socket = connect(port, host);
  socket.write(`${what} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: 15000\r\n\r\n`);
  const dripping = setInterval(() => socket.write(" "), 50);
  socket.on("error", () => {});
  socket.resume();
  await once(socket, "close");
  clearInterval(dripping);
}

describe("a server that is told to stop", () => {
  it("answers what is under way, ends connections that are kept alive, and takes no new ones", async () => {
    const database = await freshDatabase();
    const server = await serveOn(database);
    await server.local.savePrompt({ name: "x", text: "x" });
    const key = await newKey(server, ["read", "write"]);
    const { port, hostname } = new URL(server.url);
    const idle = connect(Number(port), hostname);
    await once(idle, "connect");
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const fetching = fetchUntilRefused(agent, server.url, key);
    const importing = sendRequest({ port, hostname, method: "POST", path: "/api/import?format=csv", agent: false });
    importing.setHeader("authorization", `Bearer ${key}`);
    importing.setHeader("content-type", "application/x-ndjson");
    const line = (content: string) => `${JSON.stringify({ path: "p.csv", content })}\n`;
    importing.write(line("act,prompt,for_devs,type\n"));
    const [answer] = await once(importing, "response");
    let text = "";
    answer.on("data", (piece: Buffer) => {
      text += piece;
    });
    const closing = server.close();
    await eventually(async () => refusesConnections(Number(port), hostname));
    importing.end(line("late,text,FALSE,TEXT\n"));
    await once(answer, "end");
    expect(JSON.parse(text.trim().split("\n").at(-1) ?? "")).toMatchObject({ summary: { created: 1 } });
    await closing;
    expect((await fetching).every((status) => status === 200)).toBe(true);
    expect(existsSync(join(server.config.home.run, "server.json"))).toBe(false);
    agent.destroy();
    idle.destroy();
    await database.drop();
  });
});

/** One request after the other on one connection, until there is no server any more; answers their statuses. */
async function fetchUntilRefused(agent: Agent, url: string, key: string): Promise<number[]> {
  const statuses: number[] = [];
  for (;;) {
    const status = await new Promise<number | null>((resolve) => {
      const sent = sendRequest(`${url}/api/prompts/x`, { agent, headers: { authorization: `Bearer ${key}` } });
      sent.on("error", () => resolve(null));
      sent.on("response", (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
      });
      sent.end();
    });
    if (status === null) return statuses;
    statuses.push(status);
  }
}

async function refusesConnections(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, host);
    socket.on("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.on("error", () => resolve(true));
  });
}

describe("a server whose port is taken", () => {
  it("says so and leaves nothing running", async () => {
    const blocker = createServer();
    blocker.listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const address = blocker.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    const { home, remove } = await temporaryHome();
    const config = readConfig({ PROMPTLIB_HOME: home.root, HOST: "127.0.0.1", PORT: port });
    const options = { log: testLog(home), socket: null, onFirstAdmin() {}, onRefused() {} };
    await expect(startServer(config, options)).rejects.toMatchObject({ code: "port_in_use" });
    expect(existsSync(join(home.run, "server.json"))).toBe(false);
    blocker.close();
    await remove();
  });
});

describe("a server whose host is no address of this machine", () => {
  it("is refused with the setting that mends it", async () => {
    const { home, remove } = await temporaryHome();
    const config = readConfig({ PROMPTLIB_HOME: home.root, HOST: "192.0.2.1", PORT: "0" });
    const options = { log: testLog(home), socket: null, onFirstAdmin() {}, onRefused() {} };
    const message = expect.stringContaining("HOST is no address of this machine");
    await expect(startServer(config, options)).rejects.toMatchObject({ code: "config_invalid", message });
    await remove();
  });
});

describe("a server that nobody has told anything yet", () => {
  it("listens at once, says that it is down, and answers nobody", async () => {
    const { home, remove } = await temporaryHome();
    const config = readConfig({ PROMPTLIB_HOME: home.root, HOST: "127.0.0.1", PORT: "0" });
    const options = { log: testLog(home), socket: null, onFirstAdmin() {}, onRefused() {} };
    const { url, close } = await startServer(config, options);
    expect((await ask(url, "/health")).status).toBe(200);
    expect(await ask(url, "/api/system/health")).toMatchObject({ status: 503, json: { status: "down" } });
    expect((await ask(url, "/api/prompts/x", { token: "plk_a_b" })).status).toBe(401);
    await close();
    await remove();
  });
});
