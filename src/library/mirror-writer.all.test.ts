import { cp, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askedAgain } from "../../test/support/asked-again.ts";
import { ACTOR, cutConnections, fuzz, type TestLibrary } from "../../test/support/library.ts";
import { PATIENCE, TestMirror } from "../../test/support/mirror.ts";
import { monotonic, sleep, until } from "../base/clock.ts";
import { currentCursor } from "../database/changes.ts";
import { moveLabel, removeLabel } from "./labels.ts";
import { patchPrompt } from "./list.ts";
import { readMirrorFile } from "./mirror-file.ts";
import { writePrompts } from "./mirror-prompts.ts";
import { fetchMirrored, listMirrored } from "./mirror-reader.ts";
import type { MirrorWriter } from "./mirror-writer.ts";
import { restorePrompt, trashPrompt } from "./trash.ts";

let mirror: TestMirror;
let library: TestLibrary;
beforeEach(async () => {
  mirror = await TestMirror.open();
  library = mirror.library;
});
afterEach(async () => await mirror.close());

/** Whoever waits to write looks now, and not only in two seconds. */
function looked(waiting: MirrorWriter): MirrorWriter {
  waiting.wake();
  return waiting;
}
const trash = (name: string) => trashPrompt(library.database, library.project, ACTOR, name);

describe("the mirror", () => {
  it("has every change: saves, labels, tags, the trash and what comes back from it", async () => {
    mirror.startWriter();
    await library.save({ name: "a", text: "one", labels: ["production"] });
    await library.save({
      name: "folder/Ä b",
      messages: [{ placeholder: "history" }],
      tags: ["t"],
      config: { z: 1, a: [] },
    });
    await mirror.caughtUp();
    await mirror.expectSame();
    await library.save({ name: "a", text: "two" });
    await moveLabel(library.database, library.project, ACTOR, "a", "production", 2);
    await patchPrompt(library.database, library.project, ACTOR, "folder/Ä b", { description: "d" });
    const { id } = await trash("folder/Ä b");
    await mirror.caughtUp();
    await mirror.expectSame();
    await restorePrompt(library.database, library.project, ACTOR, id);
    await removeLabel(library.database, library.project, ACTOR, "a", "production");
    await mirror.caughtUp();
    await mirror.expectSame();
    await expect(fetchMirrored(mirror.folder, "default", "a", { label: "constructor" })).rejects.toMatchObject({
      code: "label_not_found",
    });
    expect((await stat(mirror.fileOf("a"))).mode & 0o777).toBe(0o600);
  });

  it("is the same as the database after any history", async () => {
    const names = ["a", "A", "b/c", "b", "e\u0301", "a.json", "a.json/b"];
    const step = fc.record({
      kind: fc.constantFrom("save", "save", "save", "label", "unlabel", "tags", "trash", "restore"),
      name: fc.constantFrom(...names),
      value: fc.integer({ min: 1, max: 4 }),
      label: fc.constantFrom("production", "staging"),
    });
    mirror.startWriter();
    const { database, project } = library;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        for (const { kind, name: raw, value, label } of steps) {
          const name = raw.normalize("NFC");
          const done = {
            save: () => library.save({ name, text: `text ${value}`, ...(value > 2 ? { labels: [label] } : {}) }),
            label: () => moveLabel(database, project, ACTOR, name, label, value),
            unlabel: () => removeLabel(database, project, ACTOR, name, label),
            tags: () => patchPrompt(database, project, ACTOR, name, { tags: [`t${value}`] }),
            trash: () => trash(name),
            restore: async () => {
              const [row] = await database.reads
                .selectFrom("prompts")
                .select("id")
                .where("trashed_at", "is not", null)
                .where("name", "=", name)
                .execute();
              if (row) await restorePrompt(database, project, ACTOR, row.id);
            },
          };
          await done[kind]().catch((error) => {
            if (!/not_found|already_exists/.test(error.code)) throw error;
          });
        }
        await mirror.caughtUp();
        await mirror.expectSame();
      }),
      { numRuns: 8, ...fuzz },
    );
  });

  it("knows how far it is behind while somebody writes all the time", async () => {
    const writer = mirror.startWriter();
    let over = false;
    const writing = [..."abcdefghijkl"].map(async (name) => {
      for (let count = 0; !over; count += 1) await library.save({ name, text: `${name} ${count}` });
    });
    const start = monotonic();
    await until(() => monotonic() - start > 4_000, { timeout: 20_000 });
    // What it was asked to hold a moment ago it holds, however much has come since.
    const near = await until(() => writer.age !== null && writer.age < 2_000, { timeout: 30_000 });
    over = true;
    await Promise.all(writing);
    expect(near).toBe(true);
  });

  it("keeps apart names that differ only by case or by the beginning that is left of a long one", async () => {
    const long = "x".repeat(170);
    const names = [
      "Case",
      "case",
      "CASE",
      `${long}1${"y".repeat(60)}`,
      `${long}2${"y".repeat(60)}`,
      long.slice(0, 163),
    ];
    mirror.startWriter();
    for (const name of names) await library.save({ name, text: `text of ${name}` });
    await mirror.caughtUp();
    await mirror.expectSame();
    expect(new Set((await mirror.promptFiles()).map((path) => path.toLowerCase())).size).toBe(names.length);
  });

  it("moves older versions into files of their own, each written once, and every version is still read", async () => {
    const name = "grows";
    mirror.startWriter();
    const body = (version: number) => `${version} ${"x".repeat(900_000)}`;
    const archives = async () => (await mirror.promptFiles()).filter((path) => /~\d+-\d+\.json$/.test(path));
    const written = new Map<string, number>();
    for (let version = 1; version <= 14; version += 1) {
      await library.save({ name, text: body(version) });
      if (version % 3 === 0) await mirror.caughtUp();
      for (const path of await archives()) {
        const { ino } = await stat(path);
        expect(written.get(path) ?? ino).toBe(ino);
        written.set(path, ino);
      }
    }
    await mirror.caughtUp();
    expect(written.size).toBeGreaterThanOrEqual(2);
    expect((await stat(mirror.fileOf(name))).size).toBeLessThan(4.2 * 1024 * 1024);
    await mirror.expectSame();
    await trash(name);
    await mirror.caughtUp();
    expect(await mirror.promptFiles()).toEqual([]);
  });

  it("takes a prompt with more versions than memory holds in portions", async () => {
    await library.save({ name: "huge", text: "one" });
    await library.asSuperuser(`
      insert into versions (prompt_id, version, text, variables, config, template, content_hash, author)
      select 1, v, repeat('x', case when v > 600 or v % 100 = 0 then 1000000 else 10 end) || v, '{}', '{}', 'mustache',
             sha256(v::text::bytea), 'user:x'
      from generate_series(2, 630) v`);
    await library.asSuperuser("update prompts set newest = 630");
    let largest = 0;
    const watched = library.database.reads.withPlugin({
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        largest = Math.max(largest, JSON.stringify(result.rows).length);
        return result;
      },
    });
    await writePrompts(watched, mirror.folder, ["1"]);
    expect(largest).toBeLessThan(10 * 1024 * 1024);
    for (const version of [1, 99, 100, 600, 601, 629, 630]) {
      const { text } = (await fetchMirrored(mirror.folder, "default", "huge", { version })).prompt;
      expect(text?.replace(/^[xone]*/, "")).toBe(version === 1 ? "" : String(version));
    }
  });

  it("leaves the archives of a longer name alone when a prompt is trashed whose name begins alike", async () => {
    const short = "x".repeat(163);
    const long = "x".repeat(250);
    mirror.startWriter();
    await library.save({ name: short, text: "short" });
    for (let version = 1; version <= 6; version += 1)
      await library.save({ name: long, text: `${version} ${"x".repeat(1_000_000)}` });
    await mirror.caughtUp();
    await trash(short);
    await mirror.caughtUp();
    await mirror.expectSame();
  });

  it("follows a name from one prompt to another in one batch", async () => {
    const writer = mirror.startWriter();
    await library.save({ name: "a", text: "first" });
    await mirror.caughtUp();
    writer.pause();
    for (let round = 0; round < 12; round += 1) {
      await trash("a");
      await library.save({ name: "a", text: `of round ${round}` });
    }
    writer.wake();
    await mirror.caughtUp();
    await mirror.expectSame();
  });

  it("is not disturbed by a leftover of a writer that was killed, and mends a file that was damaged", async () => {
    mirror.startWriter();
    await library.save({ name: "a", text: "one" });
    await library.save({ name: "b", text: "one" });
    await mirror.caughtUp();
    await mirror.stopWriters();
    await writeFile(`${mirror.fileOf("a")}~0123456789ab.tmp`, '{"format":1');
    await writeFile(mirror.fileOf("a"), '{"format":1,"na');
    await expect(fetchMirrored(mirror.folder, "default", "a", {})).rejects.toMatchObject({
      code: "database_unavailable",
    });
    expect(await listMirrored(mirror.folder, "default", {})).toMatchObject({
      items: [{ name: "b" }],
      totalIsExact: false,
    });
    mirror.startWriter();
    await library.save({ name: "a", text: "two" });
    await mirror.caughtUp();
    await mirror.expectSame();
  });

  it("has what was committed also while somebody else's older transaction still runs", async () => {
    mirror.startWriter();
    await library.save({ name: "a", text: "one" });
    await mirror.caughtUp();
    const slow = new pg.Client({ ...library.fresh.appConfig, options: "-c search_path=promptlib" });
    await slow.connect();
    await slow.query("begin; insert into changes (kind, subject) values ('project', '1')");
    await library.save({ name: "a", text: "two" });
    const newest = async () => (await readMirrorFile(mirror.fileOf("a")))?.newest === 2;
    expect(await until(newest, PATIENCE)).toBe(true);
    await slow.query("commit");
    await slow.end();
    await mirror.caughtUp();
    await mirror.expectSame();
  });

  it("of two writers on one folder one writes, and the other when that is gone", async () => {
    const [first, second] = [mirror.startWriter(), mirror.startWriter()];
    expect(await until(() => first.isWriter || second.isWriter, PATIENCE)).toBe(true);
    await library.save({ name: "a", text: "one" });
    await mirror.caughtUp();
    expect([first.isWriter, second.isWriter].filter((one) => one)).toHaveLength(1);
    const [writing, waiting] = first.isWriter ? [first, second] : [second, first];
    expect(await until(() => looked(waiting).unwrittenFor === 0, PATIENCE)).toBe(true);
    await writing.close();
    await library.save({ name: "a", text: "two" });
    expect(await until(() => waiting.isWriter, PATIENCE)).toBe(true);
    await mirror.caughtUp();
    await mirror.expectSame();
  });

  it("in a folder that was copied lacks what came since: nobody writes it, for want of a lock of its own", async () => {
    mirror.startWriter();
    await library.save({ name: "a", text: "one" });
    await mirror.caughtUp();
    const copy = join(mirror.root, "copy");
    await cp(mirror.folder, copy, { recursive: true });
    const waiting = mirror.startWriter(library, copy);
    await library.save({ name: "a", text: "two" });
    await mirror.caughtUp();
    expect(await until(() => looked(waiting).unwrittenFor > 500, PATIENCE)).toBe(true);
    expect(waiting.isWriter).toBe(false);
  });

  it("goes on where it stopped when its connection is cut, again and again", async () => {
    mirror.startWriter();
    for (let round = 0; round < 4; round += 1) {
      await askedAgain(() => library.save({ name: `a${round}`, text: "one" }));
      await sleep(30);
      await cutConnections(library);
      await until(async () => (await currentCursor(library.database.reads).catch(() => null)) !== null, PATIENCE);
    }
    await mirror.caughtUp();
    await mirror.expectSame();
  });
});
