/** The real list, two of its states, where they lie beside the repository; skipped elsewhere. */
import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nameFault } from "../../prompt/names.ts";
import { parseTemplate } from "../../prompt/template.ts";
import { type CsvItem, type CsvRow, readPromptCsv } from "./csv.ts";

const folder = join(import.meta.dirname, "../../../../shared/data/awesome-chatgpt-prompts");

async function read(file: string): Promise<{ rows: CsvRow[]; items: CsvItem[] }> {
  const rows = await Array.fromAsync(readPromptCsv(createReadStream(join(folder, file))));
  return { rows, items: rows.flatMap((row) => ("item" in row ? [row.item] : [])) };
}

describe.skipIf(!existsSync(folder))("the list awesome-chatgpt-prompts", () => {
  it.each([
    { file: "prompts_2026-03-20.csv", count: 1528, twins: 16, slashes: 22, spaces: 31, verbatim: 30 },
    { file: "prompts_2026-02-22.csv", count: 1281, twins: 0, slashes: 15, spaces: 26, verbatim: 22 },
  ])("of $file is taken whole", async ({ file, count, twins, slashes, spaces, verbatim }) => {
    const { rows, items } = await read(file);
    const noted = (start: string) => items.filter(({ notes }) => notes.some((note) => note.startsWith(start))).length;
    expect(rows).toHaveLength(count);
    expect(rows.filter((row) => "reason" in row)).toEqual([]);
    expect(rows.filter((row) => "twin" in row)).toHaveLength(twins);
    expect(noted("/ in the title")).toBe(slashes);
    expect(noted("spaces around")).toBe(spaces);
    expect(items.filter(({ template }) => template === "none")).toHaveLength(verbatim);
    expect(noted("kept as it is")).toBe(verbatim);
  });

  it("in Russian, with the names of its two columns translated, is taken whole", async () => {
    const { rows, items } = await read("prompts_ru.csv");
    expect(rows).toHaveLength(246);
    expect(rows.filter((row) => "reason" in row)).toEqual([]);
    // From row to row its second half repeats the first, with other quotes now and then.
    expect(items).toHaveLength(141);
    const header = "the first row, Запрос, подсказка, was taken for the header: the titles, the prompts";
    expect(items.map(({ notes }) => notes.includes(header)).indexOf(true)).toBe(0);
    expect(items[0]).toMatchObject({ name: "Linux Terminal", text: expect.stringMatching(/^Я хочу, .*pwd\.$/s) });
  });

  it("becomes prompts that can be saved: names and templates are in order, each name once", async () => {
    const { items } = await read("prompts_2026-03-20.csv");
    expect(new Set(items.map(({ name }) => name)).size).toBe(items.length);
    for (const { name, text, template, variables } of items) {
      expect(nameFault(name)).toBe(null);
      if (template === "none") continue;
      const parsed = parseTemplate(text);
      expect("variables" in parsed && parsed.variables).toEqual(expect.arrayContaining(Object.keys(variables)));
    }
  });

  it("gives the same items each time it is read", async () => {
    expect(await read("prompts_2026-02-22.csv")).toEqual(await read("prompts_2026-02-22.csv"));
  });
});
