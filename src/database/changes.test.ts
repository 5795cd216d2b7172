import fc from "fast-check";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fuzz, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { sleep } from "../base/clock.ts";
import { type Change, canContinue, currentCursor, deleteOldChanges, readChanges } from "./changes.ts";
import { recordChange, transact } from "./transaction.ts";

let library: TestLibrary;
beforeEach(async () => {
  library = await openLibrary();
});
afterEach(() => library.close());

async function appClient(): Promise<pg.Client> {
  const client = new pg.Client({ ...library.fresh.appConfig, options: "-c search_path=promptlib" });
  client.on("error", () => {});
  await client.connect();
  return client;
}

const change = (subject: string) =>
  transact(library.database, async (transaction) => recordChange(transaction, "prompt", subject, "1"));

describe("the change feed", () => {
  it("with writers of any length, some rolled back, skips nothing, tells nothing twice, and no revision goes down", async () => {
    await fc.assert(fc.asyncProperty(fc.array(writer, { minLength: 2, maxLength: 12 }), follow), {
      numRuns: 8,
      ...fuzz,
    });
  });

  const writer = fc.record({
    before: fc.integer({ min: 0, max: 30 }),
    within: fc.integer({ min: 0, max: 60 }),
    rolledBack: fc.boolean(),
    rounds: fc.integer({ min: 1, max: 4 }),
  });
  type Writer = typeof writer extends fc.Arbitrary<infer T> ? T : never;

  async function follow(writers: Writer[]): Promise<void> {
    const db = library.database.reads;
    const { rows } = await writing(
      "insert into prompts (project_id, name, type, newest) values (1, gen_random_uuid()::text, 'text', 1) returning id",
    );
    const shared = String(rows[0]?.id);
    const start = await currentCursor(db);
    const committed: string[] = [];
    let running = true;
    const read: Change[] = [];
    const reading = (async () => {
      let cursor = start;
      for (let last = false; ; ) {
        const found = await readChanges(db, cursor, 3);
        read.push(...found.changes);
        cursor = found.cursor;
        if (last && found.changes.length === 0) return;
        last = !running;
        if (found.changes.length === 0) await sleep(2);
      }
    })();
    await Promise.all(writers.map((one, index) => write(one, index, shared, committed)));
    running = false;
    await reading;
    const told = read.map(({ subject, revision }) => `${subject}@${revision}`);
    expect([...told].sort()).toEqual([...committed].sort());
    const applied: number[] = [];
    // A consumer ignores a lower revision than it knows: so it ends at the highest.
    for (const { subject, revision } of read) {
      if (subject === shared && Number(revision) > (applied.at(-1) ?? 0)) applied.push(Number(revision));
    }
    const revisions = committed.filter((one) => one.startsWith(`${shared}@`)).map((one) => Number(one.split("@")[1]));
    expect(applied.at(-1) ?? 0).toBe(Math.max(0, ...revisions));
  }

  async function writing(text: string) {
    const client = await appClient();
    try {
      return await client.query(text);
    } finally {
      await client.end();
    }
  }

  async function write(one: Writer, index: number, shared: string, committed: string[]): Promise<void> {
    const client = await appClient();
    for (let round = 0; round < one.rounds; round += 1) {
      await sleep(one.before);
      const own = `w${index}r${round}`;
      await client.query("begin");
      await client.query("insert into changes (kind, subject, revision) values ('prompt', $1, 1)", [own]);
      await sleep(one.within);
      const { rows } = await client.query(
        "update prompts set revision = revision + 1 where id = $1 returning revision",
        [shared],
      );
      const { revision } = rows[0];
      await client.query("insert into changes (kind, subject, revision) values ('prompt', $1, $2)", [shared, revision]);
      await client.query(one.rolledBack ? "rollback" : "commit");
      if (!one.rolledBack) committed.push(`${own}@1`, `${shared}@${revision}`);
    }
    await client.end();
  }

  it("waits for nobody: a reader sees what is settled while an older transaction still runs, and no writer is held up", async () => {
    const start = await currentCursor(library.database.reads);
    const slow = await appClient();
    await change("before");
    await slow.query("begin; insert into changes (kind, subject) values ('prompt', 'slow')");
    await change("after");
    const subjects = async () =>
      (await readChanges(library.database.reads, start)).changes.map(({ subject }) => subject);
    // What comes behind the running transaction is held back from readers, so that it cannot be skipped.
    expect(await subjects()).toEqual(["before"]);
    await slow.query("commit");
    expect(await subjects()).toEqual(["before", "slow", "after"]);
    await slow.end();
  });

  it("goes on from a cursor as long as its row is there", async () => {
    const db = library.database.reads;
    await change("a");
    const cursor = await currentCursor(db);
    await change("b");
    const current = await currentCursor(db);
    expect(await canContinue(db, cursor, current)).toBe(true);
    expect((await readChanges(db, cursor)).changes.map(({ subject }) => subject)).toEqual(["b"]);
    expect(await canContinue(db, { ...cursor, epoch: "another" }, current)).toBe(false);
  });

  it("does not go on from a cursor whose row is gone, because the database was put back behind our back", async () => {
    const db = library.database.reads;
    await change("a");
    await change("b");
    const cursor = await currentCursor(db);
    await library.asSuperuser("delete from changes where subject = 'b'");
    expect(await canContinue(db, cursor, await currentCursor(db))).toBe(false);
  });

  it("forgets after seven days, but never the newest change", async () => {
    const db = library.database.reads;
    for (const subject of ["a", "b", "c"]) await change(subject);
    await library.asSuperuser("update changes set at = at - interval '8 days' where subject in ('a', 'b')");
    await deleteOldChanges(library.database.writes);
    const left = async () =>
      (await readChanges(db, { epoch: "", tx: "0", seq: "-1" })).changes.map((one) => one.subject);
    expect(await left()).toEqual(["c"]);
    await library.asSuperuser("update changes set at = at - interval '8 days'");
    await deleteOldChanges(library.database.writes);
    expect(await left()).toEqual(["c"]);
  });

  it("has another epoch in a database that was made anew", async () => {
    const other = await openLibrary();
    const [here, there] = [await currentCursor(library.database.reads), await currentCursor(other.database.reads)];
    await other.close();
    expect(there.epoch).not.toBe(here.epoch);
    expect(here.epoch).not.toContain(".");
  });
});
