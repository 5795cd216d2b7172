/** What strange requests get: an answer of our own, that says what is wrong and nothing of our insides. */
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FreshDatabase } from "../../test/support/database.ts";
import { type Ask, freshServer, newKey, type Reply, type Served } from "../../test/support/server.ts";
import { isErrorCode } from "../contract/errors.ts";
import { CONTENT_LIMIT, PUBLIC_REQUEST_LIMIT, REQUEST_LIMIT } from "../contract/shapes.ts";

let server: Served & { database: FreshDatabase };
let token: string;
beforeAll(async () => {
  server = await freshServer();
  token = await newKey(server, ["read", "write"]);
});
afterAll(async () => await server.close());

const save = (body: unknown, options: Ask = {}) =>
  server.ask("/api/prompts", { method: "POST", token, body, ...options });

function expectError(reply: Reply, status: number, code: string): void {
  expect(reply.json?.error?.code, reply.text.slice(0, 300)).toBe(code);
  expect(reply.status).toBe(status);
  expect(isErrorCode(code)).toBe(true);
  expect(reply.json.error.message).toMatch(/\.$/);
  expect(reply.headers["content-type"]).toBe("application/json; charset=utf-8");
  expect(reply.headers["x-content-type-options"]).toBe("nosniff");
  expect(reply.text).not.toMatch(/node_modules|\.ts:\d|\bat .*\(|FST_|select |insert /);
}

describe("a body", () => {
  it("of more than 2 MiB is too large, whether its length is told or not", async () => {
    const body = JSON.stringify({ name: "big", text: "x".repeat(REQUEST_LIMIT) });
    expectError(await save(body), 413, "body_too_large");
    const headers = { "transfer-encoding": "chunked", "content-type": "application/json" };
    expectError(await save(body, { headers }), 413, "body_too_large");
  });

  it("of somebody unknown is too large at 16 KiB", async () => {
    const body = { username: "admin", password: "x".repeat(PUBLIC_REQUEST_LIMIT) };
    expectError(await server.ask("/api/auth/login", { method: "POST", body }), 413, "body_too_large");
  });

  it("nested deeper than 128 levels is a fault, however deep", async () => {
    const nested = (depth: number) =>
      `{"name":"deep","text":"x","config":{"a":${"[".repeat(depth)}${"]".repeat(depth)}}}`;
    expect((await save(nested(126))).status).toBe(201);
    for (const depth of [127, 2_000, 500_000]) expectError(await save(nested(depth)), 400, "invalid_request");
  });

  it("with more than 1 MiB of content is too large, counted in bytes; exactly 1 MiB is not", async () => {
    const text = "é".repeat(CONTENT_LIMIT / 2);
    expectError(await save({ name: "big", text: `${text}x` }), 413, "content_too_large");
    expect((await save({ name: "big", text })).status).toBe(201);
    expect((await server.ask("/api/prompts/big", { token })).json.text).toBe(text);
  });

  it("that is no UTF-8, no JSON, or nothing at all is a fault", async () => {
    expectError(await save(Buffer.from('{"name":"x","text":"\xff"}', "latin1")), 400, "invalid_request");
    for (const body of ["{", "", "null", '"x"', "[]", '{"name":"x","text":"y"} {}', '{"name":"x",}']) {
      expectError(await save(body), 400, "invalid_request");
    }
    expectError(await server.ask("/api/prompts", { method: "POST", token }), 400, "invalid_request");
  });

  it("of another media type is not understood", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/x-ndjson", "nonsense"]) {
      const reply = await save('{"name":"x","text":"y"}', { headers: { "content-type": type } });
      expectError(reply, 415, "unsupported_media_type");
    }
    expect(
      (await save({ name: "x", text: "y" }, { headers: { "content-type": "Application/JSON; charset=utf-8" } })).status,
    ).toBe(201);
  });

  it("of JSON to the import is not taken for an empty file", async () => {
    const reply = await server.ask("/api/import?format=csv", {
      method: "POST",
      token,
      body: { path: "a", content: "" },
    });
    expectError(reply, 415, "unsupported_media_type");
  });

  it("that is refused while it is still being sent does not break the connection", async () => {
    const body = "x".repeat(20 * 1024 * 1024);
    expectError(await save(body), 413, "body_too_large");
    expectError(await save(body, { token: "plk_no_key" }), 401, "unauthenticated");
    expectError(await server.ask("/nothing", { method: "POST", body }), 404, "not_found");
    const headers = { "content-type": "application/x-ndjson" };
    const into = "/api/import?format=xml";
    expectError(await server.ask(into, { method: "POST", token, headers, body }), 400, "invalid_request");
  });

  it("is not even read for who may not come in", async () => {
    for (const body of ["{", "x".repeat(REQUEST_LIMIT + 1)]) {
      expectError(await save(body, { token: "plk_no_key" }), 401, "unauthenticated");
    }
  });

  it("with several faults is told all of them at once", async () => {
    const body = { name: "", text: "x", labels: ["Production"], template: "jinja", nonsense: 1, tags: "no list" };
    const reply = await server.ask("/api/prompts?limit=1", { method: "POST", token, body });
    expectError(reply, 400, "invalid_request");
    const fields = reply.json.error.details.faults.map(({ field }: { field: string }) => field);
    for (const field of ["body.name", "body.labels.0", "body.template", "body.tags", "body", "query"]) {
      expect(fields).toContain(field);
    }
    expect(reply.text).toContain("nonsense");
    expect(reply.text).toContain("limit");
  });

  it("with characters that PostgreSQL cannot store is a fault, wherever they are", async () => {
    const bad = ["a\u0000b", "a\ud800b"];
    for (const text of bad) {
      const bodies = [
        { name: text, text: "x" },
        { name: "x", text },
        { name: "x", text: "x", tags: [text] },
        { name: "x", text: "x", description: text },
        { name: "x", text: "x", message: text },
        { name: "x", text: "x", config: { a: [text] } },
        { name: "x", text: "x", config: { [text]: 1 } },
        { name: "x", text: "x", variables: { [text]: {} } },
        { name: "x", text: "x", variables: { a: { default: text } } },
        { name: "x", messages: [{ role: "user", content: text }] },
        { name: "x", messages: [{ placeholder: text }] },
      ];
      for (const body of bodies) expectError(await save(body), 400, "invalid_request");
      const elsewhere: [string, string, unknown][] = [
        ["POST", "/api/keys", { name: text }],
        ["POST", "/api/projects", { name: "nul", description: text }],
        ["POST", "/api/users", { username: "nul", password: `long enough${text}` }],
        ["PATCH", "/api/prompts/x", { description: text }],
      ];
      for (const [method, path, body] of elsewhere) {
        expectError(await server.ask(path, { method, token: server.localToken, body }), 400, "invalid_request");
      }
    }
  });
});

describe("a tag", () => {
  it("has 64 characters at most as it is kept, in which some of them are two", async () => {
    expectError(await save({ name: "tagged", text: "x", tags: ["\u09df".repeat(33)] }), 400, "invalid_request");
    expect((await save({ name: "tagged", text: "x", tags: ["\u09df".repeat(32)] })).status).toBe(201);
  });
});

describe("names of JSON that mean something to JavaScript", () => {
  it("__proto__ is refused where it would be lost, and is just text inside a text", async () => {
    const bodies = [
      '{"name":"p","text":"x","config":{"__proto__":{"polluted":1}}}',
      '{"name":"p","text":"x","config":{"a":{"\\u005f_proto__":1}}}',
      '{"name":"p","text":"x","config":{"a":{"__p\\u0072oto__":1}}}',
      '{"name":"p","text":"x","variables":{"__proto__":{"type":"string"}}}',
      '{"__proto__":{"name":"p"},"name":"p","text":"x"}',
    ];
    for (const body of bodies) expectError(await save(body), 400, "invalid_request");
    expect((await save({ name: "p", text: '{"__proto__": 1}' })).status).toBe(201);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  it("constructor, toString and the like are names as any other", async () => {
    const config = { constructor: { prototype: 1 }, toString: 2, hasOwnProperty: 3 };
    const variables = { constructor: { default: "d" }, valueOf: {} };
    const saved = await save({
      name: "constructor",
      text: "{{constructor}}",
      config,
      variables,
      labels: ["constructor"],
    });
    expect(saved.status).toBe(201);
    const fetched = await server.ask("/api/prompts/constructor?label=constructor", { token });
    expect(fetched.json).toMatchObject({ config, variables, labels: ["constructor", "latest"] });
    await save({ name: "without label", text: "x" });
    expectError(await server.ask("/api/prompts/without%20label?label=constructor", { token }), 404, "label_not_found");
  });
});

describe("an address", () => {
  it("that is not there, or not for this method, says so", async () => {
    for (const [method, path] of [
      ["GET", "/elsewhere"],
      ["POST", "/"],
      ["GET", "/prompts"],
      ["GET", "/api"],
      ["PUT", "/api/prompts"],
      ["POST", "/health"],
      ["DELETE", "/api/users/x"],
      ["GET", "/api/prompts/a/b"],
      ["OPTIONS", "/api/prompts"],
      ["PROPFIND", "/api/prompts"],
    ] as const) {
      expectError(await server.ask(path, { method, token }), 404, "not_found");
    }
  });

  it("that is malformed is a fault, not an outburst of the framework", async () => {
    for (const path of ["/api/prompts/%zz", "/api/prompts/%", "/api/prompts/%ff", "/%zz"]) {
      expectError(await server.ask(path, { token }), 400, "invalid_request");
    }
  });

  it("with parameters that are not known, double, or out of range names them", async () => {
    const faulty = [
      "limit=0",
      "limit=201",
      "limit=x",
      "sort=x",
      "nonsense=1",
      "tag=a&tag=b",
      "type=image",
      "folder=%00",
    ];
    for (const query of faulty) {
      const reply = await server.ask(`/api/prompts?${query}`, { token });
      expectError(reply, 400, "invalid_request");
      expect(reply.text).toContain(query.split("=")[0]);
    }
    expectError(await server.ask("/api/prompts?cursor=x", { token }), 400, "invalid_request");
    expectError(await server.ask("/api/prompts/x?version=1&label=latest", { token }), 400, "invalid_request");
    expectError(await server.ask("/api/trash/abc/restore", { method: "POST", token }), 400, "invalid_request");
    expectError(
      await server.ask("/api/keys/%00", { method: "DELETE", token: server.localToken }),
      400,
      "invalid_request",
    );
  });

  it("of thousands of characters is no harm", async () => {
    for (const length of [300, 5_000, 100_000]) {
      const { status } = await server.ask(`/api/prompts/${"x".repeat(length)}`, { token });
      expect([400, 404]).toContain(status);
    }
  });
});

describe("what is no HTTP", () => {
  const raw = (bytes: string) =>
    new Promise<string>((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      const socket = connect(Number(port), hostname, () => socket.write(bytes));
      let text = "";
      socket.on("data", (piece) => {
        text += piece;
      });
      socket.on("error", reject);
      socket.on("close", () => resolve(text));
    });

  it("is told so, and the connection ends", async () => {
    for (const bytes of [
      "nonsense\r\n\r\n",
      "GET / HTTP/1.1\r\nbad header\r\n\r\n",
      `GET /health HTTP/1.1\r\nhost: x\r\nx: ${"x".repeat(20_000)}\r\n\r\n`,
    ]) {
      const answer = await raw(bytes);
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
      expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toMatchObject({ error: { code: "invalid_request" } });
    }
  });

  it("two lengths for one body are not understood in two ways", async () => {
    const both =
      "POST /api/prompts HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    expect(await raw(both)).toMatch(/^HTTP\/1\.1 400/);
  });
});

describe("an error that nobody expected", () => {
  it("is told as internal with a request id that the log has, and nothing of its cause", async () => {
    const { superuserConfig } = server.database;
    const { default: pg } = await import("pg");
    const admin = new pg.Client(superuserConfig);
    await admin.connect();
    await admin.query("alter table promptlib.audit_log rename column action to deed");
    const reply = await save({ name: "unlucky", text: "a secret text" });
    await admin.query("alter table promptlib.audit_log rename column deed to action");
    await admin.end();
    expectError(reply, 500, "internal");
    const { requestId } = reply.json.error.details;
    const log = await readFile(join(server.config.home.logs, "test.log"), "utf8");
    const line = log.split("\n").find((text) => text.includes(requestId));
    expect(JSON.parse(line ?? "{}")).toMatchObject({ level: 50, msg: "unexpected error" });
    expect(log).not.toContain("a secret text");
    expect(log).not.toContain(token.split("_")[2]);
    expect((await save({ name: "unlucky", text: "x" })).json).toMatchObject({ version: 1 });
  });
});
