/** Several servers on one database, databases that stand still or break off: nothing stale, nothing lost, nothing hung. */
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { testLog } from "../../test/support/cluster.ts";
import { type FreshDatabase, freshDatabase } from "../../test/support/database.ts";
import type { DatabaseProxy } from "../../test/support/database-proxy.ts";
import { eventually, newKey, proxyTo, type Reply, type Served, serveOn } from "../../test/support/server.ts";
import { sleep } from "../base/clock.ts";
import { Backend } from "./backend.ts";

let database: FreshDatabase;
let proxy: DatabaseProxy;
/** Reaches the database through the proxy. */
let behind: Served;
let direct: Served;
let key: string;

beforeAll(async () => {
  database = await freshDatabase();
  proxy = await proxyTo(database);
  [behind, direct] = [await serveOn(database, { proxy }), await serveOn(database)];
  key = await newKey(direct, ["read", "write"]);
  await eventually(async () => (await behind.ask("/api/auth/me", { token: key })).status === 200);
});
afterAll(async () => {
  await Promise.all([behind.close(), direct.close()]);
  await proxy.close();
  await database.drop();
});
afterEach(async () => {
  proxy.restore();
  await behind.untilHealth("healthy");
});

const fetch = (server: Served, name: string, query = "") => server.ask(`/api/prompts/${name}${query}`, { token: key });
const versionAt = async (server: Served, name: string, query = "") => (await fetch(server, name, query)).json?.version;
const save = (server: Served, name: string, text: string) =>
  server.ask("/api/prompts", { method: "POST", token: key, body: { name, text } });

describe("two servers on one database", () => {
  it("a save on one is fetched from the other, and versions never go back", async () => {
    await save(direct, "shared", "text 1");
    await eventually(async () => (await versionAt(behind, "shared")) === 1);
    for (let version = 2; version <= 15; version++) {
      const [writer, reader] = version % 2 ? [direct, behind] : [behind, direct];
      await save(writer, "shared", `text ${version}`);
      expect(await versionAt(writer, "shared")).toBe(version);
      let last = version - 1;
      await eventually(async () => {
        const seen = await versionAt(reader, "shared");
        expect(seen).toBeGreaterThanOrEqual(last);
        last = seen;
        return seen === version;
      });
    }
  });

  it("on one socket never seem to go back: what one acknowledged, the other answers at once", async () => {
    const { share, close, ...sharing } = await serveOn(database);
    try {
      await eventually(async () => (await sharing.ask("/api/auth/me", { token: key })).status === 200);
      await save(direct, "one-socket", "text 0");
      share();
      for (let round = 1; round <= 30; round++) {
        const { version } = (await save(direct, "one-socket", `text ${round}`)).json;
        for (const query of ["", "?label=latest"]) {
          const { headers, json } = await sharing.ask(`/api/prompts/one-socket${query}`, { token: key });
          expect(json.version).toBe(version);
          expect(headers).not.toHaveProperty("x-served-from");
        }
      }
    } finally {
      await close();
    }
  });

  it("on one socket for good are not taken for fresh because they were to share it for a moment before", async () => {
    const refuse = (error: unknown) => expect.unreachable(String(error));
    const backend = await Backend.open(direct.config, {
      log: testLog(direct.config.home),
      onFirstAdmin() {},
      onRefused: refuse,
    });
    try {
      await eventually(async () => backend.isFresh);
      backend.share(1);
      await eventually(async () => backend.isFresh);
      backend.share(1);
      backend.share();
      await sleep(20);
      expect(backend.isFresh).toBe(false);
    } finally {
      await backend.close();
    }
  });

  it("a label moved on one is moved on the other, to and fro", async () => {
    for (const text of ["one", "two"]) await save(direct, "labelled", text);
    let revision = 0;
    for (const version of [1, 2, 1, 2]) {
      await direct.as(key).moveLabel("labelled", "production", version);
      await eventually(async () => (await versionAt(behind, "labelled", "?label=production")) === version);
      for (let again = 0; again < 5; again++) {
        expect(await versionAt(behind, "labelled", "?label=production")).toBe(version);
      }
      const { headers } = await fetch(behind, "labelled");
      expect(Number(headers["x-revision"])).toBeGreaterThan(revision);
      revision = Number(headers["x-revision"]);
    }
  });

  it("a trashed prompt is gone on the other, a restored one is back", async () => {
    await save(direct, "binned", "x");
    await eventually(async () => (await fetch(behind, "binned")).status === 200);
    const { id } = await direct.as(key).trashPrompt("binned");
    await eventually(async () => (await fetch(behind, "binned")).status === 404);
    await direct.as(key).restorePrompt(id);
    await eventually(async () => (await fetch(behind, "binned")).status === 200);
  });
});

describe.each([
  ["stands still", () => proxy.freeze()],
  ["is cut off", () => proxy.cut()],
])("a server whose database %s", (how, strike) => {
  const name = how.replaceAll(" ", "-");
  beforeEach(async () => {
    await save(behind, name, `first, ${how}`);
  });

  it("goes on answering what it knew, never less, says so, and is whole again by itself", async () => {
    const { version } = (await save(behind, name, `second, ${how}`)).json;
    let reply: Reply = await fetch(behind, name);
    expect(reply.json.version).toBe(version);
    const revision = reply.headers["x-revision"];
    strike();
    reply = await fetch(behind, name);
    expect(reply.json.version).toBe(version);
    reply = await eventually(async () => {
      const next = await fetch(behind, name);
      expect(next).toMatchObject({ status: 200, json: { version }, headers: { "x-revision": revision } });
      return next.headers["x-served-from"] === "mirror" ? next : null;
    });
    const missed = (await save(direct, name, `missed, ${how}`)).json.version;
    await behind.untilHealth("degraded");
    expect(await versionAt(behind, name)).toBe(version);
    const listed = await behind.ask("/api/prompts", { token: key });
    expect(listed).toMatchObject({ status: 200, headers: { "x-served-from": "mirror" } });
    proxy.restore();
    await behind.untilHealth("healthy");
    await eventually(async () => (await versionAt(behind, name)) === missed);
    expect((await fetch(behind, name)).headers).not.toHaveProperty("x-served-from");
    expect((await save(behind, name, `whole again, ${how}`)).status).toBe(201);
  });

  it("refuses writes, and what only the database knows, with a sentence and a time to come back", async () => {
    strike();
    await behind.untilHealth("degraded");
    const refused = [
      await save(behind, name, "while away"),
      await behind.ask(`/api/prompts/${name}`, { method: "DELETE", token: key }),
      await behind.ask(`/api/prompts/${name}/labels/x`, { method: "PUT", token: key, body: { version: 1 } }),
      await behind.ask(`/api/prompts/${name}/versions`, { token: key }),
      await behind.ask("/api/trash", { token: key }),
      await behind.ask("/api/audit", { token: behind.localToken }),
    ];
    for (const { status, headers, json } of refused) {
      expect(status).toBe(503);
      expect(json.error).toMatchObject({ code: "database_unavailable", message: expect.stringMatching(/\.$/) });
      expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    }
  });

  it("ends a write that is under way, without a version of it", async () => {
    const writing = save(behind, `under-way-${name}`, "x");
    strike();
    const { status } = await writing;
    proxy.restore();
    await behind.untilHealth("healthy");
    // It was quicker than the strike, or it was told that it failed.
    expect([201, 503]).toContain(status);
    if (status === 201) expect(await versionAt(direct, `under-way-${name}`)).toBe(1);
  });
});

describe("a write whose COMMIT breaks off", () => {
  it.each([
    ["before PostgreSQL hears of it", "before", 404],
    ["after PostgreSQL did it", "after", 200],
  ] as const)("%s is told as an unknown outcome", async (_what, when, found) => {
    const name = `broken-${when}`;
    proxy.cutAt("commit", when);
    const reply = await save(behind, name, "x");
    expect(reply).toMatchObject({ status: 503, json: { error: { code: "write_outcome_unknown" } } });
    expect(Number(reply.headers["retry-after"])).toBeGreaterThan(0);
    proxy.restore();
    await behind.untilHealth("healthy");
    expect((await fetch(behind, name)).status).toBe(found);
    expect((await save(behind, name, "x")).json).toMatchObject({ version: 1, created: found === 404 });
  });
});

it("a database that is only slow does not make a prompt that the mirror lacks unknown", async () => {
  const locking = new pg.Client(database.superuserConfig);
  await locking.connect();
  try {
    await locking.query("begin; lock table promptlib.prompts in access exclusive mode");
    expect(await fetch(direct, "not-in-the-mirror")).toMatchObject({
      status: 503,
      json: { error: { code: "database_unavailable" } },
    });
  } finally {
    await locking.end();
  }
  await eventually(async () => (await fetch(direct, "not-in-the-mirror")).status === 404);
});

it("a save is answered as saved though somebody trashes the prompt at once", async () => {
  for (let round = 0; round < 60; round++) {
    const name = `short-lived-${round}`;
    const [saved] = await Promise.all([
      save(direct, name, "x"),
      direct.ask(`/api/prompts/${name}`, { method: "DELETE", token: key }),
      direct.ask(`/api/prompts/${name}`, { method: "DELETE", token: key }),
    ]);
    expect(saved).toMatchObject({ status: 201, json: { name, version: 1, text: "x", created: true } });
  }
});
