/** Rendering over HTTP: the version, what it includes, every fault at once; also while the database is away. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../test/support/database.ts";
import type { DatabaseProxy } from "../../test/support/database-proxy.ts";
import { eventually, newKey, proxyTo, type Served, serveOn } from "../../test/support/server.ts";
import type { SavePrompt } from "../contract/shapes.ts";

let database: FreshDatabase;
let proxy: DatabaseProxy;
let server: Served;
let token: string;

const save = (prompt: SavePrompt) => server.as(server.localToken).savePrompt(prompt);
const render = (name: string, body: unknown = {}, query = "") =>
  server.ask(`/api/prompts/${encodeURIComponent(name)}/render${query}`, { method: "POST", token, body });

beforeAll(async () => {
  database = await freshDatabase();
  proxy = await proxyTo(database);
  server = await serveOn(database, { proxy });
  token = await newKey(server, ["read"]);
  await save({
    name: "parts/sign",
    text: "Yours, {{from}}",
    labels: ["production"],
    variables: { from: { default: "us" } },
  });
  await save({ name: "parts/sign", text: "Bye, {{from}}", labels: ["staging"] });
  await save({ name: "mail", text: "Dear {{name}},\n  {{> parts/sign}}\n", labels: ["production"] });
  await save({
    name: "chat",
    messages: [{ role: "system", content: "Help {{name}}. {{> parts/sign@1}}" }, { placeholder: "history" }],
    variables: { name: { type: "string", required: true } },
  });
});
afterAll(async () => {
  await server.close();
  await proxy.close();
  await database.drop();
});

describe("a render", () => {
  it("answers the text, the version, what was included and what is strange", async () => {
    const reply = await render("mail", { label: "production", values: { name: "Ada", nmae: "x" } });
    expect(reply).toMatchObject({ status: 200, headers: { "cache-control": "no-store" } });
    expect(reply.headers).not.toHaveProperty("x-served-from");
    expect(reply.json).toEqual({
      project: "default",
      name: "mail",
      type: "text",
      version: 1,
      format: "text",
      output: "Dear Ada,\n  Yours, us",
      includes: [{ name: "parts/sign", version: 1, by: "label:production" }],
      warnings: [expect.objectContaining({ variable: "nmae", line: null })],
    });
  });

  it("takes what is included by the label that was asked for, and a version number by none", async () => {
    const includedBy = async (body: unknown) => (await render("mail", body)).json.includes;
    await server.as(server.localToken).moveLabel("mail", "staging", 1);
    expect(await includedBy({ label: "staging" })).toEqual([{ name: "parts/sign", version: 2, by: "label:staging" }]);
    expect(await includedBy({})).toEqual([{ name: "parts/sign", version: 2, by: "label:latest" }]);
    expect(await includedBy({ version: 1 })).toEqual([{ name: "parts/sign", version: 1, by: "label:production" }]);
  });

  it("follows a label as soon as it is moved", async () => {
    const local = server.as(server.localToken);
    const before = await render("mail", { label: "production" });
    expect(before.json.output).toBe("Dear ,\n  Yours, us");
    await local.moveLabel("parts/sign", "production", 2);
    const moved = await render("mail", { label: "production" });
    expect(moved.json.output).toBe("Dear ,\n  Bye, ");
    expect(moved.headers.etag).toMatch(/^"1-[\w-]{22}"$/);
    expect(moved.headers.etag).not.toBe(before.headers.etag);
    await local.moveLabel("parts/sign", "production", 1);
    expect((await render("mail", { label: "production" })).headers.etag).toBe(before.headers.etag);
  });

  it("of a chat answers messages as the provider wants them", async () => {
    const values = { name: "Ada", history: [{ role: "user", content: "Hi" }] };
    const outputOf = async (format?: string) => (await render("chat", { values, format })).json.output;
    const system = { role: "system", content: "Help Ada. Yours, us" };
    expect(await outputOf()).toEqual([system, ...values.history]);
    expect(await outputOf("openai")).toEqual([system, ...values.history]);
    expect(await outputOf("anthropic")).toEqual({ system: system.content, messages: values.history });
    expect(await outputOf("text")).toBe("[system]\nHelp Ada. Yours, us\n\n[user]\nHi\n");
  });

  it("is the same with the name in the query, and in the client", async () => {
    const body = { values: { name: "Ada", history: [] } };
    const reply = await server.ask("/api/prompt/render?name=chat", { method: "POST", token, body });
    expect(reply.text).toBe((await render("chat", body)).text);
    expect(await server.as(token).renderPrompt("chat", body)).toEqual({ rendered: reply.json, servedFrom: "database" });
  });
});

describe("a render that cannot be", () => {
  const errorOf = async (name: string, body?: unknown) => {
    const { status, json } = await render(name, body);
    return { status, ...json.error };
  };

  it("names every fault of the values", async () => {
    expect(await errorOf("chat", { values: { history: "Hi" } })).toMatchObject({
      status: 400,
      code: "render_invalid",
      details: {
        faults: [
          { variable: "name", index: 0, line: 1, column: 6, message: "“name” is required, and has no value" },
          { variable: "history", index: 1, line: null, message: expect.stringContaining("must be a list of messages") },
        ],
      },
    });
  });

  it("names every include that is not there, too deep or in a circle", async () => {
    await save({ name: "a", text: "{{> b}}{{> nobody}}" });
    await save({ name: "b", text: "{{> a}}" });
    const { status, code, details } = await errorOf("a");
    expect({ status, code }).toEqual({ status: 409, code: "include_unresolved" });
    expect(details.faults.map(({ include, message }: Record<string, unknown>) => [include, message])).toEqual([
      [null, "There is no prompt named “nobody”"],
      ["b", "the includes go in a circle: a → b → a"],
    ]);
  });

  it("is too large, or of no such prompt, label or version", async () => {
    await save({ name: "loud", text: "{{v}}".repeat(10) });
    expect(await errorOf("loud", { values: { v: "x".repeat(1_000_000) } })).toMatchObject({
      status: 413,
      code: "render_too_large",
    });
    expect(await errorOf("nobody")).toMatchObject({ status: 404, code: "prompt_not_found" });
    expect(await errorOf("mail", { label: "canary" })).toMatchObject({ status: 404, code: "label_not_found" });
    expect(await errorOf("mail", { version: 9 })).toMatchObject({ status: 404, code: "version_not_found" });
  });

  it.each([
    { label: "production", version: 1 },
    { values: [1] },
    { format: "gemini" },
    { vars: {} },
    { label: "Production" },
    '{"values":{"__proto__":"x"}}',
  ])("is asked for with %j", async (body) => {
    expect(await errorOf("mail", body)).toMatchObject({ status: 400, code: "invalid_request" });
  });
});

describe("a save", () => {
  const errorOf = async (prompt: SavePrompt) =>
    await save(prompt).then(
      () => expect.fail("it was saved"),
      (error: unknown) => error,
    );

  it("of an include that is no name, and of a default that is not of its type, is refused", async () => {
    expect(await errorOf({ name: "x", text: "a\n {{> b@C}}" })).toMatchObject({
      code: "template_invalid",
      details: { faults: [{ line: 2, column: 2, message: expect.stringContaining("neither a version nor a label") }] },
    });
    const variables = { n: { type: "number" as const, default: "five" } };
    expect(await errorOf({ name: "x", text: "", variables })).toMatchObject({
      code: "invalid_request",
      details: { faults: [{ field: "variables.n.default", fault: 'must be a number, not "five"' }] },
    });
  });
});

describe("a render while the database is away", () => {
  it("goes on with what it includes, and says so", async () => {
    const body = { label: "production", values: { name: "Ada" } };
    const before = await render("mail", body);
    proxy.cut();
    await server.untilHealth("degraded");
    const reply = await eventually(async () => {
      const next = await render("mail", body);
      return next.headers["x-served-from"] === "mirror" ? next : null;
    });
    expect(reply).toMatchObject({ status: 200, text: before.text });
    expect(await render("nobody")).toMatchObject({ status: 404, json: { error: { code: "prompt_not_found" } } });
    proxy.restore();
    await server.untilHealth("healthy");
    expect((await render("mail", body)).headers).not.toHaveProperty("x-served-from");
  });
});
