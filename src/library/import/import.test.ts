import { createReadStream, existsSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACTOR, countRows, cutConnections, openLibrary, type TestLibrary } from "../../../test/support/library.ts";
import type { ImportItem, ImportPiece, ImportSummary } from "../../contract/import-shapes.ts";
import { listPrompts, listTrash } from "../list.ts";
import { renamePrompt } from "../rename.ts";
import { trashPrompt } from "../trash.ts";
import { importFiles } from "./import.ts";
import { HEADER, row } from "./testing/csv-file.ts";

let library: TestLibrary;
beforeEach(async () => {
  library = await openLibrary();
});
afterEach(() => library.close());

type Files = Record<string, string>;

async function* piecesOf(files: Files, size = 1000): AsyncGenerator<ImportPiece> {
  for (const [path, text] of Object.entries(files)) {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += size) {
      yield { path, content: bytes.subarray(at, at + size).toString("base64"), encoding: "base64" };
    }
  }
}

async function run(pieces: AsyncIterable<ImportPiece>, { dryRun = false, prune = false, source = "" } = {}) {
  const items: ImportItem[] = [];
  let summary: ImportSummary | null = null;
  for await (const line of importFiles(library.database, library.project, ACTOR, pieces, {
    format: "csv",
    dryRun,
    prune,
    ...(source ? { source } : {}),
  })) {
    if ("summary" in line) summary = line.summary;
    else items.push(line);
  }
  if (!summary) throw new Error("no summary came");
  return { items, summary, results: items.map(({ name, result }) => [name, result]) };
}

const importText = (files: Files, options = {}) => run(piecesOf(files), options);
const csv = (...rows: string[]) => HEADER + rows.join("");
const names = async () =>
  (await listPrompts(library.database.reads, library.project, { limit: 200 })).items.map(({ name }) => name);
const state = async () => [
  await countRows(library, "prompts"),
  await countRows(library, "versions"),
  await countRows(library, "changes"),
  await countRows(library, "audit_log"),
];

describe("an import", () => {
  it("succeeds when all is saved, also where the database takes no note of how many prompts there are", async () => {
    await library.asSuperuser(`create or replace function settle_statistics() returns void language plpgsql
    as $$ begin raise exception using errcode = 'query_canceled'; end $$`);
    const rows = Array.from({ length: 1_000 }, (_, at) => row(`many/${at}`, "x"));
    const { summary } = await run(piecesOf({ "many.csv": HEADER + rows.join("") }, 100_000));
    expect(summary.created).toBe(1_000);
  });

  it("makes prompts, and a second time nothing at all", async () => {
    const files = { "a.csv": csv(row("One", "text one"), row("Two", "text ${two:2}", "TRUE")) };
    const first = await importText(files);
    expect(first.results).toEqual([
      ["One", "created"],
      ["Two", "created"],
    ]);
    const before = await state();
    const second = await importText(files);
    expect(second.summary).toEqual({
      dryRun: false,
      created: 0,
      updated: 0,
      unchanged: 2,
      twin: 0,
      rejected: 0,
      missing: 0,
      pruned: 0,
    });
    expect(await state()).toEqual(before);
  });

  it("of several files that share a title has a prompt for each, and a second time nothing at all", async () => {
    const files = { "a.csv": csv(row("Tea", "one")), "b.csv": csv(row("Tea", "two")), "c.csv": csv(row("Tea", "two")) };
    const dry = await importText(files, { dryRun: true });
    const first = await importText(files);
    expect(first.results).toEqual([
      ["Tea (2)", "twin"],
      ["Tea", "created"],
      ["Tea (2)", "created"],
    ]);
    expect(dry.items).toEqual(first.items);
    expect(first.items.at(-1)).toMatchObject({
      path: "b.csv",
      notes: ['the title repeats in this import: it became "Tea (2)"'],
    });
    for (const dryRun of [true, false]) {
      const { summary } = await importText(files, { dryRun, prune: true });
      expect(summary).toMatchObject({ created: 0, updated: 0, unchanged: 2, twin: 1, pruned: 0 });
    }
    expect(await countRows(library, "versions")).toBe(2);
  });

  it("says where each item was, what became of it and why", async () => {
    const files = {
      "dir/a.csv": csv(row("A/B", "text"), row("", "no title"), row("A/B", "text"), row("A/B", "other")),
    };
    expect((await importText(files)).items).toMatchObject([
      { path: "dir/a.csv", line: 3, name: null, result: "rejected", version: null, reason: "the title is empty" },
      { line: 4, name: "A-B", result: "twin" },
      {
        line: 2,
        name: "A-B",
        result: "created",
        version: 1,
        notes: ["/ in the title became -, since / makes folders"],
      },
      { line: 5, name: "A-B (2)", result: "created", version: 1 },
    ]);
  });

  it("tried dry tells exactly what the real one does, and changes nothing", async () => {
    await importText({ "old.csv": csv(row("Same", "same"), row("Changed", "old"), row("Gone", "gone")) });
    await library.save({ name: "Chat", messages: [{ role: "user", content: "x" }] });
    await library.save({ name: "By hand", text: "by hand" });
    const many = Array.from({ length: 230 }, (_, at) => row(`Many ${at}`, `text ${at}`));
    const files = {
      "a.csv": csv(
        row("Same", "same"),
        row("Changed", "new"),
        row("Chat", "text"),
        row("By hand", "by hand"),
        row("New", "1"),
        ...many,
      ),
      // Another file has some titles again: with the same content, another, a third.
      "b.csv": csv(row("New", "2"), row("Many 3", "text 3"), row("Many 4", "otherwise"), row("Chat", "text")),
      "c.csv": csv(row("New", "2"), row("Many 4", "text 4"), row("", "rejected")),
    };
    for (const prune of [false, true]) {
      const before = await state();
      const dry = await importText(files, { dryRun: true, prune });
      expect(await state()).toEqual(before);
      const real = await importText(files, { prune });
      expect(dry.items).toEqual(real.items);
      expect(dry.summary).toEqual({ ...real.summary, dryRun: true });
    }
    const pruned = { "a.csv": csv(row("Same", "same")) };
    const dry = await importText(pruned, { dryRun: true, prune: true });
    expect(dry.items).toEqual((await importText(pruned, { prune: true })).items);
    expect(dry.summary.pruned).toBeGreaterThan(200);
  });

  it("rejects the row whose name is a chat by now, and takes the rest of its batch", async () => {
    await library.save({ name: "B", messages: [{ role: "user", content: "x" }] });
    const { results, items } = await importText({ "a.csv": csv(row("A", "a"), row("B", "b"), row("C", "c")) });
    expect(results).toEqual([
      ["A", "created"],
      ["B", "rejected"],
      ["C", "created"],
    ]);
    expect(items[1]?.reason).toContain("is a chat prompt");
  });

  it("after one of an older file makes versions of the differences alone, and reports what is missing", async () => {
    await importText({ "a.csv": csv(row("Stays", "1"), row("Changes", "1"), row("Goes", "1")) });
    const newer = { "a.csv": csv(row("Changes", "2"), row("Stays", "1"), row("Comes", "1")) };
    expect((await importText(newer)).results).toEqual([
      ["Changes", "updated"],
      ["Stays", "unchanged"],
      ["Comes", "created"],
      ["Goes", "missing"],
    ]);
    expect(await names()).toContain("Goes");
    expect((await importText(newer, { prune: true })).results.at(-1)).toEqual(["Goes", "pruned"]);
    expect(await names()).toEqual(["Changes", "Comes", "Stays"]);
    expect((await listTrash(library.database.reads, library.project, { limit: 9, cursor: null })).items).toMatchObject([
      { name: "Goes" },
    ]);
  });

  it("prunes nothing that a prompt which stays includes, by way of others or not", async () => {
    await importText({ "a.csv": csv(row("Near", "x"), row("Far", "x"), row("Gone", "x"), row("Also gone", "x")) });
    await library.save({ name: "Near", text: "{{> Far}}" });
    await library.save({ name: "Also gone", text: "{{> Gone}}" });
    await library.save({ name: "made by hand", text: "{{> Near@latest}}" });
    const { items } = await importText({ "a.csv": csv(row("New", "1")) }, { prune: true });
    expect(items.slice(-4).map(({ name, result, notes }) => [name, result, notes])).toEqual([
      ["Also gone", "pruned", []],
      ["Far", "missing", ["kept, because “Near” includes it"]],
      ["Gone", "pruned", []],
      ["Near", "missing", ["kept, because “made by hand” includes it"]],
    ]);
  });

  it("under a name of its own has nothing to do with others of its format", async () => {
    await importText({ "en.csv": csv(row("Tea", "x"), row("Cake", "x")) });
    const ru = { prune: true, source: "russian" };
    const first = await importText({ "ru.csv": csv(row("Чай", "x"), row("Торт", "x")) }, ru);
    expect(first.results).toEqual([
      ["Чай", "created"],
      ["Торт", "created"],
    ]);
    expect((await importText({ "ru.csv": csv(row("Чай", "x")) }, ru)).results).toEqual([
      ["Чай", "unchanged"],
      ["Торт", "pruned"],
    ]);
    expect((await importText({ "en.csv": csv(row("Tea", "x")) }, { prune: true })).results).toEqual([
      ["Tea", "unchanged"],
      ["Cake", "pruned"],
    ]);
    expect(await names()).toEqual(["Tea", "Чай"]);
  });

  it("of a file that cannot be read takes nothing for missing", async () => {
    await importText({ "a.csv": csv(row("One", "x")) });
    const { results, summary } = await importText({ "b.csv": "one,two,three\n" });
    expect(results).toEqual([[null, "rejected"]]);
    expect(summary).toMatchObject({ rejected: 1, missing: 0 });
  });

  it("prunes nothing that somebody made by hand", async () => {
    await library.save({ name: "By hand", text: "x" });
    await importText({ "a.csv": csv(row("A", "1")) }, { prune: true });
    expect(await names()).toEqual(["A", "By hand"]);
  });

  it.each([
    [
      "a rejected row has no name: it may be any prompt",
      csv(row("B", "1"), row("", "1")),
      "a rejected row may be this prompt",
    ],
    ["the file holds no row", HEADER, "hold no prompt at all"],
    ["there is no file", "", "hold no prompt at all"],
  ])("prunes nothing when %s", async (_, text, note) => {
    await importText({ "a.csv": csv(row("A", "1")) });
    const { items, summary } = await importText(text === "" ? {} : { "a.csv": text }, { prune: true });
    expect(summary).toMatchObject({ pruned: 0, missing: 1 });
    expect(items.find(({ result }) => result === "missing")?.notes[0]).toContain(note);
    expect(await names()).toContain("A");
  });

  it("keeps a prompt whose row is rejected now", async () => {
    await importText({ "a.csv": csv(row("A", "1"), row("B", "1")) });
    const { results } = await importText({ "a.csv": csv(row("A", " "), row("B", "1")) }, { prune: true });
    expect(results).toEqual([
      ["A", "rejected"],
      ["B", "unchanged"],
    ]);
    expect(await names()).toEqual(["A", "B"]);
  });

  it("brings back as new what is in the trash", async () => {
    const files = { "a.csv": csv(row("A", "1")) };
    await importText(files);
    await trashPrompt(library.database, library.project, ACTOR, "A");
    expect((await importText(files)).results).toEqual([["A", "created"]]);
  });

  it("beside another of the same file: both end well, and no version is made twice over", async () => {
    const rows = Array.from({ length: 150 }, (_, at) => row(`P ${at}`, `text ${at}`));
    const both = await Promise.all([
      importText({ "a.csv": csv(...rows) }),
      importText({ "a.csv": csv(...rows.toReversed()) }),
    ]);
    expect(both[0].summary.created + both[1].summary.created).toBe(150);
    expect(await countRows(library, "versions")).toBe(150);
  });

  it("goes on when its connections are cut in the middle, and the result is complete", async () => {
    const rows = Array.from({ length: 950 }, (_, at) => row(`P ${at}`, `text ${at}`));
    async function* cutting() {
      let piece = 0;
      const cuts: Promise<number>[] = [];
      for await (const one of piecesOf({ "a.csv": csv(...rows) }, 4_000)) {
        piece += 1;
        // Also while a batch is being saved: this is not waited for.
        if (piece % 2 === 0) cuts.push(cutConnections(library));
        yield one;
      }
      expect((await Promise.all(cuts)).some((count) => count > 0)).toBe(true);
    }
    const { items, summary } = await run(cutting());
    expect(items).toHaveLength(950);
    expect(summary).toMatchObject({ rejected: 0, missing: 0 });
    expect(await countRows(library, "versions")).toBe(950);
    expect((await importText({ "a.csv": csv(...rows) })).summary.unchanged).toBe(950);
  });

  it("that nobody reads to its end leaves what it committed, and stops reading its files", async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<ImportPiece> {
      try {
        yield { path: "a.csv", content: HEADER };
        for (let at = 0; ; at += 1) yield { path: "a.csv", content: row(`P ${at}`, "text") };
      } finally {
        ended = true;
      }
    }
    const lines = importFiles(library.database, library.project, ACTOR, endless(), {
      format: "csv",
      dryRun: false,
      prune: true,
    });
    for (let at = 0; at < 150; at += 1) await lines.next();
    await lines.return(undefined);
    expect(ended).toBe(true);
    expect(await countRows(library, "versions")).toBeGreaterThanOrEqual(150);
  });
});

const data = new URL("../../../../shared/data/awesome-chatgpt-prompts/", import.meta.url);

describe.skipIf(!existsSync(data))(
  "the list awesome-chatgpt-prompts (skipped where its files are not beside the clone)",
  () => {
    async function* piecesFrom(file: string): AsyncGenerator<ImportPiece> {
      for await (const bytes of createReadStream(new URL(file, data))) {
        yield { path: file, content: bytes.toString("base64"), encoding: "base64" };
      }
    }

    it("of February, then of March: exactly the differences become versions; then nothing more", async () => {
      const old = await run(piecesFrom("prompts_2026-02-22.csv"));
      expect(old.summary).toMatchObject({ updated: 0, unchanged: 0, missing: 0 });
      const dry = await run(piecesFrom("prompts_2026-03-20.csv"), { dryRun: true });
      const versions = Number(await countRows(library, "versions"));
      const march = await run(piecesFrom("prompts_2026-03-20.csv"));
      expect(march.items).toEqual(dry.items);
      expect(await countRows(library, "versions")).toBe(versions + march.summary.created + march.summary.updated);
      expect(march.summary.unchanged).toBeGreaterThan(0);
      const again = await run(piecesFrom("prompts_2026-03-20.csv"), { prune: true });
      expect(again.summary).toMatchObject({ created: 0, updated: 0, missing: 0, pruned: march.summary.missing });
    });
  },
);

describe("what the database refuses", () => {
  it("is rejected, and the rest goes through, also where it is alone in its batch", async () => {
    await library.asSuperuser(`
      create function refuse_bad() returns trigger language plpgsql as
        $$ begin if new.name = 'bad' then raise exception 'no'; end if; return new; end $$;
      create trigger refuse_bad before insert on prompts for each row execute function refuse_bad()`);
    const alone = await importText({ "a.csv": csv(row("bad", "1")) });
    const { results, items } = await importText({ "a.csv": csv(row("bad", "1"), row("good", "1")) }).finally(() =>
      library.asSuperuser("drop function refuse_bad cascade"),
    );
    expect(alone.results).toEqual([["bad", "rejected"]]);
    expect(results).toEqual([
      ["bad", "rejected"],
      ["good", "created"],
    ]);
    expect(items[0]?.reason).toBe("the database refused it");
  });
});

describe("an import of what was renamed since", () => {
  const file = csv(row("A", "one"), row("B", "two"));
  const rename = (name: string, to: string) => renamePrompt(library.database, library.project, ACTOR, name, to);

  it("goes on under the present name, says so, and prunes nothing of it", async () => {
    await importText({ "p.csv": file });
    await rename("A", "folder/A");
    for (const dryRun of [true, false]) {
      const again = await importText({ "p.csv": csv(row("A", "new"), row("B", "two")) }, { dryRun, prune: true });
      expect(again.results).toEqual([
        ["A", "updated"],
        ["B", "unchanged"],
      ]);
      expect(again.items[0]?.notes).toEqual(["saved as “folder/A”, its name by now"]);
      expect(again.summary).toMatchObject({ missing: 0, pruned: 0 });
    }
    expect(await names()).toEqual(["B", "folder/A"]);
  });

  it("refuses a row with the former name where the file has the present one, too", async () => {
    await importText({ "p.csv": file });
    await rename("A", "C");
    const { results, items } = await importText({ "p.csv": csv(row("C", "three"), row("A", "four")) });
    expect(results).toContainEqual(["A", "rejected"]);
    expect(items.find(({ name }) => name === "A")?.reason).toContain("former name of “C”");
    expect(await names()).toEqual(["B", "C"]);
  });

  it("saves nothing over what came by the former name before, however often it is imported", async () => {
    await importText({ "p.csv": file });
    await rename("A", "C");
    // So many in between that A and C are not saved together.
    const many = Array.from({ length: 100 }, (_, at) => row(`Many ${at}`, "x"));
    const files = { "a.csv": csv(row("A", "four"), ...many, row("C", "three")) };
    for (const [a, c] of [
      ["updated", "rejected"],
      ["unchanged", "rejected"],
    ]) {
      const { results, items } = await importText(files);
      expect(results.filter(([name]) => name === "A" || name === "C")).toEqual([
        ["A", a],
        ["C", c],
      ]);
      expect(items.find(({ name }) => name === "C")?.reason).toContain("by a former name, too");
    }
  });
});
