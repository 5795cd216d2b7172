import { describe, expect, it } from "vitest";
import { parseYaml, readFrontMatter } from "./front-matter.ts";

describe("front matter", () => {
  it("stands between two lines ---, and what follows is the body, to the byte", () => {
    expect(readFrontMatter("---\na: 1\n---\n\nBody\n---\nmore\n")).toEqual({
      data: { a: 1 },
      body: "\nBody\n---\nmore\n",
      commented: false,
    });
  });

  it("may have comments and blank lines above it, CRLF, blanks behind ---, and nothing in it", () => {
    expect(readFrontMatter("# Licence\n\n---  \r\na: ä\r\n--- \r\nBody")).toEqual({
      data: { a: "ä" },
      body: "Body",
      commented: true,
    });
    expect(readFrontMatter("---\n---\nBody")).toEqual({ data: {}, body: "Body", commented: false });
    expect(readFrontMatter("---\n---")).toEqual({ data: {}, body: "", commented: false });
  });

  it("may be missing", () => {
    for (const text of ["Body", "", "# A heading\n\ntext\n", "text\n---\na: 1\n---\n"]) {
      expect(readFrontMatter(text)).toEqual({ data: {}, body: text, commented: false });
    }
  });

  it.each<[string, number, string]>([
    ["#\n---\na: 1\n", 2, "the front matter that --- begins here is never closed by ---"],
    ["---\n- a\n---\n", 2, "the front matter is no list of keys and values"],
    ["---\na: 1\nb\n  c: 2\n---\n", 3, "the front matter is not valid YAML: implicit keys need to be on a single line"],
    ["---\na: 1\na: 2\n---\n", 3, "the front matter is not valid YAML: map keys must be unique"],
    ["---\na: .inf\n---\n", 2, "the front matter holds a value that JSON cannot hold"],
  ])("%j is refused at line %i", (text, line, reason) => {
    expect(readFrontMatter(text)).toEqual({ line, reason });
  });
});

describe("YAML", () => {
  it.each([
    ["nested a hundred deep", `a: ${"[".repeat(100)}${"]".repeat(100)}`, "nested too deep"],
    ["nested so deep that a parser falls over", `a: ${"[".repeat(50_000)}`, "nested too deep"],
    ["longer than anyone writes", `a: ${"x".repeat(256 * 1024)}`, "longer than 256 KiB"],
  ])("%s is refused", (_, text, reason) => {
    expect(parseYaml(text, "the file")).toEqual({ line: 1, reason: `the file is ${reason}` });
  });

  it("whose aliases would make gigabytes is refused", () => {
    const lines = Array.from({ length: 12 }, (_, at) =>
      at === 0
        ? "a0: &a0 [x]"
        : `a${at}: &a${at} [${Array(10)
            .fill(`*a${at - 1}`)
            .join(", ")}]`,
    );
    expect(parseYaml(lines.join("\n"), "the file")).toEqual({
      line: 1,
      reason: "the file is not valid YAML: Excessive alias count indicates a resource exhaustion attack",
    });
  });

  it.each(["__proto__: {polluted: true}\n", "a: {__proto__: {polluted: true}}\n"])(
    "%j is refused, and makes no object with another prototype",
    (text) => {
      const refused = { line: 1, reason: "a name in it is __proto__, which cannot be kept" };
      expect(parseYaml(text, "the file")).toEqual(refused);
      expect("polluted" in {}).toBe(false);
    },
  );
});
