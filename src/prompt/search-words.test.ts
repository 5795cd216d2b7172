import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fold, wordsOf } from "./search-words.ts";

const words = (text: string) => [...wordsOf(text)].map(({ word }) => word);

describe("the words of a text", () => {
  it.each([
    ["Café CAFÉ cafe\u0301 ｃａｆｅ", ["cafe", "cafe", "cafe", "cafe"]],
    ["Straße, Łódź & Ærø", ["strasse", "lodz", "aero"]],
    ["ПЕРЕВОДЧИК ёлка", ["переводчик", "елка"]],
    ["Ὀδυσσεύς", ["οδυσσευσ"]],
    ["كِتَابٌ", ["كتاب"]],
    ["हिन्दी", ["हिन्दी"]],
    ["İstanbul", ["istanbul"]],
    ["step-by-step, user_name {{var}} GPT-4o", ["step", "by", "step", "user", "name", "var", "gpt", "4o"]],
    ["日本語", ["日本", "本語", "語"]],
    ["GPTで翻訳する", ["gpt", "で翻", "翻訳", "訳す", "する", "る"]],
    ["한국어 번역", ["한국", "국어", "어", "번역", "역"]],
    ["😀 — …", []],
    ["", []],
  ])("of %j are %j", (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it("are where they are said to be, are folded already, and hold nothing that would need a quote", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        let last = 0;
        for (const { word, start, end } of wordsOf(text)) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          expect(fold(text.slice(start, end))).toContain(word.slice(0, 1));
          expect(word).toMatch(/^[\p{L}\p{N}\p{M}]+$/u);
          last = start;
        }
        expect(last).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  it("are cut when they are very long, in whole characters", () => {
    const [found] = words("𝐀".repeat(500).normalize("NFKD") + "𓀀".repeat(100));
    expect(found?.length).toBeLessThanOrEqual(128);
    expect(found?.isWellFormed()).toBe(true);
  });
});
