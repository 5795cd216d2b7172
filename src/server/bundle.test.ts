/** A bundle made of a real library, and read as an application reads it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDatabase } from "../../test/support/database.ts";
import { newKey, proxyTo, type Served, serveOn } from "../../test/support/server.ts";
import { CONTENT_LIMIT } from "../contract/shapes.ts";
import { type Client, createReader, makeBundle, readBundle } from "../sdk/index.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let proxy: Awaited<ReturnType<typeof proxyTo>>;
let server: Served;
let client: Client;
beforeAll(async () => {
  database = await freshDatabase();
  proxy = await proxyTo(database);
  server = await serveOn(database, { proxy });
  client = server.as(await newKey(server, ["read"]));
  const save = server.local.savePrompt;
  await save({ name: "mail/a", text: "one", labels: ["production"], tags: ["x"] });
  for (const text of ["two", "three"]) await save({ name: "mail/a", text });
  await save({ name: "before", text: "only", labels: ["beta"] });
  await server.local.renamePrompt("before", "after");
  await save({ name: "burnt", text: "kept", labels: ["production"] });
  await save({ name: "burnt", text: "a secret" });
  await save({ name: "burnt", text: "better" });
  await server.local.redactVersion("burnt", 2, "a secret");
});
afterAll(async () => {
  await server.close();
  await proxy.close();
  await database.drop();
});

const listed = async (options?: Parameters<typeof makeBundle>[1]) =>
  (await makeBundle(client, options)).prompts.map(({ name, version }) => `${name} ${version}`);

describe("a bundle", () => {
  it("has the newest version of each prompt and every labelled one", async () => {
    expect(await listed()).toEqual(["after 1", "burnt 1", "burnt 3", "mail/a 1", "mail/a 3"]);
  });

  it("has what was asked for alone", async () => {
    expect(await listed({ labels: ["production"] })).toEqual(["burnt 1", "mail/a 1"]);
    expect(await listed({ labels: ["latest", "beta"], folder: "mail" })).toEqual(["mail/a 3"]);
    expect(await listed({ tag: "x" })).toEqual(["mail/a 1", "mail/a 3"]);
    expect(await listed({ tag: "nothing" })).toEqual([]);
  });

  it("answers without a server what a fetch answered with one, also under a former name", async () => {
    const bundle = readBundle(JSON.parse(JSON.stringify(await makeBundle(client))));
    const reader = createReader({ url: "http://127.0.0.1:1", retries: 0, events: false, bundle });
    for (const [name, which] of [
      ["mail/a", { label: "production" }],
      ["mail/a", {}],
      ["before", { label: "beta" }],
    ] as const) {
      const { prompt } = await client.fetchPrompt(name, which);
      expect(await reader.get(name, which)).toEqual({ prompt, from: "bundle", stale: true });
    }
  });

  it("has whatever its prompts include, by which label they are asked for, and renders without a server", async () => {
    const save = server.local.savePrompt;
    await save({ name: "parts/deep", text: "deep production", labels: ["production"] });
    await save({ name: "parts/deep", text: "deep beta", labels: ["beta"] });
    await save({ name: "parts/deep", text: "deep latest" });
    await save({ name: "parts/old", text: "first {{> parts/deep}}" });
    await save({ name: "parts/old", text: "second" });
    await save({ name: "parts/was", text: "renamed", labels: ["production"] });
    await server.local.renamePrompt("parts/was", "parts/is");
    const text = "{{> parts/old@1}}, {{> parts/was}}, {{> parts/deep@production}}";
    await save({ name: "whole", text, labels: ["beta"], tags: ["whole"] });
    await save({ name: "whole", text: "{{> parts/none}}", tags: ["whole"] });
    expect(await listed({ labels: ["beta"], tag: "whole" })).toEqual([
      "parts/deep 1",
      "parts/deep 2",
      "parts/is 1",
      "parts/old 1",
      "whole 1",
    ]);
    const bundle = JSON.parse(JSON.stringify(await makeBundle(client, { labels: ["beta"], tag: "whole" })));
    const reader = createReader({ url: "http://127.0.0.1:1", retries: 0, events: false, bundle });
    const { rendered } = await client.renderPrompt("whole", { label: "beta" });
    expect((await reader.render("whole", { label: "beta" })).output).toBe(rendered.output);
    expect(rendered.output).toBe("first deep beta, renamed, deep production");
  });

  it("is whole also when it is larger than one answer", async () => {
    const labels = [...Array(17).keys()].map((index) => `label-${index}`);
    const text = "x".repeat(CONTENT_LIMIT - 100);
    for (const name of ["large/a", "large/b"]) await server.local.savePrompt({ name, text, labels });
    expect(await listed({ folder: "large" })).toEqual(["large/a 1", "large/b 1"]);
  });

  it("is not made of what a server knows without its database", async () => {
    proxy.cut();
    try {
      await server.untilHealth("degraded");
      await expect(makeBundle(client)).rejects.toMatchObject({ code: "database_unavailable" });
    } finally {
      proxy.restore();
      await server.untilHealth("healthy");
    }
  });
});
