import { expect, it } from "vitest";
import { countWords } from "./word-count.ts";

it.each([
  ["", 0],
  ["Dear {{name}},\nthanks – it's state-of-the-art.", 5],
  ["Übergrößen für alle", 3],
  ["Hello 世界, again", 3],
])("“%s” has %i words", (text, words) => {
  expect(countWords(text)).toEqual({ words, isExact: true });
});

it.each(["敏捷的棕色狐狸跳过了懒狗。", "素早い茶色の狐はのろまな犬を飛び越えた。", "สวัสดีชาวโลกเรากำลังเขียน"])(
  "“%s” is more than one word, and has less words than characters",
  (text) => {
    const { words, isExact } = countWords(text);
    expect(words).toBeGreaterThan(2);
    expect(words).toBeLessThan(text.length);
    expect(isExact).toBe(true);
  },
);

it("of a large text in such a script it says about how many", () => {
  const line = "敏捷的棕色狐狸跳过了懒狗。我们要写一个提示库。\n";
  const { words, isExact } = countWords(line.repeat(3_000));
  expect(isExact).toBe(false);
  expect(words / (countWords(line).words * 3_000)).toBeCloseTo(1, 1);
});
