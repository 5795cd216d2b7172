import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSearch } from "./search-query.ts";
import { marksIn, snippetOf } from "./search-snippet.ts";

/** With what is marked between brackets. */
function shown(text: string, search: string): string | null {
  const snippet = snippetOf(text, parseSearch(search).wanted);
  if (!snippet) return null;
  return snippet.marks.reduceRight(
    (line, [from, to]) => `${line.slice(0, from)}[${line.slice(from, to)}]${line.slice(to)}`,
    snippet.text,
  );
}

describe("a snippet", () => {
  it("shows what was looked for, with its accents and capitals", () => {
    expect(shown("Meet me at the Café, please.", "cafe mee me")).toBe("[Meet] [me] at the [Café], please.");
    expect(shown("次の文を日本語に翻訳してください", "日本語")).toBe("次の文を[日本語]に翻訳してください");
    expect(shown("nothing of it", "other")).toBeNull();
  });

  it("of a long text begins shortly before the place that has most of the words, on one line", () => {
    const text = `one ${"x ".repeat(300)}\nthe one\tand two\n${"y ".repeat(300)}`;
    const snippet = shown(text, "one two") ?? "";
    expect(snippet).toContain("the [one] and [two] y");
    expect(snippet).toMatch(/^….*…$/);
    expect(snippet).not.toContain("\n");
    expect(snippet.length).toBeLessThan(220);
  });

  it("marks what is a word of the search, wherever the text is cut, and nothing that is not in it", () => {
    const piece = fc.constantFrom("needle", "hay ", "😀", "\n", "needles ", "日本語", "é", "x".repeat(30), " ");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 80 }), (pieces) => {
        const { wanted } = parseSearch("needle 日本");
        const text = pieces.join("");
        const snippet = snippetOf(text, wanted);
        expect(snippet === null).toBe(marksIn(text, wanted).length === 0);
        for (const [from, to] of snippet?.marks ?? []) {
          expect(snippet?.text.slice(from, to)).toMatch(/^(needle|(日本語?)+)/);
        }
        expect(snippet?.text.isWellFormed() ?? true).toBe(true);
      }),
    );
  });
});
