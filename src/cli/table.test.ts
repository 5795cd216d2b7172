import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Column, cut, displayWidth, layTable } from "./table.ts";

type Row = [string, string, string];
const columns: Column<Row>[] = [
  { title: "NAME", cell: ([name]) => name },
  { title: "VERSION", cell: ([, version]) => version, right: true, whole: true },
  { title: "TAGS", cell: ([, , tags]) => tags },
];

describe("a table", () => {
  it("aligns its columns, numbers to the right, and ends lines without spaces", () => {
    const rows: Row[] = [
      ["greeting", "3", "mail, short"],
      ["a", "12", ""],
    ];
    expect(layTable(columns, rows, null)).toEqual([
      "NAME      VERSION  TAGS", //
      "greeting        3  mail, short",
      "a              12",
    ]);
  });

  it("aligns Chinese, emoji and combining accents by the cells they take", () => {
    const rows: Row[] = [
      ["翻译", "1", "x"],
      ["🚀 go", "1", "x"],
      ["e\u0301te\u0301", "1", "x"],
    ];
    const columnOfTags = layTable(columns, rows, null).map((line) => displayWidth(line.slice(0, -1)));
    expect(new Set(columnOfTags.slice(1)).size).toBe(1);
  });

  it("that is too wide cuts its widest columns, never one that is to stay whole", () => {
    const rows: Row[] = [["n".repeat(60), "1234567", "t".repeat(30)]];
    const [, line = ""] = layTable(columns, rows, 50);
    expect(displayWidth(line)).toBe(50);
    expect(line).toContain("1234567");
    expect(line.match(/…/g)).toHaveLength(2);
  });

  it("is as wide as it has to be on a terminal that is too narrow for anything", () => {
    const [, line = ""] = layTable(columns, [["n".repeat(60), "1", "t".repeat(60)]], 5);
    expect(line).toBe("nnnnnnn…        1  ttttttt…");
  });

  it("shows text from the library on one line, without what steers a terminal", () => {
    const [, line = ""] = layTable(columns, [["a\u001b[31mred\u001b[0m", "1", "x\ny\u0007"]], null);
    expect(line).toBe("ared        1  x y");
  });

  it("fits whatever it holds, where its columns may be cut that far", () => {
    const cell = fc.string({ unit: "grapheme", maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, fc.constant("1"), cell)),
        fc.integer({ min: 30, max: 120 }),
        (rows, width) => {
          for (const line of layTable(columns, rows, width)) expect(displayWidth(line)).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
});

describe("a text cut to a width", () => {
  it("stays as it is when it fits, and does not split what is drawn as one", () => {
    expect(cut("abc", 3)).toBe("abc");
    expect(cut("abcd", 3)).toBe("ab…");
    expect(cut("翻译器", 4)).toBe("翻…");
    expect(cut("👩‍👩‍👧‍👦 family", 3)).toBe("👩‍👩‍👧‍👦…");
  });

  it.each([
    ["ascii", 5],
    ["日本語", 6],
    ["ｶﾅ", 2],
    ["한국어", 6],
    ["Ｗ", 2],
    ["e\u0301", 1],
    ["🇩🇪", 2],
    ["❤️", 2],
    ["a\u200bb", 2],
    ["", 0],
  ])("%s takes %i cells", (text, cells) => {
    expect(displayWidth(text)).toBe(cells);
  });
});
