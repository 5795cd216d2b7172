/** The hot path answers exactly what the route of the table answers. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, eventually, freshServer, newKey, type Reply, type Served } from "../../test/support/server.ts";

const NAMES = ["plain", "mail/greeting", "Ünïcode näme", "a#b", "a;b", "a?b", "a+b c", "100%", "constructor", "a\\b"];
/** Former names; the second prompts are called so now. */
const FORMER = ["was/älter", "old"];
const ENCODED = [...NAMES, ...FORMER, "unknown", "constructor/x", ".."].map(encodeURIComponent);

let server: Served;
let keys: Record<string, string>;
beforeAll(async () => {
  server = await freshServer();
  for (const name of NAMES) {
    await server.local.savePrompt({ name, text: `first of ${name}`, labels: ["production"] });
    await server.local.savePrompt({ name, text: `second of ${name}`, labels: ["constructor", "a.b-c_d"], tags: ["t"] });
  }
  for (const name of FORMER) {
    await server.local.savePrompt({ name, text: `first of ${name}`, labels: ["production"] });
    await server.local.renamePrompt(name, `${name} + néw`);
  }
  keys = {
    read: await newKey(server, ["read"]),
    write: await newKey(server, ["write"]),
    label: await newKey(server, ["label:production"]),
    unknown: "plk_abc_def",
    malformed: "plk_",
  };
});
afterAll(async () => await server.close());

/** What the hot path passes on: a scheme in other letters means the same to the route of the table. */
const plain = async (path: string, token: string, method: string, headers: Record<string, string>) =>
  ask(server.url, path, { method, headers: { ...headers, authorization: `bearer ${token}` } });
const hot = async (path: string, token: string, method: string, headers: Record<string, string>) =>
  ask(server.url, path, { method, headers: { ...headers, authorization: `Bearer ${token}` } });

const telling = ({ status, text, headers }: Reply) => ({
  status,
  text: text.replace(/"requestId":"[^"]*"/, ""),
  etag: headers.etag,
  type: headers["content-type"],
  length: headers["content-length"],
  cache: headers["cache-control"],
  nosniff: headers["x-content-type-options"],
  from: headers["x-served-from"],
  renamedTo: headers["x-renamed-to"],
  revision: headers["x-revision"],
  authenticate: headers["www-authenticate"],
});

const hotFetches = async () => {
  const { text } = await server.ask("/metrics");
  return Number(/^promptlib_http_requests_total\{route="fetchPrompt",status="200"\} (\d+)$/m.exec(text)?.[1] ?? 0);
};

const name = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...ENCODED) },
  fc.constantFrom(
    "plain/",
    "",
    "%zz",
    "pl%61in",
    "plain#x",
    "plain;x",
    "U%CC%88n",
    "%00",
    "%ED%A0%80",
    "mail/greeting",
  ),
  // "Ünïcode näme" decomposed
  fc.constant(encodeURIComponent("Ünïcode näme".normalize("NFD"))),
);
const label = fc.constantFrom(
  "production",
  "latest",
  "constructor",
  "a.b-c_d",
  "unknown",
  "__proto__",
  "Bad",
  "",
  ".x",
);
const version = fc.constantFrom("1", "2", "3", "0", "-1", "1.5", "01", "1e0", "999999999", "99999999999", "x", "");
const query = fc.oneof(
  { weight: 4, arbitrary: fc.constant("") },
  { weight: 6, arbitrary: label.map((value) => `?label=${value}`) },
  { weight: 6, arbitrary: version.map((value) => `?version=${value}`) },
  fc.constantFrom("?", "?label", "?other=1", "?project=default", "?project=x", "?label=production&label=latest"),
  fc.constantFrom("?version=1&label=production", "?label=production#x", "?label=%70roduction", "?version=1&"),
);
const method = fc.oneof({ weight: 8, arbitrary: fc.constant("GET") }, fc.constant("HEAD"));
const headers = fc.constantFrom<Record<string, string>[]>(
  ...Array.from({ length: 6 }, () => ({})),
  { "if-none-match": "*" },
  { "if-none-match": '"1-x"' },
  { accept: "text/html" },
);
const who = fc.oneof(
  { weight: 8, arbitrary: fc.constant("read") },
  fc.constantFrom("write", "label", "unknown", "malformed"),
);

describe("a fetch on the hot path", () => {
  it("is answered as the route of the table answers it, whatever is asked", async () => {
    const before = await hotFetches();
    await fc.assert(
      fc.asyncProperty(name, query, method, headers, who, async (path, search, verb, extra, key) => {
        const address = `/api/prompts/${path}${search}`;
        const token = keys[key] ?? "";
        const byRoute = telling(await plain(address, token, verb, extra));
        expect(telling(await hot(address, token, verb, extra))).toEqual(byRoute);
      }),
      { numRuns: 400 },
    );
    // The test would be worth nothing if nothing had been answered at all.
    expect((await hotFetches()) - before).toBeGreaterThan(100);
  });

  it("answers 304 to who has it, and the whole again when a label, a tag or the text changed", async () => {
    await server.local.savePrompt({ name: "watched", text: "one" });
    const fetch = (etag?: string) =>
      hot("/api/prompts/watched", keys.read ?? "", "GET", etag === undefined ? {} : { "if-none-match": etag });
    let { etag = "" } = (await fetch()).headers;
    const changes = [
      () => server.local.moveLabel("watched", "production", 1),
      () => server.local.removeLabel("watched", "production"),
      () => server.local.patchPrompt("watched", { tags: ["new"] }),
      () => server.local.patchPrompt("watched", { description: "new" }),
      () => server.local.savePrompt({ name: "watched", text: "two" }),
    ];
    for (const change of changes) {
      const same = await fetch(etag);
      expect(same).toMatchObject({ status: 304, text: "", headers: { etag } });
      expect((await fetch(`"x", W/${etag}`)).status).toBe(304);
      await change();
      const changed = await fetch(etag);
      expect(changed.status).toBe(200);
      expect(changed.headers.etag).not.toBe(etag);
      etag = changed.headers.etag ?? "";
    }
  });

  it("the ETag of a fetch guards a save: a newer version meanwhile is a conflict that tells what came between", async () => {
    const save = (text: string, etag?: string, more = {}) =>
      server.ask("/api/prompts", {
        method: "POST",
        token: server.localToken,
        body: { name: "guarded", text, ...more },
        headers: etag === undefined ? {} : { "if-match": etag },
      });
    const first = await save("one");
    expect(first.headers.etag).toBe((await server.ask("/api/prompts/guarded", { token: keys.read })).headers.etag);
    const etag = first.headers.etag ?? "";
    expect((await save("two", etag)).status).toBe(201);
    const late = await save("three", etag);
    expect(late).toMatchObject({ status: 412, json: { error: { code: "version_conflict" } } });
    expect(late.json.error.details).toMatchObject({ newest: { version: 2, text: "two" }, between: [{ version: 2 }] });
    for (const odd of ["*", '"x"', '"0-x"', "1"]) expect((await save("four", odd)).status, odd).toBe(400);
    expect((await save("four", etag, { baseVersion: 2 })).status).toBe(400);
  });

  it("If-None-Match: * saves a new prompt alone", async () => {
    const save = (text: string, headers: Record<string, string>, more = {}) =>
      server.ask("/api/prompts", {
        method: "POST",
        token: server.localToken,
        body: { name: "only new", text, ...more },
        headers,
      });
    expect((await save("one", { "if-none-match": "*" })).status).toBe(201);
    const late = await save("two", { "if-none-match": "*" });
    expect(late).toMatchObject({ status: 412, json: { error: { code: "version_conflict" } } });
    expect(late.json.error.details.newest).toMatchObject({ version: 1, text: "one" });
    for (const odd of ['"1-x"', ""]) expect((await save("two", { "if-none-match": odd })).status, odd).toBe(400);
    expect((await save("two", { "if-none-match": "*" }, { baseVersion: 1 })).status).toBe(400);
    expect((await save("two", { "if-none-match": "*", "if-match": '"1-x"' })).status).toBe(400);
  });

  it("another prompt that takes the name of a trashed one is answered at once", async () => {
    await server.local.savePrompt({ name: "again", text: "old" });
    const text = async () => (await hot("/api/prompts/again", keys.read ?? "", "GET", {})).json?.text;
    expect(await text()).toBe("old");
    await server.local.trashPrompt("again");
    expect(await text()).toBeUndefined();
    await server.local.savePrompt({ name: "again", text: "new" });
    expect(await text()).toBe("new");
    await eventually(async () => (await text()) === "new");
  });
});
