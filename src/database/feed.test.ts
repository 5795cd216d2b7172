import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DatabaseProxy } from "../../test/support/database-proxy.ts";
import { cutConnections, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { sleep, until } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import { Feed, type FeedConsumer } from "./feed.ts";
import { recordChange, transact } from "./transaction.ts";

const PATIENCE = { timeout: 20_000, every: 10 };

let library: TestLibrary;
let proxy: DatabaseProxy;
const feeds: Feed[] = [];

beforeEach(async () => {
  library = await openLibrary();
  await library.save({ name: "first", text: "a feed that was never written to is loaded anew each time" });
  const { host, port } = library.fresh.appConfig;
  proxy = await DatabaseProxy.open(join(String(host), `.s.PGSQL.${port}`));
});
afterEach(async () => {
  for (const feed of feeds.splice(0)) await feed.close();
  await proxy.close();
  await library.close();
});

interface Seen {
  feed: Feed;
  resets: number;
  aways: number;
  lives: number;
  refusals: unknown[];
  subjects: string[];
}

function follow(overrides: Partial<FeedConsumer> = {}, prepare: () => Promise<void> = async () => {}): Seen {
  const config = { ...library.fresh.appConfig, host: "127.0.0.1", port: proxy.port };
  const feed = new Feed(config, null, prepare, {
    onReset: async () => {
      seen.resets += 1;
    },
    onChanges: async (changes) => {
      seen.subjects.push(...changes.map(({ subject }) => subject));
    },
    onLive: () => {
      seen.lives += 1;
    },
    onAway: () => {
      seen.aways += 1;
    },
    onRefused: (error) => seen.refusals.push(error),
    ...overrides,
  });
  const seen: Seen = { feed, resets: 0, aways: 0, lives: 0, refusals: [], subjects: [] };
  feeds.push(feed);
  feed.start();
  return seen;
}

const change = (subject: string) =>
  transact(library.database, async (transaction) => recordChange(transaction, "prompt", subject, "1"));
const is = async (condition: () => boolean) => expect(await until(condition, PATIENCE)).toBe(true);

describe("a server that follows the feed", () => {
  it("loads everything first, then hears of each change", async () => {
    const seen = follow();
    await is(() => seen.feed.isFresh);
    expect(seen).toMatchObject({ resets: 1, lives: 1, aways: 0 });
    await change("a");
    await is(() => seen.subjects.includes("a"));
    await change("b");
    await is(() => seen.subjects.includes("b"));
    expect(seen.subjects.filter((subject) => subject === "a" || subject === "b")).toEqual(["a", "b"]);
  });

  it("whose connections are cut says so, goes on where it stopped, and loads nothing anew", async () => {
    const seen = follow();
    await is(() => seen.feed.isLive);
    await change("before");
    await is(() => seen.subjects.includes("before"));
    await cutConnections(library);
    await is(() => seen.aways > 0);
    await change("meanwhile").catch(() => change("meanwhile"));
    await is(() => seen.subjects.includes("meanwhile") && seen.feed.isFresh);
    expect(seen).toMatchObject({ resets: 1 });
    expect(seen.subjects.filter((subject) => subject === "before")).toEqual(["before"]);
  });

  it("before whom PostgreSQL stands still is not fresh any more and says so, and is whole again when it goes on", async () => {
    const seen = follow();
    await is(() => seen.feed.isFresh);
    proxy.freeze();
    await is(() => !seen.feed.isFresh);
    await is(() => seen.aways > 0);
    expect(seen.feed.isLive).toBe(false);
    await change("meanwhile");
    proxy.restore();
    await is(() => seen.subjects.includes("meanwhile") && seen.feed.isFresh);
    expect(seen.resets).toBe(1);
  });

  it("starts while PostgreSQL is away and is live when it comes", async () => {
    proxy.cut();
    const seen = follow();
    await is(() => seen.aways > 1);
    proxy.restore();
    await is(() => seen.feed.isLive);
    expect(seen.resets).toBe(1);
  });

  it("loads everything anew when the place where it stopped is gone from the database", async () => {
    const seen = follow();
    await is(() => seen.feed.isLive);
    await change("lost");
    await is(() => seen.subjects.includes("lost"));
    proxy.cut();
    await is(() => seen.aways > 0);
    await library.asSuperuser("delete from changes where subject = 'lost'");
    proxy.restore();
    await is(() => seen.resets === 2 && seen.feed.isLive);
  });

  it("that could not finish loading does so at the next connection", async () => {
    let attempts = 0;
    const seen = follow({
      onReset: async () => {
        attempts += 1;
        if (attempts === 1) throw new PromptlibError("database_unavailable");
      },
    });
    await is(() => seen.feed.isLive);
    expect(attempts).toBe(2);
  });

  it("hears again of changes that it could not take in", async () => {
    let failed = false;
    const taken: string[] = [];
    const seen = follow({
      onChanges: async (changes) => {
        if (!failed) {
          failed = true;
          throw new PromptlibError("database_unavailable");
        }
        taken.push(...changes.map(({ subject }) => subject));
      },
    });
    await is(() => seen.feed.isLive);
    await change("a");
    await is(() => taken.includes("a"));
  });

  it("hears what has committed also while an older transaction still runs, and of that when it has ended", async () => {
    const slow = new pg.Client({ ...library.fresh.appConfig, options: "-c search_path=promptlib" });
    await slow.connect();
    const seen = follow();
    await is(() => seen.feed.isLive);
    await slow.query("begin; insert into changes (kind, subject) values ('prompt', 'slow')");
    await change("a");
    await is(() => seen.subjects.includes("a"));
    await change("b");
    await is(() => seen.subjects.includes("b"));
    await sleep(600);
    expect(seen.subjects).toEqual(["a", "b"]);
    await slow.query("commit");
    await slow.end();
    // Now in their order: what was told early is told once more.
    await is(() => seen.subjects.length === 5);
    expect(seen.subjects.slice(2)).toEqual(["slow", "a", "b"]);
  });

  it("loads everything anew when more has committed behind an older transaction than is told at once", async () => {
    const slow = new pg.Client({ ...library.fresh.appConfig, options: "-c search_path=promptlib" });
    await slow.connect();
    await slow.query("begin; select pg_current_xact_id()");
    await library.asSuperuser(
      "insert into changes (kind, subject) select 'prompt', number::text from generate_series(1, 10050) as number",
    );
    const seen = follow();
    await is(() => seen.feed.isLive);
    expect(seen).toMatchObject({ resets: 2, subjects: [] });
    await slow.query("rollback");
    await slow.end();
    await is(() => seen.subjects.length === 10_050);
  });

  it("is woken when another server announces what it committed", async () => {
    const [here, there] = [follow(), follow()];
    await is(() => here.feed.isLive && there.feed.isLive);
    for (const subject of ["a", "b", "c"]) {
      await change(subject);
      here.feed.announce();
      await is(() => there.subjects.includes(subject));
    }
  });

  it("announces on a connection of its own, after the commit, so that those who listen are woken at once", async () => {
    const listener = new pg.Client(library.fresh.appConfig);
    await listener.connect();
    const heard: string[] = [];
    listener.on("notification", ({ channel }) => heard.push(channel));
    await listener.query("listen promptlib_changes");
    const seen = follow();
    await is(() => seen.feed.isLive);
    await change("a");
    expect(heard).toEqual([]);
    seen.feed.announce();
    await is(() => heard.length === 1);
    await listener.end();
  });

  it("does not go on when the program must not", async () => {
    const seen = follow({}, async () => {
      throw new PromptlibError("database_newer");
    });
    await is(() => seen.refusals.length === 1);
    await sleep(300);
    expect(seen).toMatchObject({ resets: 0, lives: 0, refusals: [{ code: "database_newer" }] });
  });
});
