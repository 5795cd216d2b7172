/** A renamed prompt on the real server: its applications notice nothing, with the database and without. */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDatabase } from "../../test/support/database.ts";
import { eventually, newKey, newUser, proxyTo, type Served, serveOn } from "../../test/support/server.ts";

let server: Served;
let proxy: Awaited<ReturnType<typeof proxyTo>>;
let database: Awaited<ReturnType<typeof freshDatabase>>;
let key: string;
beforeAll(async () => {
  database = await freshDatabase();
  proxy = await proxyTo(database);
  server = await serveOn(database, { proxy });
  key = await newKey(server, ["read"]);
});
afterAll(async () => {
  await server.close();
  await proxy.close();
  await database.drop();
});

const fetch = (name: string) => server.ask(`/api/prompts/${encodeURIComponent(name)}?label=production`, { token: key });

describe("an application that uses the old name", () => {
  it("gets the same prompt, with the present name in X-Renamed-To", async () => {
    await server.local.savePrompt({ name: "app/alt", text: "hello", labels: ["production"] });
    expect((await fetch("app/alt")).headers["x-renamed-to"]).toBeUndefined();
    await server.local.renamePrompt("app/alt", "app/grün & neu");
    for (const _again of [1, 2]) {
      expect(await fetch("app/alt")).toMatchObject({
        status: 200,
        json: { name: "app/grün & neu", text: "hello", version: 1 },
        headers: { "x-renamed-to": encodeURIComponent("app/grün & neu") },
      });
    }
    const { prompt, renamedTo } = await server.as(key).fetchPrompt("app/alt");
    expect([prompt.name, renamedTo]).toEqual(["app/grün & neu", "app/grün & neu"]);
    expect((await server.as(key).fetchPrompt("app/grün & neu")).renamedTo).toBeNull();
    const { etag = "" } = (await fetch("app/alt")).headers;
    const unchanged = await server.ask("/api/prompts/app%2Falt?label=production", {
      token: key,
      headers: { "if-none-match": etag },
    });
    expect(unchanged).toMatchObject({ status: 304, headers: { "x-renamed-to": expect.any(String) } });
  });

  it("gets it while the database is away, from memory and from the mirror", async () => {
    for (const name of ["m/a", "m/b"]) await server.local.savePrompt({ name, text: name, labels: ["production"] });
    for (const name of ["m/a", "m/b"]) await server.local.renamePrompt(name, `${name} new`);
    await fetch("m/a");
    const { home } = server.config;
    await eventually(async () => ["a", "b"].every((one) => existsSync(`${home.prompts}/default/m/${one}~alias.json`)));
    proxy.cut();
    try {
      await server.untilHealth("degraded");
      for (const name of ["m/a", "m/b"]) {
        expect(await fetch(name)).toMatchObject({
          status: 200,
          json: { name: `${name} new`, text: name },
          headers: { "x-renamed-to": encodeURIComponent(`${name} new`), "x-served-from": "mirror" },
        });
      }
      expect((await fetch("m/c")).status).toBe(404);
    } finally {
      proxy.restore();
      await server.untilHealth("healthy");
    }
  });

  it("on another server of the same database is told within a second, also when a new prompt takes the name", async () => {
    const other = await serveOn(database);
    try {
      await server.local.savePrompt({ name: "s/a", text: "one" });
      const seen = async () => {
        const { json, headers } = await other.ask("/api/prompts/s%2Fa", { token: key });
        return `${json?.text} ${headers["x-renamed-to"] ?? "-"}`;
      };
      await eventually(async () => (await seen()) === "one -");
      await server.local.renamePrompt("s/a", "s/b");
      await eventually(async () => (await seen()) === "one s%2Fb");
      expect(await server.local.savePrompt({ name: "s/a", text: "two" })).toMatchObject({ version: 1, nameOf: "s/b" });
      expect(await server.local.savePrompt({ name: "s/a", text: "two" })).not.toHaveProperty("nameOf");
      await eventually(async () => (await seen()) === "two -");
    } finally {
      await other.close();
    }
  });
});

describe("a prompt that moves to another project", () => {
  it("is fetched there at once, also from memory, and here no more", async () => {
    await server.local.createProject({ name: "there" });
    const theirs = await newKey(server, ["read"], "there");
    await server.local.savePrompt({ name: "mover", text: "hello", labels: ["production"] });
    for (const _again of [1, 2]) expect((await fetch("mover")).status).toBe(200);
    await server.local.movePrompt("mover", { project: "there", name: "dir/moved" });
    for (const _again of [1, 2]) {
      expect(await fetch("mover")).toMatchObject({ status: 404, json: { error: { code: "prompt_not_found" } } });
      const moved = await server.ask("/api/prompts/dir%2Fmoved?label=production", { token: theirs });
      expect(moved).toMatchObject({ status: 200, json: { project: "there", text: "hello", version: 1 } });
    }
  });

  it("is moved by an admin who may write there, and there is only what the admin may see", async () => {
    await server.local.createProject({ name: "elsewhere" });
    const token = await newUser(server, "eva", { role: "admin", project: "default" });
    await server.local.savePrompt({ name: "wanted", text: "x" });
    const move = () => server.as(token).movePrompt("wanted", { project: "elsewhere" });
    await expect(move()).rejects.toMatchObject({ code: "project_not_found" });
    await server.as(server.localToken, "elsewhere").setMember("eva", "viewer");
    await expect(move()).rejects.toMatchObject({ code: "forbidden" });
    await server.as(server.localToken, "elsewhere").setMember("eva", "editor");
    expect(await move()).toMatchObject({ project: "elsewhere", name: "wanted" });
  });
});
