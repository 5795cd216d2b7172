import fc from "fast-check";
import Mustache from "mustache";
import { describe, expect, it } from "vitest";
import { fuzz } from "../../test/support/library.ts";
import type { Content } from "../contract/shapes.ts";
import { contentVariables, parseTemplate, templateFaults } from "./template.ts";

/** What Mustache lets through. */
const OURS = /^the tag has no name$|of the include/;
const rest = { variables: {}, config: {}, template: "mustache" } as const;

describe("the variables of a template", () => {
  it.each([
    ["no tag at all, { single } braces", []],
    ["{{b}} {{ a }} {{b}}", ["b", "a"]],
    ["{{{raw}}} {{&also}}", ["raw", "also"]],
    ["{{#items}}{{title}} {{.}}{{^last}}, {{/last}}{{/items}}{{end}}", ["items", "title", "last", "end"]],
    ["{{! a note }}{{> footer}}{{x}}", ["x"]],
    ["{{user.name}} {{user.mail}}", ["user"]],
    ["{{#items}}{{.title}}{{/items}}", ["items"]],
    ["{{Job Title}}", ["Job Title"]],
    ["{{__proto__}}{{constructor}}", ["__proto__", "constructor"]],
  ])("of %j are %j", (text, variables) => {
    expect(parseTemplate(text)).toEqual({ variables });
  });
});

describe("a text that is no template", () => {
  it.each([
    ["one\ntwo {{name", 2, 5, "the tag is never closed by }}"],
    ["{{{name}}", 1, 1, "the tag is never closed by }}}"],
    ["{{#a}}\n {{/b}}", 2, 2, 'the section "a" must be closed before this'],
    ["\r\n{{#a}}{{#b}}{{/b}}\n\n", 2, 1, 'the section "a" is never closed'],
    ["😀{{/a}}", 1, 3, 'the section "a" is closed here but was never opened'],
    ["a {{=<% %>=}} b", 1, 3, "delimiters cannot be changed here"],
    ["a {{ = | | = }} b", 1, 3, "delimiters cannot be changed here"],
    ["a {{}}", 1, 3, "the tag has no name"],
    ["{{# }}{{/ }}", 1, 1, "the tag has no name"],
    ["a\n{{> a//b}}", 2, 1, "the name of the include has an empty part: a / at an end, or two in a row"],
    ["{{> a@B}}", 1, 1, "“B” behind the last @ of the include is neither a version nor a label"],
  ])("%j is refused at %i:%i", (text, line, column, message) => {
    const parsed = parseTemplate(text);
    expect("faults" in parsed && parsed.faults[0]).toEqual({ line, column, message });
  });

  it("has each of its empty tags reported", () => {
    expect(parseTemplate("{{}}\n{{ }}")).toEqual({
      faults: [
        { line: 1, column: 1, message: "the tag has no name" },
        { line: 2, column: 1, message: "the tag has no name" },
      ],
    });
  });

  it("of a megabyte of faults has the first twenty reported", () => {
    const parsed = parseTemplate("{{}}\n".repeat(200_000));
    expect("faults" in parsed && parsed.faults.map(({ line }) => line)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  it("is refused rather than nested so deep that it could not be rendered", () => {
    const nested = (depth: number) => parseTemplate("{{#a}}".repeat(depth) + "{{/a}}".repeat(depth));
    expect(nested(64)).toEqual({ variables: ["a"] });
    expect(nested(65)).toEqual({
      faults: [{ line: 1, column: 64 * 6 + 1, message: "sections are nested deeper than 64" }],
    });
    expect(nested(80_000)).toHaveProperty("faults");
  });

  it("is refused rather than searched for ever when a tag is a desert of blanks", () => {
    expect(parseTemplate(`{{a${" ".repeat(1_000_000)}b}}`)).toEqual({
      faults: [{ line: 1, column: 1, message: "the tag holds 200 blanks in a row" }],
    });
  });

  it("is told from a template as Mustache does", () => {
    const pieces = fc.array(
      fc.constantFrom(
        "{{",
        "}}",
        "{",
        "}",
        "#",
        "/",
        "^",
        "&",
        "!",
        ">",
        "a",
        "b",
        " ",
        "\n",
        "{{#a}}",
        "{{/a}}",
        "{{a}}",
      ),
      { maxLength: 25 },
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join("");
        const ours = parseTemplate(text);
        if ("faults" in ours && ours.faults.some(({ message }) => OURS.test(message))) return;
        const tokens = () => new Mustache.Writer().parse(text, ["{{", "}}"]);
        if ("faults" in ours) expect(tokens).toThrow();
        else expect(tokens).not.toThrow();
      }),
      { numRuns: 2000, ...fuzz },
    );
  });
});

describe("the templates of a prompt", () => {
  const chat: Content = {
    ...rest,
    messages: [
      { role: "system", content: "You help {{user}}." },
      { placeholder: "history" },
      { role: "user", content: "{{question}} {{user}}" },
    ],
  };

  it("are those of all its messages, with the placeholders", () => {
    expect(contentVariables(chat)).toEqual(["user", "question", "history"]);
  });

  it("have faults with the index of the message", () => {
    const messages = [...(chat.messages ?? []), { role: "user" as const, content: "\n{{oops" }];
    expect(templateFaults({ ...chat, messages })).toEqual([
      { index: 3, line: 2, column: 1, message: "the tag is never closed by }}" },
    ]);
    expect(templateFaults({ ...rest, text: "{{oops" })).toEqual([
      { index: null, line: 1, column: 1, message: "the tag is never closed by }}" },
    ]);
    expect(templateFaults(chat)).toEqual([]);
  });

  it("are no templates where the version says none", () => {
    const verbatim: Content = { ...rest, template: "none", text: "{{oops {{x}}" };
    expect(templateFaults(verbatim)).toEqual([]);
    expect(contentVariables(verbatim)).toEqual([]);
  });
});
