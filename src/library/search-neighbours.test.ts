import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fuzz, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { parseSearch } from "../prompt/search-query.ts";
import { listOrSearch } from "./search.ts";
import { notDenied } from "./search-neighbours.ts";

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

describe("a phrase", () => {
  it("is found in every text in which its words stand side by side", async () => {
    const word = fc.constantFrom("a", "the", "Über", "straße", "日本語", "ﬁne", "x1", "แปล", "e\u0301", "mail");
    let at = 0;
    const holds = async (words: string[], from: number, length: number) => {
      const name = `t/${at++}`;
      await library.save({ name, text: words.join(" ") });
      const start = from % (words.length - 1);
      const search = `"${words.slice(start, start + length).join(" ")}"`;
      const { items } = await listOrSearch(library.database.reads, library.project, { search, limit: 1_000 });
      expect(items.map((item) => item.name)).toContain(name);
    };
    const words = fc.array(word, { minLength: 2, maxLength: 40 });
    const property = fc.asyncProperty(words, fc.nat(), fc.integer({ min: 2, max: 5 }), holds);
    await fc.assert(property, { numRuns: 60, ...fuzz });
  });

  it("is not found where they stand apart, or on both sides of where one part ends", async () => {
    await library.save({ name: "apart", text: "zebra or lion", description: "lion", tags: ["tame zebra"] });
    const find = (search: string) => listOrSearch(library.database.reads, library.project, { search });
    expect(await find('"zebra lion"')).toMatchObject({ total: 0 });
    expect(await find('"tame zebra"')).toMatchObject({ total: 1 });
    expect(await find('zebra -"zebra lion"')).toMatchObject({ total: 1 });
    expect(await find('zebra -"zebra or lion"')).toMatchObject({ total: 0 });
    expect(await find('"zebra or" -"or lion"')).toMatchObject({ total: 0 });
    expect(await find('"zebra or" -"lion or"')).toMatchObject({ total: 1 });
  });

  it("of words that most texts have is looked for in few of them", async () => {
    const text = Array.from({ length: 200 }, (_, at) => `w${at}`).join(" ");
    await library.save({ name: "numbers", text });
    let notDeniedAt = 0;
    for (let at = 0; at < 198; at += 1) {
      const query = parseSearch(`"w${at} w${at + 2}"`);
      const { rows } = await sql`select from search_documents join prompts on id = prompt_id
        where name = 'numbers' and ${notDenied(query, { open: false })}`.execute(library.database.reads);
      notDeniedAt += rows.length;
    }
    expect(notDeniedAt).toBeLessThan(15);
  });

  it("is looked for where it is not denied alone", async () => {
    await library.save({ name: "denied", text: "grey seal" });
    const find = () => listOrSearch(library.database.reads, library.project, { search: '"grey seal"' });
    expect(await find()).toMatchObject({ total: 1 });
    await library.asSuperuser(`update search_documents set neighbours = decode(repeat('00', 8), 'hex')
      where prompt_id = (select id from prompts where name = 'denied')`);
    expect(await find()).toMatchObject({ total: 0 });
  });
});
