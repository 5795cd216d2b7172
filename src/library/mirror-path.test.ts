import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nameFault } from "../prompt/names.ts";
import { mirrorPath } from "./mirror-path.ts";

/** Names as people and enemies choose them: many that differ in little. */
const segment = fc.oneof(
  fc.string({
    unit: fc.constantFrom("a", "A", ".", "json", ".json", "~", "%", "2", "e", "E", "-", "é", " ", "\\", ":"),
  }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc
    .tuple(fc.constantFrom("x", "É", "日"), fc.integer({ min: 20, max: 255 }))
    .map(([unit, count]) => unit.repeat(count)),
);
const name = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .map((segments) => segments.join("/").normalize("NFC"))
  .filter((candidate) => nameFault(candidate) === null);

describe("the path of a prompt in the mirror", () => {
  it.each([
    ["greeting", "greeting.json"],
    ["Team/Greeting 1", "%54eam/%47reeting%201.json"],
    ["é", "%C3%A9.json"],
    ["a~1-200", "a%7E1-200.json"],
    [".hidden/.x", "%2Ehidden/%2Ex.json"],
    ["...", "%2E...json"],
    ["a.json", "a.json.json"],
    ["a.json/b", "a%2Ejson/b.json"],
    [".json/b", "%2Ejson/b.json"],
    ["C:\\x", "%43%3A%5Cx.json"],
  ])("of %j is %s", (given, path) => {
    expect(mirrorPath(given)).toBe(path);
  });

  it("is shortened to a prefix and a hash where a part is too long", () => {
    const [short, long] = ["x".repeat(180), "x".repeat(181)].map(mirrorPath);
    expect(short).toBe(`${"x".repeat(180)}.json`);
    expect(long).toMatch(/^x{163}~[0-9a-f]{16}\.json$/);
    expect(mirrorPath(`${"É".repeat(60)}/a`)).toMatch(/^(%C3%89){27}~[0-9a-f]{16}\/a\.json$/);
  });

  it("differs between any two names, also where case is ignored", () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 30 }), (names) => {
        const paths = new Set(names.map((each) => mirrorPath(each).toLowerCase()));
        expect(paths.size).toBe(names.length);
      }),
    );
  });

  it("of one prompt is never the folder of another, nor of its older versions", () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 2, maxLength: 30 }), (names) => {
        const files = new Set(names.map((each) => mirrorPath(each).toLowerCase()));
        for (const file of files) {
          const parts = file.split("/").slice(0, -1);
          for (const depth of parts.keys()) {
            const folder = parts.slice(0, depth + 1).join("/");
            expect(files.has(folder)).toBe(false);
            expect(folder).not.toMatch(/\.(json|tmp)$/);
          }
        }
      }),
    );
  });

  it("stays below the folder, and leaves room for suffixes in each of its parts", () => {
    fc.assert(
      fc.property(name, (each) => {
        for (const part of mirrorPath(each).split("/")) {
          expect(part).toMatch(/^[a-z0-9_%-][a-z0-9._%A-F~-]*$/);
          expect(`${part.replace(/\.json$/, "")}~1000000-1000200.json~0123456789ab.tmp`.length).toBeLessThanOrEqual(
            255,
          );
        }
      }),
    );
  });
});
