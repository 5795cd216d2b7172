import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import fc from "fast-check";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/support/cluster.ts";
import { ACTOR, copyLibrary, cutConnections, fuzz, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { sleep, until } from "../base/clock.ts";
import { openLog } from "../base/log.ts";
import type { ListQuery } from "../contract/routes.ts";
import { currentCursor } from "../database/changes.ts";
import { AccessList } from "./access.ts";
import { moveLabel, removeLabel } from "./labels.ts";
import { listPrompts, patchPrompt } from "./list.ts";
import { mirrorFile, readMirrorFile } from "./mirror-file.ts";
import { fetchMirrored, listMirrored } from "./mirror-reader.ts";
import { MirrorWriter } from "./mirror-writer.ts";
import { ReadyPrompts } from "./ready.ts";
import { restorePrompt, trashPrompt } from "./trash.ts";

const PATIENCE = { timeout: 25_000, every: 20 };
let library: TestLibrary;
let root: string;
const writers: MirrorWriter[] = [];

beforeEach(async () => {
  library = await openLibrary();
  root = await temporaryDirectory();
  await mkdir(folder());
});
afterEach(async () => {
  await stopWriters();
  await library.close();
  await rm(root, { recursive: true, force: true });
});

const folder = () => join(root, "prompts");
const beyond = () => join(root, "beyond");
const fileOf = (name: string) => mirrorFile(folder(), "default", name);

function startWriter(of: TestLibrary = library): MirrorWriter {
  const writer = new MirrorWriter({
    client: of.fresh.appConfig,
    role: null,
    folder: folder(),
    beyond: beyond(),
    accessFile: join(root, "access.json"),
    access: new AccessList(),
    jwtSecret: "s".repeat(64),
    onWritten() {},
    log: openLog("warn", join(root, "log")),
  });
  writers.push(writer);
  writer.start();
  writer.wake();
  return writer;
}

async function stopWriters(): Promise<void> {
  for (const writer of writers.splice(0)) await writer.close();
}

/** Waits until the mirror's state says that it has all that the database has. */
async function caughtUp(of: TestLibrary = library): Promise<void> {
  const done = await until(async () => {
    const now = await currentCursor(of.database.reads);
    const text = await readFile(join(folder(), ".mirror.json"), "utf8").catch(() => "{}");
    const state = JSON.parse(text);
    return state.epoch === now.epoch && state.tx === now.tx && state.seq === now.seq;
  }, PATIENCE);
  expect(done).toBe(true);
}

async function allFiles(path = folder()): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
const promptFiles = async () => (await allFiles()).filter((path) => path.endsWith(".json") && !path.includes("/."));

/** Every prompt, every version and every label that the database has is in the mirror, the same, and nothing else. */
async function expectSame(of: TestLibrary = library): Promise<void> {
  const rows = await of.database.reads
    .selectFrom("prompts")
    .select(["name", "newest"])
    .where("trashed_at", "is", null)
    .execute();
  const ready = new ReadyPrompts(1e8);
  for (const { name, newest } of rows) {
    for (let version = 1; version <= newest; version += 1) {
      const { bytes } = await ready.read(of.database.reads, of.project, name, { version });
      expect(JSON.stringify(await fetchMirrored(folder(), "default", name, { version }))).toBe(bytes.toString());
    }
  }
  expect((await listMirrored(folder(), "default", {})).total).toBe(rows.length);
}

const trash = (name: string, of = library) => trashPrompt(of.database, of.project, ACTOR, name);

describe("the mirror", () => {
  it("has every change: saves, labels, tags, the trash and what comes back from it", async () => {
    startWriter();
    await library.save({ name: "a", text: "one", labels: ["production"] });
    await library.save({
      name: "folder/Ä b",
      messages: [{ placeholder: "history" }],
      tags: ["t"],
      config: { z: 1, a: [] },
    });
    await caughtUp();
    await expectSame();
    await library.save({ name: "a", text: "two" });
    await moveLabel(library.database, library.project, ACTOR, "a", "production", 2);
    await patchPrompt(library.database, library.project, ACTOR, "folder/Ä b", { description: "d" });
    const { id } = await trash("folder/Ä b");
    await caughtUp();
    await expectSame();
    await restorePrompt(library.database, library.project, ACTOR, id);
    await removeLabel(library.database, library.project, ACTOR, "a", "production");
    await caughtUp();
    await expectSame();
    await expect(fetchMirrored(folder(), "default", "a", { label: "constructor" })).rejects.toMatchObject({
      code: "label_not_found",
    });
    expect((await stat(fileOf("a"))).mode & 0o777).toBe(0o600);
  });

  it("is the same as the database after any history", async () => {
    const names = ["a", "A", "b/c", "b", "e\u0301", "a.json", "a.json/b"];
    const step = fc.record({
      kind: fc.constantFrom("save", "save", "save", "label", "unlabel", "tags", "trash", "restore"),
      name: fc.constantFrom(...names),
      value: fc.integer({ min: 1, max: 4 }),
      label: fc.constantFrom("production", "staging"),
    });
    startWriter();
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
        await caughtUp();
        await expectSame();
      }),
      { numRuns: 8, ...fuzz },
    );
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
    startWriter();
    for (const name of names) await library.save({ name, text: `text of ${name}` });
    await caughtUp();
    await expectSame();
    expect(new Set((await promptFiles()).map((path) => path.toLowerCase())).size).toBe(names.length);
  });

  it("moves older versions into files of their own, each written once, and every version is still read", async () => {
    const name = "grows";
    startWriter();
    const body = (version: number) => `${version} ${"x".repeat(900_000)}`;
    const archives = async () => (await promptFiles()).filter((path) => /~\d+-\d+\.json$/.test(path));
    const written = new Map<string, number>();
    for (let version = 1; version <= 14; version += 1) {
      await library.save({ name, text: body(version) });
      if (version % 3 === 0) await caughtUp();
      for (const path of await archives()) {
        const { ino } = await stat(path);
        expect(written.get(path) ?? ino).toBe(ino);
        written.set(path, ino);
      }
    }
    await caughtUp();
    expect(written.size).toBeGreaterThanOrEqual(2);
    expect((await stat(fileOf(name))).size).toBeLessThan(4.2 * 1024 * 1024);
    await expectSame();
    // The archives of another prompt, whose shortened name begins alike, stay when this one goes.
    await trash(name);
    await caughtUp();
    expect(await promptFiles()).toEqual([]);
  });

  it("leaves the archives of a longer name alone when a prompt is trashed whose name begins alike", async () => {
    const short = "x".repeat(163);
    const long = "x".repeat(250);
    startWriter();
    await library.save({ name: short, text: "short" });
    for (let version = 1; version <= 6; version += 1)
      await library.save({ name: long, text: `${version} ${"x".repeat(1_000_000)}` });
    await caughtUp();
    await trash(short);
    await caughtUp();
    await expectSame();
  });

  it("follows a name from one prompt to another in one batch", async () => {
    const writer = startWriter();
    await library.save({ name: "a", text: "first" });
    await caughtUp();
    writer.pause();
    for (let round = 0; round < 12; round += 1) {
      await trash("a");
      await library.save({ name: "a", text: `of round ${round}` });
    }
    writer.wake();
    await caughtUp();
    await expectSame();
  });

  it("is not disturbed by a leftover of a writer that was killed, and mends a file that was damaged", async () => {
    startWriter();
    await library.save({ name: "a", text: "one" });
    await library.save({ name: "b", text: "one" });
    await caughtUp();
    await stopWriters();
    await writeFile(`${fileOf("a")}~0123456789ab.tmp`, '{"format":1');
    await writeFile(fileOf("a"), '{"format":1,"na');
    await expect(fetchMirrored(folder(), "default", "a", {})).rejects.toMatchObject({ code: "database_unavailable" });
    expect(await listMirrored(folder(), "default", {})).toMatchObject({ items: [{ name: "b" }], totalIsExact: false });
    startWriter();
    await library.save({ name: "a", text: "two" });
    await caughtUp();
    await expectSame();
  });

  it("has what was committed also while somebody else's older transaction still runs", async () => {
    startWriter();
    await library.save({ name: "a", text: "one" });
    await caughtUp();
    const slow = new pg.Client({ ...library.fresh.appConfig, options: "-c search_path=promptlib" });
    await slow.connect();
    await slow.query("begin; insert into changes (kind, subject) values ('project', '1')");
    await library.save({ name: "a", text: "two" });
    const newest = async () => (await readMirrorFile(fileOf("a")))?.newest === 2;
    expect(await until(newest, PATIENCE)).toBe(true);
    await slow.query("commit");
    await slow.end();
    await caughtUp();
    await expectSame();
  });

  it("of two writers on one folder one writes, and the other when that is gone", async () => {
    const [first, second] = [startWriter(), startWriter()];
    expect(await until(() => first.isWriter || second.isWriter, PATIENCE)).toBe(true);
    await library.save({ name: "a", text: "one" });
    await caughtUp();
    expect([first.isWriter, second.isWriter].filter((one) => one)).toHaveLength(1);
    const [writing, waiting] = first.isWriter ? [first, second] : [second, first];
    await writing.close();
    await library.save({ name: "a", text: "two" });
    expect(await until(() => waiting.isWriter, PATIENCE)).toBe(true);
    await caughtUp();
    await expectSame();
  });

  it("goes on where it stopped when its connection is cut, again and again", async () => {
    startWriter();
    for (let round = 0; round < 4; round += 1) {
      await library.save({ name: `a${round}`, text: "one" });
      await sleep(30);
      await cutConnections(library);
      await until(async () => (await currentCursor(library.database.reads).catch(() => null)) !== null, PATIENCE);
    }
    await caughtUp();
    await expectSame();
  });
});

describe("a database that was put back to an earlier time", () => {
  const copies: TestLibrary[] = [];
  async function copy(): Promise<TestLibrary> {
    const made = await copyLibrary(library);
    copies.push(made);
    return made;
  }
  afterEach(async () => {
    await stopWriters();
    for (const one of copies.splice(0)) await one.close();
  });

  const aside = async () => {
    const paths = await allFiles(beyond()).catch(() => []);
    return Promise.all(paths.map(async (path) => JSON.parse(await readFile(path, "utf8"))));
  };

  it("loses nothing that the mirror knows: it is moved aside, the mirror shows the database", async () => {
    startWriter();
    await library.save({ name: "kept", text: "one", labels: ["production"] });
    await library.save({ name: "grew", text: "one" });
    await library.save({ name: "labelled", text: "one" });
    await library.save({ name: "replaced", text: "one" });
    await library.save({ name: "trashed later", text: "one" });
    await caughtUp();
    await stopWriters();
    const earlier = await copy();
    startWriter();
    await library.save({ name: "grew", text: "two, lost" });
    await library.save({ name: "only here", text: "lost" });
    await moveLabel(library.database, library.project, ACTOR, "labelled", "production", 1);
    await library.save({ name: "replaced", text: "two, lost" });
    await caughtUp();
    await stopWriters();
    // As many versions and more changes than were lost, by another way.
    await earlier.save({ name: "replaced", text: "two, otherwise" });
    await earlier.save({ name: "replaced", text: "three" });
    await patchPrompt(earlier.database, earlier.project, ACTOR, "labelled", { tags: ["x"] });
    await patchPrompt(earlier.database, earlier.project, ACTOR, "labelled", { tags: ["y"] });
    await trash("trashed later", earlier);
    startWriter(earlier);
    await caughtUp(earlier);
    await expectSame(earlier);
    const kept = await aside();
    expect(kept.map(({ name }) => name).sort()).toEqual(["grew", "labelled", "only here", "replaced"]);
    expect(kept.find(({ name }) => name === "grew").versions.map(({ text }: { text: string }) => text)).toEqual([
      "one",
      "two, lost",
    ]);
    expect(kept.find(({ name }) => name === "labelled").labels).toEqual({ production: 1 });
  });

  it("that has all that the mirror has moves nothing aside, also when the mirror was behind", async () => {
    startWriter();
    await library.save({ name: "a", text: "one", labels: ["production"] });
    await library.save({ name: "gone", text: "one" });
    await caughtUp();
    await stopWriters();
    await library.save({ name: "a", text: "two", labels: ["production"] });
    await trash("gone");
    const later = await copy();
    startWriter(later);
    await caughtUp(later);
    await expectSame(later);
    expect(await aside()).toEqual([]);
  });

  it("and a mirror that was damaged or lost its place meanwhile: compared, mended, nothing thrown away", async () => {
    startWriter();
    for (const name of ["a", "b", "c"]) await library.save({ name, text: "one" });
    await caughtUp();
    await stopWriters();
    await writeFile(fileOf("a"), "half a fi");
    await rm(fileOf("b"));
    await rm(join(folder(), ".mirror.json"));
    startWriter();
    await caughtUp();
    await expectSame();
    expect(await Promise.all((await allFiles(beyond())).map((path) => readFile(path, "utf8")))).toEqual(["half a fi"]);
  });

  it("compares all when the changes since it stopped are not kept any more", async () => {
    startWriter();
    await library.save({ name: "a", text: "one" });
    await caughtUp();
    await stopWriters();
    await library.save({ name: "a", text: "two" });
    await library.save({ name: "b", text: "one" });
    await library.asSuperuser("delete from changes where seq < (select max(seq) from changes)");
    startWriter();
    await caughtUp();
    await expectSame();
    expect(await aside()).toEqual([]);
  });

  it("moves aside also to another file system", async ({ skip }) => {
    const shared = "/dev/shm";
    const devices = await Promise.all([stat(root), stat(shared).catch(() => null)]);
    if (!devices[1] || devices[0].dev === devices[1].dev) skip("there is no second file system here");
    const elsewhere = join(shared, `promptlib-${createHash("sha256").update(root).digest("hex").slice(0, 12)}`);
    const { moveMirrorFile } = await import("./mirror-file.ts");
    startWriter();
    await library.save({ name: "a", text: "one" });
    await caughtUp();
    await stopWriters();
    try {
      const target = join(elsewhere, "default", "a.json");
      await mkdir(dirname(target), { recursive: true });
      await moveMirrorFile(fileOf("a"), target);
      expect(await readMirrorFile(target)).toMatchObject({ name: "a" });
      expect(await promptFiles()).toEqual([]);
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });
});

describe("the list without the database", () => {
  it("is the database's list, for any filter and sort, page by page, also from one to the other", async () => {
    startWriter();
    const tags = ["red", "blue"];
    for (let at = 0; at < 24; at += 1) {
      const name = `${["", "dir/", "dir/sub/", "Dir/"][at % 4]}${["z", "é", "A", "😀", "\ufffd", "_"][at % 6]}${at}`;
      const content = at % 3 === 0 ? { messages: [{ role: "user" as const, content: "x" }] } : { text: "x" };
      await library.save({
        name,
        ...content,
        tags: tags.slice(0, at % 3),
        ...(at % 2 ? { labels: ["production"] } : {}),
      });
    }
    await library.asSuperuser("update prompts set updated_at = '2026-01-01Z' where id % 3 = 0");
    // Rows that are touched behind the feed's back are not in the mirror: say so as a change does.
    await library.asSuperuser("update prompts set revision = revision + 1");
    await library.asSuperuser(
      "insert into changes (kind, subject, revision) select 'prompt', id::text, revision from prompts",
    );
    await caughtUp();
    const filter = fc.record(
      {
        folder: fc.constantFrom("dir", "dir/sub", "Dir", "nothing"),
        tag: fc.constantFrom(...tags, "green"),
        label: fc.constantFrom("production", "latest", "staging"),
        type: fc.constantFrom("text" as const, "chat" as const),
        sort: fc.constantFrom("name" as const, "-name" as const, "updated" as const, "-updated" as const),
        limit: fc.integer({ min: 1, max: 30 }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(filter, async (given) => {
        let cursor: string | undefined;
        do {
          const asked: Omit<ListQuery, "project"> = { ...given, ...(cursor ? { cursor } : {}) };
          const expected = await listPrompts(library.database.reads, library.project, asked);
          expect(await listMirrored(folder(), "default", asked)).toEqual(expected);
          cursor = expected.nextCursor ?? undefined;
        } while (cursor);
      }),
      { numRuns: 40, ...fuzz },
    );
  });
});
