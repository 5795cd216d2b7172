import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACTOR, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { patchPrompt } from "./list.ts";
import { createProject } from "./projects.ts";
import { redactVersion } from "./redact.ts";
import { renamePrompt } from "./rename.ts";
import { listOrSearch, type PromptSearch } from "./search.ts";
import { trashPrompt } from "./trash.ts";

let library: TestLibrary;
const search = (asked: PromptSearch | string) =>
  listOrSearch(library.database.reads, library.project, typeof asked === "string" ? { search: asked } : asked);
const names = async (asked: PromptSearch | string) => (await search(asked)).items.map(({ name }) => name);

beforeAll(async () => {
  library = await openLibrary();
  await library.save({ name: "mail/refund", text: "Answer politely. Explain our refund policy step by step." });
  await library.save({ name: "mail/welcome", text: "Greet the new customer.", tags: ["Onboarding"] });
  await library.save({
    name: "legal/summary",
    text: "Summarize the refund clause.",
    description: "For Zoë's contracts",
  });
  await library.save({ name: "翻译", messages: [{ role: "system", content: "把下面的文字翻译成英文。" }] });
  await library.save({ name: "переводчик", text: "Переведи этот ТЕКСТ на английский." });
  await library.save({ name: "thai", text: "แปลข้อความนี้เป็นภาษาอังกฤษ" });
  await library.save({ name: "labelled", text: "The walrus says hello.", labels: ["production"] });
  await library.save({ name: "labelled", text: "The narwhal says hello." });
  await library.save({ name: "labelled", text: "The penguin says hello." });
});
afterAll(() => library.close());

describe("a search", () => {
  it.each([
    ["refund policy", ["mail/refund"]],
    ["REFUND", ["mail/refund", "legal/summary"]],
    ["refu claus", ["legal/summary"]],
    ['"step by step"', ["mail/refund"]],
    ['"by step step"', []],
    ["refund -policy", ["legal/summary"]],
    ["onboard", ["mail/welcome"]],
    ["zoe contracts", ["legal/summary"]],
    ["mail customer", ["mail/welcome"]],
    ["翻译", ["翻译"]],
    ["文字", ["翻译"]],
    ["字", ["翻译"]],
    ["текст", ["переводчик"]],
    ["ภาษา", ["thai"]],
    ["come", ["mail/welcome"]],
    ["nowhere", []],
  ])("for %j finds %j", async (asked, expected) => {
    expect((await names(asked)).sort()).toEqual(expected.toSorted());
  });

  it.each([
    ["Чай з Києва, їжа", "чаи"],
    ["Чай з Києва, їжа", "ЇЖА"],
    ["ўсё добра", "ўсё"],
    ["Öl & Straße", "strasse"],
    ["İstanbul'da çay", "istanbul"],
    ["Ὀδυσσεύς", "οδυσσευς"],
    ["كِتَابٌ جديد", "كتاب"],
    ["हिन्दी में", "हिन्दी"],
    ["한국어 번역", "한국어"],
    ["ｃａｆé", "café"],
    ["tiếng Việt", "tieng viet"],
  ])("finds what %j says when asked for %j, in all versions as in the newest", async (text, asked) => {
    await library.save({ name: "scripts", text: `${text} 123scripts` });
    for (const where of ["all", "versions"] as const) {
      const { items } = await search({ search: `${asked} 123scripts`, in: where, limit: 1 });
      expect(items).toMatchObject([{ name: "scripts" }]);
    }
  });

  it("takes the beginning of a word that is still being typed, in names, tags and descriptions", async () => {
    await library.save({ name: "Quiz/xylophone", text: "Nothing.", tags: ["Zither"], description: "Oboes" });
    for (const asked of ["q", "xy", "zi", "quiz o"]) expect(await names(asked)).toEqual(["Quiz/xylophone"]);
    expect((await search("xy")).items[0]?.match?.nameMarks).toEqual([[5, 14]]);
    expect(await names('"xy"')).toEqual([]);
    expect(await names({ search: "xy", in: "names" })).toEqual(["Quiz/xylophone"]);
    await trashPrompt(library.database, library.project, ACTOR, "Quiz/xylophone");
  });

  it("takes tags and folders as they are, whatever characters they have", async () => {
    const tag = "it's \\ 'quoted' & | !";
    await library.save({ name: "o'dd \\ & folder/x", text: "aardvark", tags: [tag] });
    expect(await names({ search: "aardvark", tag })).toHaveLength(1);
    expect(await names({ search: "aardvark", folder: "o'dd \\ & folder" })).toHaveLength(1);
    expect(await names({ search: "aardvark", tag: "it's" })).toEqual([]);
    await patchPrompt(library.database, library.project, ACTOR, "o'dd \\ & folder/x", { tags: [tag.toUpperCase()] });
    expect(await names({ search: "aardvark", tag })).toEqual([]);
  });

  it("looks at the newest version and at those with labels, and says which it was", async () => {
    expect((await search("penguin")).items[0]?.match).toMatchObject({ version: 3, labels: ["latest"] });
    expect((await search("walrus")).items[0]?.match).toMatchObject({ version: 1, labels: ["production"] });
    expect(await names("narwhal")).toEqual([]);
    expect(await names({ search: "penguin", label: "production" })).toEqual([]);
    expect(await names({ search: "walrus", label: "latest" })).toEqual([]);
    expect(await names({ search: "hello", label: "production" })).toEqual(["labelled"]);
    const { items } = await search({ search: "narwhal", in: "versions" });
    expect(items).toMatchObject([{ name: "labelled", match: { version: 2, labels: [] } }]);
  });

  it("shows the piece in which it was found, and marks it there and in the name", async () => {
    const [found] = (await search("refund")).items;
    expect(found).toMatchObject({ name: "mail/refund", match: { nameMarks: [[5, 11]] } });
    const { text = "", marks = [] } = found?.match?.snippet ?? {};
    expect(marks.map(([from, to]) => text.slice(from, to))).toEqual(["refund"]);
    expect((await search("onboarding")).items[0]?.match?.snippet).toBeNull();
    expect((await search("contracts")).items[0]?.match?.snippet?.text).toBe("For Zoë's contracts");
  });

  it("puts what is called so first, then what begins so, then what has it in its name", async () => {
    for (const name of ["zebra", "zebra crossing", "a/zebra", "other"]) await library.save({ name, text: "zebra" });
    await library.save({ name: "zebras all over", text: "zebra zebra zebra" });
    const found = await names("zebra");
    expect(found[0]).toBe("zebra");
    expect(found.slice(1, 3).sort()).toEqual(["zebra crossing", "zebras all over"]);
    expect(found.slice(3)).toEqual(["a/zebra", "other"]);
  });

  it("corrects a word that occurs nowhere, and says so", async () => {
    const { items, corrected } = await search("refudn polcy");
    expect(items.map(({ name }) => name)).toEqual(["mail/refund"]);
    expect(corrected).toEqual([
      { word: "refudn", taken: ["refund"] },
      { word: "polcy", taken: ["policy"] },
    ]);
    expect(items[0]?.match?.snippet?.marks).toHaveLength(2);
    expect(await search("refund")).not.toHaveProperty("corrected");
  });

  it("of names alone takes pieces of them, and nothing of the texts", async () => {
    expect(await names({ search: "elcom", in: "names" })).toEqual(["mail/welcome"]);
    expect(await names({ search: "politely", in: "names" })).toEqual([]);
    expect(await names({ search: "mail -welcome", in: "names" })).toEqual(["mail/refund"]);
    expect(await names({ search: "100%", in: "names" })).toEqual([]);
  });

  it("goes together with every filter and sort of the list", async () => {
    expect(await names({ search: "refund", folder: "legal" })).toEqual(["legal/summary"]);
    expect(await names({ search: "the", tag: "Onboarding" })).toEqual(["mail/welcome"]);
    expect(await names({ search: "文字", type: "text" })).toEqual([]);
    expect(await names({ search: "refund", sort: "name" })).toEqual(["legal/summary", "mail/refund"]);
    expect(await names({ search: "refund", sort: "-updated" })).toEqual(["legal/summary", "mail/refund"]);
  });

  it("finds nothing of another project, nor takes its words for a correction", async () => {
    const name = "secret";
    await createProject(library.database, ACTOR, { name, description: "" }, null);
    const { id } = await library.database.reads
      .selectFrom("projects")
      .select("id")
      .where("name", "=", name)
      .executeTakeFirstOrThrow();
    expect(await listOrSearch(library.database.reads, { id, name }, { search: "refund" })).toMatchObject({ total: 0 });
    const misspelt = await listOrSearch(library.database.reads, { id, name }, { search: "refudn" });
    expect(misspelt).toEqual({ items: [], nextCursor: null, total: 0, totalIsExact: true });
    for (const where of ["names", "versions"] as const) {
      const found = await listOrSearch(library.database.reads, { id, name }, { search: "refund", in: where });
      expect(found.items).toEqual([]);
    }
  });

  it("follows renames, and leaves out the trash and what was redacted", async () => {
    await library.save({ name: "before", text: "okapi one" });
    await library.save({ name: "before", text: "okapi two" });
    await renamePrompt(library.database, library.project, ACTOR, "before", "behind");
    expect(await names("behind okapi")).toEqual(["behind"]);
    expect(await names({ search: "before", in: "names" })).toEqual([]);
    await redactVersion(library.database, library.project, ACTOR, { name: "behind" }, 1, "a secret");
    expect((await search({ search: "okapi", in: "versions" })).items.map(({ match }) => match?.version)).toEqual([2]);
    await trashPrompt(library.database, library.project, ACTOR, "behind");
    for (const where of ["all", "names", "versions"] as const) {
      expect(await names({ search: "okapi", in: where })).toEqual([]);
    }
  });

  it("corrects to no word that only a redacted version had", async () => {
    await library.save({ name: "leak", text: "okapi hunterpassword" });
    await library.save({ name: "leak", text: "okapi" });
    const words = async () => {
      const query = library.database.reads.selectFrom("search_words").select("word").orderBy("word");
      return (await query.where("word", "in", ["okapi", "hunterpassword"]).execute()).map(({ word }) => word);
    };
    expect(await words()).toEqual(["hunterpassword", "okapi"]);
    await redactVersion(library.database, library.project, ACTOR, { name: "leak" }, 1, "a secret");
    expect(await words()).toEqual(["okapi"]);
  });

  it("refuses a cursor of another list", async () => {
    const { nextCursor } = await search({ limit: 1 });
    await expect(search({ search: "refund", cursor: nextCursor ?? "" })).rejects.toMatchObject({
      code: "invalid_request",
    });
  });
});

describe("the plan of a search", () => {
  it("is kept by the connection, for one word as for another", async () => {
    const { searches } = library.database;
    for (const asked of ["refund", "walrus", "翻译"]) {
      await listOrSearch(searches, library.project, { search: asked });
    }
    const { rows } = await sql`select from pg_prepared_statements`.execute(searches);
    expect(rows).toHaveLength(1);
  });
});

describe("a search with many results", () => {
  const MANY = 130;
  beforeAll(async () => {
    for (let at = 0; at < MANY; at += 1)
      await library.save({ name: `many/${at}`, text: `gnu ${"filler ".repeat(at % 7)}` });
  });

  async function everyPage(asked: PromptSearch): Promise<string[]> {
    const found: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await search({ ...asked, ...(cursor === undefined ? {} : { cursor }) });
      found.push(...page.items.map(({ name, match }) => `${name} ${match?.version}`));
      cursor = page.nextCursor;
    }
    return found;
  }

  it.each<PromptSearch>([
    { search: "gnu" },
    { search: "gnuu" },
    { search: "many", in: "names" },
    { search: "gnu", in: "versions" },
    { search: "gnu", sort: "-name" },
  ])("comes page by page, each prompt once: %j", async (asked) => {
    const found = await everyPage({ ...asked, limit: 17 });
    expect(found).toHaveLength(MANY);
    expect(new Set(found).size).toBe(MANY);
  });

  it("through all versions ends a page after so much text, and the next one goes on there", async () => {
    const long = "a ".repeat(499_990);
    for (let at = 0; at < 6; at += 1)
      await library.save({ name: "size", text: at % 2 ? `${at} ${long}` : `${at} tapir ${long}`, template: "none" });
    const first = await search({ search: "tapir", in: "versions", limit: 50 });
    expect(first).toMatchObject({ totalIsExact: false, nextCursor: expect.any(String) });
    const found = await everyPage({ search: "tapir", in: "versions" });
    expect(found).toEqual(["size 5", "size 3", "size 1"]);
    await trashPrompt(library.database, library.project, ACTOR, "size");
  });

  it("goes on where it was, whatever is saved meanwhile", async () => {
    const first = await search({ search: "gnu", limit: 40 });
    await library.save({ name: "many/new", text: "gnu gnu gnu" });
    const rest = await everyPage({ search: "gnu", limit: 40, cursor: first.nextCursor ?? "" });
    const all = [...first.items.map(({ name }) => name), ...rest.map((each) => each.split(" ")[0])];
    for (let at = 0; at < MANY; at += 1) expect(all.filter((name) => name === `many/${at}`)).toHaveLength(1);
  });
});
