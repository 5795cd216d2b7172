/** Who fetches which label how often, on the real server. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDatabase } from "../../test/support/database.ts";
import { ACTOR } from "../../test/support/library.ts";
import { newKey, newUser, type Served, serveOn } from "../../test/support/server.ts";
import { openDatabase } from "../database/database.ts";
import { writeFetches } from "../library/label-fetches.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: Served;
beforeAll(async () => {
  database = await freshDatabase();
  server = await serveOn(database);
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

/** Counts are written when a server stops, too. */
async function restart(): Promise<void> {
  await server.close();
  server = await serveOn(database);
}

const countsOf = async (name: string) =>
  (await server.local.listFetches(name)).items.map(({ label, caller, keyName, fetches }) => [
    label,
    keyName ?? caller,
    fetches,
  ]);

describe("fetches of a label", () => {
  it("are counted by caller, on the hot path and beside it, under every name of the prompt", async () => {
    await server.local.savePrompt({ name: "a", text: "one", labels: ["production"] });
    const [app, other] = [await newKey(server, ["read"]), await newKey(server, ["read", "write"])];
    const person = await newUser(server, "ada", { role: "viewer" });
    const fetch = (token: string, query = "", name = "a") => server.ask(`/api/prompts/${name}${query}`, { token });
    for (let again = 0; again < 4; again += 1) await fetch(app, "?label=production");
    await fetch(app);
    await fetch(other, "?label=production");
    // Times are kept to the millisecond, and who fetched in the same one is told by name.
    await sleep(2);
    await fetch(person, "?label=production");
    await fetch(app, "?version=1");
    await fetch(app, "?label=nowhere");
    await server.as(app).resolvePrompts([
      { name: "a", label: "production" },
      { name: "a", version: 1 },
    ]);
    await server.local.renamePrompt("a", "b");
    for (let again = 0; again < 2; again += 1) await fetch(app, "?label=production", "a");
    expect(await countsOf("b")).toEqual([]);
    await restart();
    const counts = await countsOf("b");
    // By label; who fetched last is told first.
    expect(counts).toEqual([
      ["latest", "read", 1],
      ["production", "read", 7],
      ["production", "user:ada", 1],
      ["production", "read write", 1],
    ]);
  });

  it("count renders as well, and what is included by a label; a former name is told as in a fetch", async () => {
    await server.local.savePrompt({ name: "sign", text: "Yours", labels: ["production"] });
    await server.local.savePrompt({ name: "old mail", text: "{{> sign}} {{> sign@1}}", labels: ["staging"] });
    await server.local.renamePrompt("old mail", "mail");
    const token = await newKey(server, ["read"]);
    const path = "/api/prompt/render?name=old%20mail";
    const { headers } = await server.ask(path, { token, method: "POST", body: { label: "staging" } });
    expect(headers["x-renamed-to"]).toBe("mail");
    await restart();
    expect(await countsOf("mail")).toEqual([["staging", "read", 1]]);
    expect(await countsOf("sign")).toEqual([["production", "read", 1]]);
  });

  it("add up over restarts, with the first and the last time", async () => {
    await server.local.savePrompt({ name: "c", text: "one", labels: ["production"] });
    const key = await newKey(server, ["read"]);
    for (const _round of [1, 2]) {
      await server.ask("/api/prompts/c?label=production", { token: key });
      await restart();
    }
    const [item] = (await server.local.listFetches("c")).items;
    expect(item?.fetches).toBe(2);
    expect(Date.parse(item?.lastAt ?? "")).toBeGreaterThan(Date.parse(item?.firstAt ?? ""));
    await expect(server.local.listFetches("nothing")).rejects.toMatchObject({ code: "prompt_not_found" });
  });

  it("of a prompt that a restored database does not have hinder no other count", async () => {
    const { name } = await server.local.savePrompt({ name: "d", text: "one" });
    const opened = openDatabase(database.appConfig, null);
    try {
      const { id } = await opened.reads
        .selectFrom("prompts")
        .select("id")
        .where("name", "=", name)
        .executeTakeFirstOrThrow();
      const at = new Date();
      const counted = { label: "latest", caller: ACTOR.name, count: 2, firstAt: at, lastAt: at };
      await writeFetches(opened.writes, [
        { ...counted, promptId: "999999" },
        { ...counted, promptId: id },
      ]);
      await writeFetches(opened.writes, []);
    } finally {
      await opened.close();
    }
    expect(await countsOf("d")).toEqual([["latest", ACTOR.name, 2]]);
  });
});
