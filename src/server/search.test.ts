/** Search, folders, tags and diff over HTTP, with the database and without. */
import { isDeepStrictEqual } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../test/support/database.ts";
import type { DatabaseProxy } from "../../test/support/database-proxy.ts";
import { runOnce } from "../../test/support/library.ts";
import { eventually, newKey, proxyTo, type Served, serveOn } from "../../test/support/server.ts";
import { listMirrored } from "../library/mirror-reader.ts";
import { diffVersions } from "../prompt/diff.ts";
import { createClient } from "../sdk/index.ts";

let server: Served;
let proxy: DatabaseProxy;
let key: string;
let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  proxy = await proxyTo(database);
  server = await serveOn(database, { proxy });
  await server.local.savePrompt({ name: "mail/refund", text: "Explain the refund.\n", tags: ["mail"] });
  await server.local.savePrompt({
    name: "mail/refund",
    text: "Explain the refund politely.\n",
    labels: ["production"],
  });
  await server.local.savePrompt({ name: "legal", text: "Nothing about it.", description: "refunds" });
  key = await newKey(server, ["read"]);
});
afterAll(async () => await server.close());

const get = async (path: string) => server.ask(path, { token: key });

describe("with the database", () => {
  it("a key that reads searches, and is told why each was found", async () => {
    const { status, json } = await get("/api/prompts?search=refund%20polite");
    expect(status).toBe(200);
    expect(json).toMatchObject({ total: 1, items: [{ name: "mail/refund", match: { version: 2 } }] });
    expect((await get("/api/prompts")).json.items[0]).not.toHaveProperty("match");
  });

  it("a search without a word is refused with the place of the fault", async () => {
    for (const search of ["%3F%3F", "-a"]) {
      const { status, json } = await get(`/api/prompts?search=${search}`);
      expect(status).toBe(400);
      expect(json.error).toMatchObject({ code: "invalid_request", details: { faults: [{ field: "query.search" }] } });
    }
  });

  it("a diff takes versions and labels, and by itself what the newest version changed", async () => {
    const { json } = await get("/api/prompts/mail%2Frefund/diff");
    expect(json).toMatchObject({
      same: false,
      from: { version: 1 },
      to: { version: 2 },
      text: { added: 1, removed: 1 },
    });
    expect((await get("/api/prompt/diff?name=mail/refund&from=1&to=production")).json).toEqual(json);
    expect((await get("/api/prompts/mail%2Frefund/diff?from=production&to=1")).json).toMatchObject({
      from: { version: 2 },
      to: { version: 1 },
    });
    expect((await get("/api/prompts/legal/diff")).json).toMatchObject({ same: true, from: { version: 1 } });
    for (const [side, code] of [
      ["from=9", "version_not_found"],
      ["to=staging", "label_not_found"],
    ]) {
      const { status, json } = await get(`/api/prompts/mail%2Frefund/diff?${side}`);
      expect([status, json.error.code]).toEqual([404, code]);
    }
  });

  it("the client works out the same diff by itself", async () => {
    const client = server.as(key);
    const [one, two] = [
      await client.fetchPrompt("mail/refund", { version: 1 }),
      await client.fetchPrompt("mail/refund"),
    ];
    expect(diffVersions(one.prompt, two.prompt)).toEqual((await client.diffVersions("mail/refund")).diff);
  });
});

it("a search that takes too long is told as that, asked once, and ended in the database, too; the rest goes on", async () => {
  const locking = new pg.Client(database.superuserConfig);
  await locking.connect();
  try {
    await locking.query("begin; lock table promptlib.search_documents in access exclusive mode");
    let asked = 0;
    const client = createClient({
      url: server.url,
      token: key,
      fetch: (input, init) => {
        asked += 1;
        return fetch(input, init);
      },
    });
    await expect(client.listPrompts({ search: "refund" })).rejects.toMatchObject({
      code: "search_too_slow",
      status: 504,
    });
    expect(asked).toBe(1);
    await eventually(async () => {
      const { rowCount } = await locking.query(`select from pg_stat_activity
        where state = 'active' and query like '%search_documents%' and pid <> pg_backend_pid()`);
      return rowCount === 0;
    });
    expect((await get("/api/prompts")).headers).not.toHaveProperty("x-served-from");
    expect((await get("/api/prompts/legal")).status).toBe(200);
  } finally {
    await locking.end();
  }
  expect((await get("/api/prompts?search=refund")).status).toBe(200);
});

it("while the database is away names are searched, folders, tags and labels counted and versions compared; full text waits", async () => {
  const folders = (await get("/api/folders")).json;
  const tags = (await get("/api/tags")).json;
  const labels = (await get("/api/labels")).json;
  expect(labels.items).toEqual([{ label: "production", prompts: 1 }]);
  const diff = (await get("/api/prompts/mail%2Frefund/diff?to=production")).json;
  const mirrored = () => listMirrored(server.config.home.prompts, "default", {}).catch(() => ({ items: [] }));
  const there = await get("/api/prompts");
  await eventually(async () => isDeepStrictEqual((await mirrored()).items, there.json.items));
  proxy.cut();
  await server.untilHealth("degraded");
  const named = await get("/api/prompts?search=REFUND&in=names");
  expect(named).toMatchObject({ status: 200, headers: { "x-served-from": "mirror" } });
  expect(named.json.items.map(({ name }: { name: string }) => name)).toEqual(["legal", "mail/refund"]);
  expect(named.json.items[1].match).toMatchObject({
    version: 2,
    labels: ["latest", "production"],
    nameMarks: [[5, 11]],
  });
  for (const where of ["", "&in=versions"]) {
    const { status, json, headers } = await get(`/api/prompts?search=refund${where}`);
    expect([status, json.error.code]).toEqual([503, "database_unavailable"]);
    expect(json.error.hint).toContain("--in names");
    expect(Number(headers["retry-after"])).toBeGreaterThan(0);
  }
  expect((await get("/api/folders")).json).toEqual(folders);
  expect((await get("/api/tags")).json).toEqual(tags);
  expect((await get("/api/labels")).json).toEqual(labels);
  expect((await get("/api/prompts/mail%2Frefund/diff?to=production")).json).toEqual(diff);
  proxy.restore();
  await server.untilHealth("healthy");
  expect((await get("/api/prompts?search=refund")).json.total).toBe(2);
});

it("a library from before there was search becomes searchable though that does not go well at first", async () => {
  const older = await freshDatabase();
  await runOnce(
    older.superuserConfig,
    `create sequence tries;
    create function fail_once() returns trigger language plpgsql security definer set search_path = promptlib as $$
      begin
        if nextval('tries') = 1 then raise exception 'not yet'; end if;
        return new;
      end $$;
    create trigger fail_once before insert on search_documents for each row execute function fail_once();
    insert into prompts (project_id, name, type, newest) select id, 'old', 'text', 1 from projects;
    insert into versions (prompt_id, version, text, variables, config, template, content_hash, author)
      select id, 1, 'mammoth', '{}', '{}', 'none', '', 'user:ada' from prompts;
    insert into search_missing select id from prompts`,
  );
  const late = await serveOn(older);
  try {
    await eventually(async () => (await late.local.listPrompts({ search: "mammoth" })).total === 1);
  } finally {
    await late.close();
    await older.drop();
  }
});
