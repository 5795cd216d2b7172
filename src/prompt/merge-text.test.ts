import fc from "fast-check";
import { expect, it } from "vitest";
import { type MergePiece, mergeTexts } from "./merge-text.ts";

const taking = (pieces: MergePiece[], side: "mine" | "theirs") =>
  pieces.map((piece) => (piece.by === "both" ? piece[side] : piece.text)).join("");
const text = fc.array(fc.constantFrom("a\n", "b\n", "c\n", "d\n", "\n")).map((lines) => lines.join(""));

it("what each changed elsewhere is taken from both", () => {
  expect(mergeTexts("one\ntwo\nthree\n", "one\ntwo!\nthree\n", "zero\none\ntwo\nthree\n")).toEqual([
    { by: "theirs", text: "zero\n" },
    { by: null, text: "one\n" },
    { by: "mine", text: "two!\n" },
    { by: null, text: "three\n" },
  ]);
});

it("where both changed the same lines, both are told; the same change is none to choose", () => {
  expect(mergeTexts("one\ntwo\n", "one\nmine\n", "one\ntheirs\n")).toEqual([
    { by: null, text: "one\n" },
    { by: "both", base: "two\n", mine: "mine\n", theirs: "theirs\n" },
  ]);
  expect(mergeTexts("one\n", "two\n", "two\n")).toEqual([{ by: null, text: "two\n" }]);
  expect(mergeTexts("a\n", "a\nmine\n", "a\ntheirs\n").at(-1)).toEqual({
    by: "both",
    base: "",
    mine: "mine\n",
    theirs: "theirs\n",
  });
});

it("nothing that either wrote is lost: with one side unchanged the other is the answer, whatever was chosen", () => {
  fc.assert(
    fc.property(text, text, text, (base, mine, theirs) => {
      expect(taking(mergeTexts(base, mine, base), "theirs")).toBe(mine);
      expect(taking(mergeTexts(base, base, theirs), "mine")).toBe(theirs);
      expect(taking(mergeTexts(base, mine, mine), "theirs")).toBe(mine);
      const pieces = mergeTexts(base, mine, theirs);
      const isClean = pieces.every(({ by }) => by === null || by === "mine");
      if (isClean) expect(taking(pieces, "mine")).toBe(mine);
    }),
  );
});
