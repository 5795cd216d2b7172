import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { listPrompts } from "./list.ts";
import { COUNT_LIMIT } from "./page.ts";
import { listOrSearch, type PromptSearch } from "./search.ts";
import { indexMissing } from "./search-index.ts";

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

const NEXT_ID = "nextval(pg_get_serial_sequence('promptlib.prompts', 'id'))";

/** Prompts that say and are called nearly the same, made in the database; numbered in the order in which they came. */
async function makeCrowd(folder: string, from: number, to: number, text: string, id = NEXT_ID): Promise<void> {
  await library.asSuperuser(`
    insert into prompts (id, project_id, name, type, tags, newest, updated_at) overriding system value
      select ${id}, 1, '${folder}/' || n, 'text', array['${folder}'], 1, now() - n * interval '1 minute'
      from generate_series(${from}, ${to}) n;
    insert into versions (prompt_id, version, text, variables, config, template, content_hash, author)
      select id, 1, '${text}', '{}', '{}', 'none', '', 'x' from prompts
      where name like '${folder}/%' and not exists (select from versions where prompt_id = prompts.id);
    insert into search_missing select id from prompts
      where name like '${folder}/%' and not exists (select from search_heads where prompt_id = prompts.id)`);
  await indexMissing(library.database);
}

async function everyPage(asked: PromptSearch): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await listOrSearch(library.database.searches, library.project, {
      limit: 500,
      ...asked,
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.items.map(({ name }) => name));
    cursor = page.nextCursor;
  }
  return found;
}

describe("a search that finds more than it ranks", () => {
  const MANY = COUNT_LIMIT + 500;
  beforeAll(async () => {
    await library.save({ name: "ibex, the first", text: "Something else." });
    await library.save({ name: "tagged", text: "Something else.", tags: ["Ibex"] });
    await makeCrowd("crowd", 1, MANY, "an ibex and an ox");
  });

  it("shows what is called so, then what has it in its tags, then the youngest of those that say it", async () => {
    const found = await everyPage({ search: "ibex" });
    expect(found).toHaveLength(COUNT_LIMIT);
    expect(found.slice(0, 2)).toEqual(["ibex, the first", "tagged"]);
    const youngest = Array.from({ length: COUNT_LIMIT - 2 }, (_, at) => `crowd/${MANY - at}`);
    expect(found.slice(2)).toEqual(youngest);
  });

  it("cuts the same away when rows were written anew, and lie elsewhere", async () => {
    const before = await everyPage({ search: "ibex ox" });
    await library.asSuperuser(`
      delete from search_documents using prompts where id = prompt_id and prompts.name like 'crowd/%' and id % 3 = 0;
      delete from search_heads using prompts where id = prompt_id and prompts.name like 'crowd/%' and id % 3 = 0;
      insert into search_missing select id from prompts where name like 'crowd/%' and id % 3 = 0`);
    await indexMissing(library.database);
    expect(await everyPage({ search: "ibex ox" })).toEqual(before);
  });

  it("counts exactly again as soon as it is narrowed enough", async () => {
    const { database, project } = library;
    const search = (asked: PromptSearch) => listOrSearch(database.searches, project, { limit: 3, ...asked });
    expect(await search({ search: "ibex" })).toMatchObject({ total: COUNT_LIMIT, totalIsExact: false });
    expect(await search({ search: "crow", in: "names" })).toMatchObject({ total: COUNT_LIMIT, totalIsExact: false });
    expect(await search({ search: "ibex", tag: "Ibex" })).toMatchObject({ total: 1, totalIsExact: true });
    expect(await search({ search: "ibex", folder: "crowd/1" })).toMatchObject({ total: 0, totalIsExact: true });
  });
});

describe("a library that grew for long", () => {
  it("is searched from its youngest end back to its oldest prompt", async () => {
    // As many as make every stretch that is looked through one after the other begin elsewhere.
    for (const [at, id] of [10, 3_000, 40_000, 700_000, 9_000_000].entries()) {
      await library.asSuperuser(`select setval(pg_get_serial_sequence('promptlib.prompts', 'id'), ${id + 5_000})`);
      await library.save({ name: `age ${at}`, text: "the narwhal of its time", tags: ["age"] });
    }
    const oldest = ["age 4", "age 3", "age 2", "age 1", "age 0"];
    for (const asked of [{ search: "narwhal" }, { search: "narw" }, { search: "time", tag: "age" }]) {
      expect(await everyPage(asked)).toEqual(oldest);
    }
    expect((await everyPage({ search: "age", in: "names" })).sort()).toEqual(oldest.toSorted());
    expect((await everyPage({ search: "a", folder: "", tag: "age" })).sort()).toEqual(oldest.toSorted());
  });
});

describe("a word of which the youngest prompts let expect more a little before them", () => {
  const numbered = (folder: string, count: number) =>
    Array.from({ length: count }, (_, at) => `${folder}/${count - at}`);

  it.each(["okapi", "oka"])("is found in the youngest of all: %s", async (search) => {
    const many = COUNT_LIMIT + 200;
    if (search === "okapi") await makeCrowd("often", 1, many, "an okapi", "20000000 + n * 8");
    expect(await everyPage({ search })).toEqual(numbered("often", many).slice(0, COUNT_LIMIT));
  });

  it("is found in all of them, where there are not so many", async () => {
    await makeCrowd("past", 1, 100, "a quagga", "15000000 + n");
    await makeCrowd("lately", 1, 600, "a quagga", "21000000 + n * 4");
    expect(await everyPage({ search: "quagga" })).toEqual([...numbered("lately", 600), ...numbered("past", 100)]);
  });
});

describe("a word that more say than are counted", () => {
  it("ranks the youngest of them by how often they say it, and leaves the rest in the order of their age", async () => {
    const many = COUNT_LIMIT + 500;
    await makeCrowd("herd", 1, many, "a gnu and an ox", "30000000 + n");
    for (const name of ["herd/2400", "herd/1000"]) await library.save({ name, text: "A gnu, a gnu and a gnu." });
    const youngest = Array.from({ length: COUNT_LIMIT }, (_, at) => `herd/${many - at}`);
    expect(await everyPage({ search: "gnu" })).toEqual([
      "herd/2400",
      ...youngest.filter((name) => name !== "herd/2400"),
    ]);
  });

  it("ranks all of them by it where there are no more than are counted", async () => {
    await makeCrowd("veld", 1, COUNT_LIMIT - 1, "a kudu and an ox", "31000000 + n");
    await library.save({ name: "veld/10", text: "A kudu, a kudu and a kudu." });
    expect((await everyPage({ search: "kudu" })).slice(0, 2)).toEqual(["veld/10", `veld/${COUNT_LIMIT - 1}`]);
  });
});

describe("a list of more prompts than are sorted for it", () => {
  it("is the same as one of few: in order, page by page, each once", async () => {
    await library.asSuperuser(`
      insert into prompts (project_id, name, type, tags, newest, updated_at)
        select 1, 'long/' || n % 7 || '/' || n, 'chat', array['long'], 1, now() - (n * 7919 % 10007) * interval '1 minute'
        from generate_series(1, 10100) n`);
    for (const sort of ["name", "-updated"] as const) {
      const order = sort === "name" ? 'name collate "C"' : "updated_at desc, id desc";
      const wanted = (await library.asSuperuser(
        `select name from prompts where tags @> '{long}' order by ${order}`,
      )) as { name: string }[];
      const found: string[] = [];
      for (let cursor: string | undefined; found.length < 1_000; ) {
        const filter = { tag: "long", sort, limit: 200, ...(cursor === undefined ? {} : { cursor }) };
        const page = await listPrompts(library.database.searches, library.project, filter);
        expect(page).toMatchObject({ total: COUNT_LIMIT, totalIsExact: false });
        found.push(...page.items.map(({ name }) => name));
        cursor = page.nextCursor ?? undefined;
      }
      expect(found).toEqual(wanted.slice(0, found.length).map(({ name }) => name));
    }
  });
});
