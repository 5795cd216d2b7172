/** Names of prompts in addresses: whatever is a name arrives whole, by both addresses; the rest is refused. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshServer, newKey, type Reply, type Served } from "../../test/support/server.ts";

let server: Served;
let token: string;
beforeAll(async () => {
  server = await freshServer();
  token = await newKey(server, ["read", "write"]);
});
afterAll(async () => await server.close());

const save = (body: unknown) => server.ask("/api/prompts", { method: "POST", token, body });

function expectError({ status, json }: Reply, expected: number, code: string): void {
  expect({ status, code: json?.error?.code }).toEqual({ status: expected, code });
}

describe("a name of a prompt", () => {
  const names = [
    "a/b/c",
    "100%",
    "q?x=1&y#z",
    "plus+space name",
    "名".repeat(85),
    "👩‍👩‍👧‍👦",
    "é",
    "..a",
    "a\\b",
    '"quoted"',
  ];

  it.each(names)("%s is saved, listed, and answered alike by both addresses", async (name) => {
    expect((await save({ name, text: `this is ${name}` })).status).toBe(201);
    const encoded = encodeURIComponent(name);
    const byPath = await server.ask(`/api/prompts/${encoded}`, { token });
    const byQuery = await server.ask(`/api/prompt?name=${encoded}`, { token });
    expect(byPath).toMatchObject({ status: 200, json: { name: name.normalize("NFC"), text: `this is ${name}` } });
    expect(byQuery.text).toBe(byPath.text);
    expect(byQuery.headers.etag).toBe(byPath.headers.etag);
    for (const rest of ["/versions", "/labels"]) {
      const twin = await server.ask(`/api/prompt${rest}?name=${encoded}`, { token });
      expect(twin).toMatchObject({
        status: 200,
        text: (await server.ask(`/api/prompts/${encoded}${rest}`, { token })).text,
      });
    }
    const label = await server.ask(`/api/prompt/labels/on?name=${encoded}`, {
      method: "PUT",
      token,
      body: { version: 1 },
    });
    expect(label.status).toBe(200);
    expect((await server.ask(`/api/prompt?name=${encoded}&label=on`, { token })).json.labels).toEqual(["latest", "on"]);
    expect((await server.ask(`/api/prompt?name=${encoded}`, { method: "DELETE", token })).status).toBe(200);
    expectError(await server.ask(`/api/prompts/${encoded}`, { token }), 404, "prompt_not_found");
  });

  it.each(["名".repeat(86), "a//b", "/a", "a/", "../x", "a/./b", " a", "a\n", "a\r\nset-cookie: x=1", "\u0007"])(
    "%j is refused, and no header comes of it",
    async (name) => {
      const saved = await save({ name, text: "x" });
      expectError(saved, 400, "invalid_request");
      const fetched = await server.ask(`/api/prompts/${encodeURIComponent(name)}`, { token });
      expectError(fetched, 400, "invalid_request");
      expect(fetched.headers["set-cookie"]).toBeUndefined();
    },
  );

  it("composed or decomposed is one name", async () => {
    await save({ name: "Zo\u00eb", text: "one" });
    expect((await save({ name: "Zoe\u0308", text: "two" })).json).toMatchObject({ version: 2, name: "Zo\u00eb" });
    expect((await server.ask(`/api/prompts/${encodeURIComponent("Zoe\u0308")}`, { token })).json.version).toBe(2);
  });
});
