import fc from "fast-check";
import { expect, it } from "vitest";
import { beginningOf, piecesOf } from "./marks.ts";

const shown = (...given: Parameters<typeof piecesOf>) =>
  piecesOf(...given)
    .map(({ text, found }) => (found ? `[${text}]` : text))
    .join("");

it("cuts where something was found, also across the folder and the name", () => {
  expect(shown("mail/welcome", [[5, 12]])).toBe("mail/[welcome]");
  expect(shown("mail/welcome", [[2, 8]], 0, 5)).toBe("ma[il/]");
  expect(shown("mail/welcome", [[2, 8]], 5)).toBe("[wel]come");
  expect(shown("mail", [])).toBe("mail");
  expect(shown("", [[0, 3]])).toBe("");
});

it("begins a long text shortly before what was found first, at a word", () => {
  const text = "…one two three four five six seven eight nine";
  expect(text.slice(beginningOf({ text, marks: [[text.indexOf("eight"), 0]] }))).toBe("four five six seven eight nine");
  expect(beginningOf({ text, marks: [[5, 8]] })).toBe(0);
  expect(beginningOf({ text: "x".repeat(99), marks: [[50, 60]] })).toBe(50);
  expect(beginningOf({ text, marks: [] })).toBe(0);
});

it("loses and doubles nothing, whatever the marks are", () => {
  const marks = fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { maxLength: 5 });
  fc.assert(
    fc.property(fc.string({ maxLength: 25 }), marks, (text, given) => {
      expect(
        piecesOf(text, given)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(text);
    }),
  );
});
