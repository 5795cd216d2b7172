import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exported, fill, putBack } from "../../test/support/exports.ts";
import { ACTOR, fuzz, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { importFiles } from "./import/import.ts";
import { promoteLabel } from "./label-promotion.ts";
import { undoLabel } from "./label-undo.ts";
import { moveLabel, removeLabel } from "./labels.ts";
import { listTrash, patchPrompt } from "./list.ts";
import { duplicatePrompt, renamePrompt } from "./rename.ts";
import { listOrSearch } from "./search.ts";
import { indexMissing } from "./search-index.ts";
import { restorePrompt, trashPrompt } from "./trash.ts";

let library: TestLibrary;
beforeEach(async () => {
  library = await openLibrary();
});
afterEach(() => library.close());

const DOCUMENTS = `select prompts.name, version, d.labels, d.words::text as words, neighbours, head from search_documents d
  join prompts on prompts.id = d.prompt_id left join search_heads h on h.prompt_id = d.prompt_id
  order by d.prompt_id, version`;
const HEADS = "select * from search_heads order by prompt_id";

/** What is indexed, and what would be if all of it were made anew. */
async function indexedAndAnew({ asSuperuser, database }: TestLibrary) {
  const read = async () => [await asSuperuser(DOCUMENTS), await asSuperuser(HEADS)];
  const indexed = await read();
  await asSuperuser(`delete from search_documents; delete from search_heads;
    insert into search_missing select id from prompts where trashed_at is null`);
  await indexMissing(database);
  return { indexed, anew: await read() };
}

async function expectInStep(of: TestLibrary): Promise<void> {
  const { indexed, anew } = await indexedAndAnew(of);
  expect(indexed).toEqual(anew);
  const wanted = await of.asSuperuser(`select name, version from (
      select id, newest as version from prompts where trashed_at is null
      union select prompt_id, version from labels join prompts on id = prompt_id where trashed_at is null) s(id, version)
    join prompts using (id) order by id, version`);
  expect(indexed[0]).toMatchObject(wanted);
  expect(indexed[0]).toHaveLength(wanted.length);
}

describe("what is searched", () => {
  it("is in step after everything that can happen to a prompt", async () => {
    const { database, project, save } = library;
    await fill(library);
    await expectInStep(library);
    for (const text of ["one", "two", "three"]) await save({ name: "p", text });
    await moveLabel(database, project, ACTOR, "p", "staging", 1);
    await moveLabel(database, project, ACTOR, "p", "canary", 2);
    await promoteLabel(database, project, ACTOR, "live", { from: "staging", names: ["p"] });
    await moveLabel(database, project, ACTOR, "p", "staging", 2);
    await undoLabel(database, project, ACTOR, "p", "staging", undefined);
    await removeLabel(database, project, ACTOR, "p", "canary");
    await expectInStep(library);
    await patchPrompt(database, project, ACTOR, "p", { tags: ["Red"], description: "Über" });
    await duplicatePrompt(database, project, ACTOR, "p", { to: "q", version: 2 });
    await renamePrompt(database, project, ACTOR, "q", "r/q");
    await trashPrompt(database, project, ACTOR, "p");
    await expectInStep(library);
    const { items } = await listTrash(database.reads, project, { limit: 1, cursor: null });
    await restorePrompt(database, project, ACTOR, items[0]?.id ?? "");
    await expectInStep(library);
  });

  it("is in step after an import, its pruning, and an export that is put back; a dry run changes nothing", async () => {
    const { database, project } = library;
    const bring = async (content: string, dryRun = false) => {
      const pieces = (async function* () {
        yield { path: "a.csv", content };
      })();
      const options = { format: "csv", dryRun, prune: true } as const;
      for await (const _ of importFiles(database, project, ACTOR, pieces, options));
    };
    await bring("act,prompt,for_devs,type\nOne,first words,FALSE,TEXT\nTwo,second words,TRUE,TEXT\n");
    await expectInStep(library);
    const before = await library.asSuperuser(DOCUMENTS);
    await bring("act,prompt,for_devs,type\nTwo,other words,TRUE,TEXT\n", true);
    expect(await library.asSuperuser(DOCUMENTS)).toEqual(before);
    await bring("act,prompt,for_devs,type\nTwo,other words,TRUE,TEXT\n");
    expect(await library.asSuperuser(DOCUMENTS)).toHaveLength(1);
    await expectInStep(library);
    await fill(library);
    const into = await openLibrary();
    await putBack(into, await exported(library));
    await expectInStep(into);
    await into.close();
  });

  it("is in step when two change one prompt at once", async () => {
    const { database, project, save } = library;
    await save({ name: "p", text: "zero" });
    await Promise.all(
      Array.from({ length: 12 }, async (_, at) => {
        if (at % 3 === 0) await moveLabel(database, project, ACTOR, "p", "staging", 1);
        else if (at % 3 === 1) await patchPrompt(database, project, ACTOR, "p", { description: `at ${at}` });
        else await save({ name: at % 2 ? "p" : `new ${at}`, text: `the same new words, ${at}` });
      }),
    );
    await expectInStep(library);
  });

  it("never keeps a text from being saved, whatever it holds", async () => {
    let at = 0;
    const text = fc.string({ unit: "binary", maxLength: 300 });
    const storable = text.filter((each) => !each.includes("\u0000") && each.isWellFormed());
    const save = async (content: string) => {
      at += 1;
      await library.save({ name: `t/${at}`, text: content, template: "none", description: content });
    };
    await fc.assert(fc.asyncProperty(storable, save), { numRuns: 25, ...fuzz });
  });
});

describe("a library from before words had neighbours", () => {
  it("finds its phrases, and gets them by itself", async () => {
    const { database, save } = library;
    await save({ name: "old", text: "a woolly mammoth", labels: ["live"] });
    await save({ name: "old", text: "the mammoth is woolly" });
    await library.asSuperuser(`update search_documents set neighbours = null;
      insert into search_missing select id from prompts`);
    const unknown = () => library.asSuperuser("select version from search_documents where neighbours is null");
    const find = async () => listOrSearch(database.reads, library.project, { search: '"woolly mammoth"' });
    expect(await unknown()).toHaveLength(2);
    expect(await find()).toMatchObject({ total: 1, items: [{ match: { version: 1 } }] });
    await indexMissing(database);
    expect(await unknown()).toEqual([]);
    expect(await find()).toMatchObject({ total: 1, items: [{ match: { version: 1 } }] });
    await expectInStep(library);
  });
});

describe("a library from before there was search", () => {
  it("becomes searchable, prompt by prompt, while others write", async () => {
    const { database, project, save } = library;
    for (let at = 0; at < 120; at += 1) await save({ name: `old/${at}`, text: `mammoth ${at}` });
    await library.asSuperuser(`truncate search_documents, search_heads, search_words;
      insert into search_missing select id from prompts`);
    const find = async () => (await listOrSearch(database.reads, project, { search: "mammoth" })).total;
    expect(await find()).toBe(0);
    const [, indexed] = await Promise.all([save({ name: "old/7", text: "mammoth anew" }), indexMissing(database)]);
    expect(indexed).toBe(120);
    expect(await find()).toBe(120);
    expect(await indexMissing(database)).toBe(0);
    // The server may not ANALYZE by itself, but may have it done.
    const known =
      "select reltuples::int from pg_class where relname in ('search_documents', 'search_heads', 'prompts')";
    expect(await library.asSuperuser(known)).toEqual(Array(3).fill({ reltuples: 120 }));
    await expectInStep(library);
  });

  it("with long texts is made so a few of them at a time", async () => {
    const { database, project, save } = library;
    for (let at = 0; at < 6; at += 1) {
      await save({ name: `long/${at}`, text: `mammoth${at} ${"a ".repeat(500_000)}`, template: "none" });
      await save({
        name: "long",
        text: `bear${at} ${"a ".repeat(500_000)}`,
        template: "none",
        labels: [`label-${at}`],
      });
    }
    await library.asSuperuser(`truncate search_documents, search_heads, search_words;
      insert into search_missing select id from prompts`);
    expect(await indexMissing(database)).toBe(7);
    const transactions = "select count(distinct xmin::text)::int as count from search_heads";
    expect(await library.asSuperuser(transactions)).toEqual([{ count: 3 }]);
    const statements = `select count(distinct cmin::text)::int as count from search_documents
      where prompt_id = (select id from prompts where name = 'long')`;
    expect(await library.asSuperuser(statements)).toEqual([{ count: 3 }]);
    for (const search of ["mammoth5", "bear5"]) {
      expect(await listOrSearch(database.reads, project, { search })).toMatchObject({ total: 1 });
    }
    await expectInStep(library);
  });
});
