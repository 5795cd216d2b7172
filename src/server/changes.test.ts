/** Change events on real servers: who is told what, and what happens when something on the way fails. */
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { freshDatabase } from "../../test/support/database.ts";
import { begin, listen } from "../../test/support/listening.ts";
import { eventually, newKey, newUser, proxyTo, type Served, serveOn } from "../../test/support/server.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let proxy: Awaited<ReturnType<typeof proxyTo>>;
let direct: Served;
/** Reaches the database through the proxy. */
let behind: Served;
let key: string;
beforeAll(async () => {
  database = await freshDatabase();
  proxy = await proxyTo(database);
  direct = await serveOn(database, { settings: { EVENT_LISTENERS: "8" } });
  behind = await serveOn(database, { proxy });
  await direct.local.createProject({ name: "theirs" });
  key = await newKey(direct, ["read"]);
  await eventually(async () => (await behind.ask("/api/auth/me", { token: key })).status === 200);
});
afterEach(async () => {
  proxy.restore();
  await behind.untilHealth("healthy");
});
beforeEach(async () => {
  await eventually(async () => (await listeners()) === 0);
});
afterAll(async () => {
  await Promise.all([direct.close(), behind.close()]);
  await proxy.close();
  await database.drop();
});

const save = (name: string, server = direct) =>
  server.local.savePrompt({ name, text: `${name} ${crypto.randomUUID()}` });
const listeners = async (server = direct) =>
  Number(/^promptlib_event_listeners (\d+)$/m.exec((await server.ask("/metrics")).text)?.[1]);
const until = (told: () => string[], name: string) => eventually(async () => told().includes(name));

describe("who listens", () => {
  it("is told of every change of a prompt, under all names that it ever had", async () => {
    const { heard } = await listen(direct.as(key));
    const told = () => heard.flatMap((event) => (event.type === "change" ? [event.change] : []));
    const revision = (wanted: string) => eventually(async () => told().find((change) => change.revision === wanted));
    await save("told/a");
    expect(await revision("1")).toEqual({
      project: "default",
      name: "told/a",
      formerNames: [],
      revision: "1",
      trashed: false,
    });
    await direct.local.moveLabel("told/a", "production", 1);
    expect(await revision("2")).toMatchObject({ name: "told/a" });
    await direct.local.renamePrompt("told/a", "told/b");
    expect(await revision("3")).toMatchObject({ name: "told/b", formerNames: ["told/a"] });
    await direct.local.removeAlias("told/a");
    expect(await revision("4")).toMatchObject({ name: "told/b", formerNames: ["told/a"] });
    const { id } = await direct.local.trashPrompt("told/b");
    expect(await revision("5")).toMatchObject({ name: "told/b", trashed: true });
    await direct.local.restorePrompt(id);
    expect(await revision("6")).toMatchObject({ name: "told/b", trashed: false });
  });

  it("hears of a change only once a fetch from there answers it", async () => {
    const { changes } = await listen(behind.as(key));
    for (let version = 1; version <= 5; version += 1) {
      const { version: saved } = await save("in-order");
      await eventually(async () => changes().filter((name) => name === "in-order").length >= version);
      expect((await behind.as(key).fetchPrompt("in-order")).prompt.version).toBe(saved);
    }
  });

  it("hears nothing of other projects", async () => {
    const theirs = direct.as(direct.localToken, "theirs");
    const theirKey = await newKey(direct, ["write"], "theirs");
    const [ours, other] = [await listen(direct.as(key)), await listen(direct.as(theirKey))];
    await theirs.savePrompt({ name: "secret", text: "x" });
    await save("open");
    await until(ours.changes, "open");
    await until(other.changes, "secret");
    expect(ours.changes()).toEqual(["open"]);
    expect(other.changes()).toEqual(["secret"]);
    // Nor later, of what was missed.
    const later = await listen(direct.as(key), other.lastEventId());
    await save("later");
    await until(later.changes, "later");
    expect(later.changes()).not.toContain("secret");
  });

  it("is told once that much changed, when that is so", async () => {
    const lines = [...Array(150).keys()].map((index) => `many-${index},x,FALSE,TEXT`);
    const piece = { path: "p.csv", content: `act,prompt,for_devs,type\n${lines.join("\n")}\n` };
    await Array.fromAsync(direct.local.importPrompts(piecesOf(piece), { format: "csv" }));
    await save("imported");
    const { changes } = await listen(direct.as(key));
    await direct.local.promoteLabel("beta", { from: "latest", all: true });
    await until(changes, "reset");
    expect(changes().filter((name) => name.startsWith("many-"))).toEqual([]);
  });

  it("is told at once though an older transaction runs, and not again when it is over", async () => {
    const { changes, lastEventId } = await listen(direct.as(key));
    await save("before");
    await until(changes, "before");
    const older = new pg.Client(database.superuserConfig);
    await older.connect();
    const place = lastEventId();
    try {
      await older.query("begin; select pg_current_xact_id()");
      await save("early");
      await until(changes, "early");
      expect(lastEventId()).toBe(place);
      // Who comes back now is told of it, too: nobody knows whether he was.
      const back = await listen(direct.as(key), place);
      await until(back.changes, "early");
    } finally {
      await older.end();
    }
    await save("after");
    await until(changes, "after");
    expect(changes()).toEqual(["before", "early", "after"]);
    expect(lastEventId()).not.toBe(place);
  });
});

async function* piecesOf(piece: { path: string; content: string }) {
  yield piece;
}

it("who asks who he is learns where to listen from, so that what he reads next need not be read again", async () => {
  const place = async () => (await direct.as(key).me()).changesPlace;
  const begun = await place();
  await save("known/before");
  const known = await eventually(async () => ((await place()) === begun ? null : place()));
  await save("known/after");
  const { changes } = await listen(direct.as(key), known);
  await until(changes, "known/after");
  expect(changes()).not.toContain("reset");
  expect(changes()).not.toContain("known/before");
});

describe("who was away", () => {
  it("is told what he missed when he names his last event, on any server", async () => {
    const first = await listen(direct.as(key));
    await save("seen");
    await until(first.changes, "seen");
    first.stop();
    await first.ended;
    for (const name of ["missed/a", "missed/b", "missed/a"]) await save(name);
    for (const server of [direct, behind]) {
      const second = await listen(server.as(key), first.lastEventId());
      await until(second.changes, "missed/b");
      expect(second.changes()).toContain("missed/a");
      expect(second.changes()).not.toContain("seen");
      await save("now", server);
      await until(second.changes, "now");
      await eventually(async () => second.lastEventId() !== first.lastEventId());
      const third = await listen(server.as(key), second.lastEventId());
      await save("then", server);
      await until(third.changes, "then");
      expect(third.changes()).not.toContain("missed/a");
    }
  });

  it.each(["nonsense", "1-00000001-2-3.4.5", "1-00000001-2-3.999999999999999999999.5"])(
    "takes everything as changed when nobody knows the event %s",
    async (id) => {
      const { changes, lastEventId } = await listen(direct.as(key), id);
      await until(changes, "reset");
      await save("known");
      await until(changes, "known");
      expect(lastEventId()).toMatch(/^\d+-00000001-\d+-\d+\.\d+\.\d+$/);
    },
  );
});

describe.each([
  ["is cut off", () => proxy.cut()],
  ["stands still", () => proxy.freeze()],
])("while the database %s", (_how, strike) => {
  it("connections stay, new ones are taken, and all are told what they missed when it is back", async () => {
    const staying = await listen(behind.as(key));
    await save("there");
    await until(staying.changes, "there");
    strike();
    await behind.untilHealth("degraded");
    await save("meanwhile");
    const back = begin(behind.as(key), staying.lastEventId());
    const fresh = await listen(behind.as(key));
    expect(staying.changes()).toEqual(["there"]);
    proxy.restore();
    await until(staying.changes, "meanwhile");
    await until(back.changes, "meanwhile");
    await until(fresh.changes, "meanwhile");
    await save("afterwards", behind);
    for (const { changes } of [staying, back, fresh]) await until(changes, "afterwards");
  });
});

describe("a connection", () => {
  it("ends when its key is revoked, its session ends, or the role is taken", async () => {
    const made = await direct.local.createKey({ name: "short", scopes: ["read"] });
    const eva = await newUser(direct, "eva", { role: "viewer" });
    const ada = await newUser(direct, "ada", { role: "viewer" });
    const [byKey, byEva, byAda] = [
      await listen(direct.as(made.key)),
      await listen(direct.as(eva)),
      await listen(direct.as(ada)),
    ];
    const staying = await listen(direct.as(key));
    await direct.local.revokeKey(made.id);
    expect(await byKey.ended).toBeNull();
    await direct.as(eva).logout();
    expect(await byEva.ended).toBeNull();
    await direct.local.removeMember("ada");
    expect(await byAda.ended).toBeNull();
    await save("still");
    await until(staying.changes, "still");
  });

  it("is refused when there are too many, of all or of one caller, and the others go on", async () => {
    const own = [];
    for (let count = 0; count < 4; count += 1) own.push(await listen(direct.as(key)));
    const fifth = await direct.ask("/api/changes", { token: key });
    expect(fifth).toMatchObject({ status: 503, headers: { "retry-after": "15" } });
    expect(fifth.json.error).toMatchObject({ code: "too_many_listeners", details: { ofThisCaller: 4 } });
    const another = await newKey(direct, ["read"]);
    for (let count = 0; count < 4; count += 1) own.push(await listen(direct.as(another)));
    expect((await direct.ask("/api/changes", { token: direct.localToken })).status).toBe(503);
    await save("many-listen");
    for (const { changes } of own) await until(changes, "many-listen");
    own[0]?.stop();
    await eventually(async () => (await direct.ask("/api/changes", { token: key })).status === 200);
  });

  it("is only asked about by HEAD, which ends", async () => {
    const { status, headers } = await direct.ask("/api/changes", { method: "HEAD", token: key });
    expect([status, headers["content-type"]]).toEqual([200, "text/event-stream; charset=utf-8"]);
    expect(await listeners()).toBe(0);
  });

  it("ends in order when the server stops, which does not wait for it", async () => {
    const stopping = await serveOn(database);
    const listening = [];
    for (let count = 0; count < 3; count += 1) listening.push(await listen(stopping.as(key)));
    await stopping.close();
    for (const { ended } of listening) expect(await ended).toBeNull();
  });
});
