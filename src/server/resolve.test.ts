/** Many prompts in one request, on the real server. */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDatabase } from "../../test/support/database.ts";
import { eventually, newKey, proxyTo, type Served, serveOn } from "../../test/support/server.ts";
import { REFS_LIMIT, RESOLVE_BYTES } from "../contract/resolve.ts";
import { CONTENT_LIMIT } from "../contract/shapes.ts";
import type { Client } from "../sdk/index.ts";
import { resolvePrompts } from "./resolve.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let proxy: Awaited<ReturnType<typeof proxyTo>>;
let server: Served;
let client: Client;
let key: string;
beforeAll(async () => {
  database = await freshDatabase();
  proxy = await proxyTo(database);
  server = await serveOn(database, { proxy });
  key = await newKey(server, ["read"]);
  client = server.as(key);
  await server.local.savePrompt({ name: "mail/a", text: "first", labels: ["production"] });
  await server.local.savePrompt({ name: "mail/a", text: "second" });
  await server.local.savePrompt({ name: "b", messages: [{ role: "user", content: "hi" }] });
});
afterAll(async () => {
  await server.close();
  await proxy.close();
  await database.drop();
});

describe("many prompts asked for in one request", () => {
  it("are answered in order, each as its own fetch answers it, or with its own error", async () => {
    const refs = [
      { name: "mail/a", label: "production" },
      { name: "gone" },
      { name: "mail/a" },
      { name: "mail/a", label: "beta" },
      { name: "mail/a", version: 9 },
      { name: "b" },
      { name: "mail/a", label: "production" },
    ];
    const { items, project } = await client.resolvePrompts(refs);
    expect(project).toBe("default");
    expect(items?.map((item) => ("error" in item ? item.error.code : item.prompt?.version))).toEqual([
      1,
      "prompt_not_found",
      2,
      "label_not_found",
      "version_not_found",
      1,
      1,
    ]);
    expect(items?.map(({ name }) => name)).toEqual(refs.map(({ name }) => name));
    for (const index of [0, 2, 5]) {
      const { name = "", ...which } = refs[index] ?? {};
      const { prompt, etag } = await client.fetchPrompt(name, which);
      expect(items?.[index]).toEqual({ name, prompt, etag, renamedTo: null });
    }
  });

  it("are not sent again to who has them by their ETags, one by one or as a whole", async () => {
    const refs = [{ name: "mail/a", label: "production" }, { name: "b" }];
    const first = await client.resolvePrompts(refs);
    const etags = first.items?.map((item) => ("etag" in item ? item.etag : "")) ?? [];
    const again = await client.resolvePrompts([{ ...refs[0], name: "mail/a", etag: etags[0] }, { name: "b" }]);
    expect(again.items).toMatchObject([{ prompt: null, etag: etags[0] }, { prompt: { name: "b" } }]);
    expect(again.etag).toBe(first.etag);
    expect(await client.resolvePrompts(refs, first.etag)).toMatchObject({ items: null, etag: first.etag });
    await server.local.moveLabel("mail/a", "production", 2);
    const moved = await client.resolvePrompts(refs, first.etag);
    expect(moved.items).toMatchObject([{ prompt: { version: 2 } }, { prompt: { name: "b" } }]);
    await server.local.moveLabel("mail/a", "production", 1);
  });

  it("are found under a former name, which says so", async () => {
    await server.local.savePrompt({ name: "old", text: "x" });
    await server.local.renamePrompt("old", "new");
    const { items } = await client.resolvePrompts([{ name: "old" }]);
    expect(items).toMatchObject([{ name: "old", renamedTo: "new", prompt: { name: "new" } }]);
  });

  it("are left out where they are too many bytes together, with an error each that says so", async () => {
    await server.local.savePrompt({ name: "large", text: "x".repeat(CONTENT_LIMIT - 100) });
    const { etag } = await client.fetchPrompt("large");
    const fit = Math.floor(RESOLVE_BYTES / CONTENT_LIMIT);
    const refs = [...Array(fit + 2).keys()].map(() => ({ name: "large" }));
    const { items } = await client.resolvePrompts([...refs, { name: "large", etag: etag ?? "" }, { name: "b" }]);
    const outcomes = items?.map((item) => ("error" in item ? item.error.code : (item.prompt?.name ?? "known"))) ?? [];
    expect(outcomes.slice(0, fit - 1)).toEqual(Array(fit - 1).fill("large"));
    // From the first that is left out on, only what the caller has is told.
    expect(outcomes.slice(fit + 1)).toEqual(["resolve_too_large", "known", "resolve_too_large"]);
  });

  it("are not even read when the answer is full", async () => {
    let read = 0;
    const backend = {
      async fetch() {
        read += 1;
        const bytes = Buffer.from(JSON.stringify("x".repeat(CONTENT_LIMIT)));
        return { bytes, etag: '"1-x"', renamedTo: null, promptId: null, revision: null, fromMirror: false };
      },
    };
    const refs = Array.from({ length: REFS_LIMIT }, () => ({ name: "large" }));
    const resolved = await resolvePrompts(backend, { id: "1", name: "default" }, { refs }, () => {});
    const { items } = JSON.parse(resolved.body.toString());
    expect(items.filter((item: object) => "prompt" in item)).toHaveLength(15);
    expect(read).toBeLessThanOrEqual(RESOLVE_BYTES / CONTENT_LIMIT);
  });

  it.each([0, REFS_LIMIT + 1])("are refused when they are %i", async (count) => {
    const refs = Array.from({ length: count }, () => ({ name: "b" }));
    await expect(client.resolvePrompts(refs)).rejects.toMatchObject({ code: "invalid_request" });
  });

  it("are answered while the database is away, as it was last known", async () => {
    await eventually(async () => existsSync(`${server.config.home.prompts}/default/b.json`));
    proxy.cut();
    try {
      await server.untilHealth("degraded");
      const { items, servedFrom } = await client.resolvePrompts([{ name: "b" }, { name: "gone" }]);
      expect(servedFrom).toBe("mirror");
      expect(items).toMatchObject([{ prompt: { name: "b" } }, { error: { code: "prompt_not_found" } }]);
      const alone = await server.ask("/api/prompts/gone", { token: key });
      expect(alone).toMatchObject({ status: 404, headers: { "x-served-from": "mirror" } });
    } finally {
      proxy.restore();
      await server.untilHealth("healthy");
    }
  });
});
