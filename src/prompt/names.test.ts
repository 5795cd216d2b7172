import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PromptlibError } from "../contract/errors.ts";
import { folderOf, nameFault, normalizeName } from "./names.ts";

describe("a name", () => {
  it("keeps its case, and is composed to NFC", () => {
    expect(normalizeName("Team/Caf\u0065\u0301")).toBe("Team/Caf\u00e9");
  });

  it.each([
    ["", "is empty"],
    ["a//b", "has an empty part: a / at an end, or two in a row"],
    ["/a", "has an empty part: a / at an end, or two in a row"],
    ["a/", "has an empty part: a / at an end, or two in a row"],
    ["a/../b", 'has the part "..", which means a folder elsewhere'],
    [".", 'has the part ".", which means a folder elsewhere'],
    [" a", "begins or ends with a space"],
    ["a\u00a0", "begins or ends with a space"],
    ["a\nb", "holds a control character"],
    ["a\u0000b", "holds a control character"],
    ["a\u0085b", "holds a control character"],
    ["a\ud800b", "holds half a surrogate pair"],
    ["é".repeat(128), "is 256 bytes long; at most 255 are allowed"],
  ])("%j is refused: it %s", (name, fault) => {
    expect(nameFault(name)).toBe(fault);
    const message = `The name ${fault}.`;
    const refusal = new PromptlibError("invalid_request", { message, details: [{ path: "name", message }] });
    expect(() => normalizeName(name)).toThrow(refusal);
  });

  it.each(["a", "...", ".a", "a b", "a/b/c", "日本語", "😀", "é".repeat(127), "x".repeat(255)])(
    "%j is taken",
    (name) => {
      expect(normalizeName(name)).toBe(name);
    },
  );

  it("is measured after it was composed", () => {
    expect(normalizeName("e\u0301".repeat(127))).toBe("é".repeat(127));
  });

  it("that was normalized is normal", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (raw) => {
        if (nameFault(raw.normalize("NFC")) === null)
          expect(normalizeName(normalizeName(raw))).toBe(normalizeName(raw));
      }),
    );
  });

  it("lies in the folder before its last slash", () => {
    expect([folderOf("a/b/c"), folderOf("a/b"), folderOf("a")]).toEqual(["a/b", "a", ""]);
  });
});
