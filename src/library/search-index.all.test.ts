import { expect, it } from "vitest";
import { openLibrary } from "../../test/support/library.ts";
import { listOrSearch } from "./search.ts";

const letters = [..."abcdefghijklmnopqrstuvwxyz0123456789"];
const triples = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => `${a}${b}${c}`)));

it.each([
  ["nothing but different words", triples.map((each, at) => `${each}${at % 7}`).join(" ")],
  ["very many different words", Array.from({ length: 150_000 }, (_, at) => at.toString(36)).join(" ")],
  ["one character again and again", "字".repeat(300_000)],
  ["a word that does not end", "x".repeat(1_000_000)],
  ["a short word again and again", "a ".repeat(500_000)],
  ["accents that go on", "e\u0301\u0301".repeat(150_000)],
])(
  "a text of the largest size is saved and found: %s",
  async (_what, text) => {
    const library = await openLibrary();
    await library.save({ name: "large", text, template: "none" });
    // Three letters, with their accents: fewer are not taken for the beginning of a word.
    const first = text.slice(0, 9).split(" ")[0] ?? "";
    const found = await listOrSearch(library.database.reads, library.project, { search: first });
    expect(found).toMatchObject({ total: 1, items: [{ name: "large" }] });
    await library.close();
  },
  60_000,
);
