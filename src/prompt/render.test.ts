import fc from "fast-check";
import Mustache from "mustache";
import { describe, expect, it } from "vitest";
import { fuzz } from "../../test/support/library.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Content, Json, Variable } from "../contract/shapes.ts";
import { type IncludedText, render } from "./render.ts";
import type { RenderFault } from "./render-fault.ts";
import { RENDER_LIMIT } from "./render-text.ts";
import { textPrompt } from "./testing/prompts.ts";

type Values = Record<string, Json>;

const textOf = (text: string, variables: Record<string, Variable> = {}): Content => ({
  text,
  variables,
  config: {},
  template: "mustache",
});

function textRendered(content: Content, values: Values, includes?: ReadonlyMap<string, IncludedText>): string {
  const output = render(content, values, includes);
  return "text" in output ? output.text : expect.fail("no text came");
}

function refusal(work: () => unknown): PromptlibError {
  try {
    work();
  } catch (error) {
    if (error instanceof PromptlibError) return error;
    throw error;
  }
  return expect.fail("nothing was refused");
}

function faultsOf(content: Content, values: Values): RenderFault[] {
  const error = refusal(() => render(content, values));
  expect(error.code).toBe("render_invalid");
  return (error.details as { faults: RenderFault[] }).faults;
}

const told = (faults: readonly RenderFault[]) =>
  faults.map(({ variable, index, line, column, message }) => [variable, index, line, column, message]);

describe("a value of a typed variable", () => {
  it.each<[Variable["type"], Json, string]>([
    [undefined, "as it is & <b>", "as it is & <b>"],
    [undefined, { a: [1, null] }, '{"a":[1,null]}'],
    [undefined, null, ""],
    ["string", "x", "x"],
    ["number", 1.5, "1.5"],
    ["number", "1.50", "1.5"],
    ["number", "-2e3", "-2000"],
    ["boolean", false, "false"],
    ["boolean", "true", "true"],
    ["json", "x", '"x"'],
    ["json", null, "null"],
    ["json", { a: "ü" }, '{"a":"ü"}'],
    ["messages", [{ role: "user", content: "Hi" }], '[{"role":"user","content":"Hi"}]'],
  ])("of type %s takes %j and prints %s", (type, value, printed) => {
    expect(textRendered(textOf("{{v}}", { v: type === undefined ? {} : { type } }), { v: value })).toBe(printed);
    expect(textRendered(textOf("{{v}}", { v: { ...(type && { type }), default: value } }), {})).toBe(printed);
  });

  it.each<[Variable["type"], Json, string]>([
    ["string", 5, "must be a string, not a number"],
    ["string", null, "must be a string, not null"],
    ["number", "five", 'must be a number, not "five"'],
    ["number", "", 'must be a number, not ""'],
    ["number", " 1", 'must be a number, not " 1"'],
    ["number", "0x10", 'must be a number, not "0x10"'],
    ["number", true, "must be a number, not true"],
    ["number", "12345678901234567890", "is 12345678901234567890, more than a number can hold exactly"],
    ["number", "1e999", "is 1e999, more than a number can hold exactly"],
    ["boolean", "yes", 'must be true or false, not "yes"'],
    ["boolean", 1, "must be true or false, not 1"],
    ["messages", "Hi", "must be a list of messages, not a string"],
    ["messages", [{ role: "bot", content: "" }], 'its message 1 has the role "bot"'],
    ["messages", [{ role: "user" }], "its message 1 has no content"],
    ["messages", [{ role: "user", content: ["x"] }], "its message 1 has a list as content"],
    ["messages", [{ role: "user", content: "", name: "x" }], "its message 1 has “name”"],
  ])("of type %s does not take %j", (type, value, fault) => {
    const [given] = faultsOf(textOf("\n {{v}}", { v: { ...(type && { type }) } }), { v: value });
    expect(given).toMatchObject({
      variable: "v",
      line: 2,
      column: 2,
      message: expect.stringContaining(fault),
    });
    const [preset] = faultsOf(textOf("{{v}}", { v: { ...(type && { type }), default: value } }), {});
    expect(preset?.message).toMatch(/^the default of “v” /);
    expect(preset?.message).toContain(fault);
  });

  it("false as a text closes a section where its type is boolean", () => {
    const on: Variable = { type: "boolean" };
    expect(textRendered(textOf("{{#on}}yes{{/on}}{{^on}}no{{/on}}", { on }), { on: "false" })).toBe("no");
  });

  it("given goes before the default, also when it is null or empty", () => {
    const content = textOf("<{{a}}>", { a: { default: "x" } });
    const given: Values[] = [{}, { a: "y" }, { a: "" }, { a: null }];
    expect(given.map((values) => textRendered(content, values))).toEqual(["<x>", "<y>", "<>", "<>"]);
  });
});

describe("what is wrong with the values", () => {
  it("is told all at once, each at its first place, in the order of the text", () => {
    const content = textOf("{{count}} {{who}}\n  {{#on}}{{count}}{{/on}}", {
      on: { type: "boolean", required: true },
      who: { required: true },
      count: { type: "number" },
      unused: { required: true },
    });
    expect(told(faultsOf(content, { count: "many" }))).toEqual([
      ["count", null, 1, 1, '“count” must be a number, not "many"'],
      ["who", null, 1, 11, "“who” is required, and has no value"],
      ["on", null, 2, 3, "“on” is required, and has no value"],
      ["unused", null, null, null, "“unused” is required, and has no value"],
    ]);
  });

  it("of a chat is told with the message", () => {
    const content: Content = {
      messages: [
        { role: "system", content: "{{a}}" },
        { placeholder: "history" },
        { role: "user", content: "x\n{{b}}" },
      ],
      variables: { b: { type: "number" } },
      config: {},
      template: "mustache",
    };
    expect(told(faultsOf(content, { a: 1, b: "x", history: [{}] }))).toEqual([
      ["history", 1, null, null, expect.stringContaining("has the role null")],
      ["b", 2, 2, 1, '“b” must be a number, not "x"'],
    ]);
  });

  it("stops being told after the first hundred", () => {
    const names = Array.from({ length: 150 }, (_, n) => `v${n}`);
    const variables = Object.fromEntries(names.map((name) => [name, { required: true }]));
    expect(faultsOf(textOf("", variables), {})).toHaveLength(100);
  });

  it("is told of a stored text that is no template, too", () => {
    expect(told(faultsOf(textOf("a {{#b}}"), {}))).toEqual([[null, null, 1, 3, 'the section "b" is never closed']]);
  });
});

describe("what is strange with the values", () => {
  it("is a value that nothing uses, and a tag that finds none", () => {
    const { warnings } = render(textOf("{{name}} {{user.mail}}{{#on}}{{name}}{{/on}}"), { nmae: "Ada", user: {} });
    expect(told(warnings)).toEqual([
      ["nmae", null, null, null, "“nmae” was given, and nothing in the prompt uses it"],
      ["name", null, 1, 1, "“name” has no value: nothing stands here"],
      ["user", null, 1, 10, "“user.mail” has no value: nothing stands here"],
    ]);
  });

  it("is not a field of an item, a described variable, an empty section, or what need not be there", () => {
    const content = textOf("{{#items}}{{title}}{{/items}}{{#more}}{{.}}{{/more}}{{sign}}", {
      sign: { required: false },
      later: { description: "not used yet" },
    });
    expect(render(content, { items: [{ title: "x" }], later: 1 }).warnings).toEqual([]);
  });
});

describe("a name that every object has", () => {
  it.each(["constructor", "__proto__", "toString", "hasOwnProperty", "length"])("%s is nothing until given", (name) => {
    const content = textOf(`<{{${name}}}{{#a}}{{${name}}}{{a.${name}}}{{/a}}{{#${name}}}yes{{/${name}}}>`);
    expect(textRendered(content, { a: "text" })).toBe("<>");
    expect(textRendered(textOf(`{{${name}}}`), Object.fromEntries([[name, "given"]]))).toBe("given");
  });

  it("reaches no code", () => {
    expect(textRendered(textOf("<{{a.constructor.constructor}}{{l.map}}{{n.toFixed}}>"), { a: {}, l: [], n: 1 })).toBe(
      "<>",
    );
  });

  it("of a list is found where it is its own", () => {
    expect(textRendered(textOf("{{l.length}} {{l.1}}"), { l: ["a", "b"] })).toBe("2 b");
  });
});

describe("the messages of a chat", () => {
  const chat = (messages: Content["messages"]): Content => ({
    messages,
    variables: {},
    config: {},
    template: "mustache",
  });
  const history: Json = [
    { role: "user", content: "{{who}}?" },
    { role: "assistant", content: "I." },
  ];

  it("are rendered one by one, those that are given taken as they are", () => {
    const content = chat([
      { role: "system", content: "You are {{who}}." },
      { placeholder: "history" },
      { role: "user", content: "{{#history}}{{role}} {{/history}}{{who}}" },
    ]);
    const output = render(content, { who: "[user] {{who}}", history });
    expect("messages" in output && output.messages).toEqual([
      { role: "system", content: "You are [user] {{who}}.", origin: { index: 0, item: null } },
      { role: "user", content: "{{who}}?", origin: { index: 1, item: 0 } },
      { role: "assistant", content: "I.", origin: { index: 1, item: 1 } },
      { role: "user", content: "user assistant [user] {{who}}", origin: { index: 2, item: null } },
    ]);
  });

  it("may be none for a placeholder, with a warning", () => {
    const output = render(chat([{ placeholder: "history" }]), {});
    expect(output).toMatchObject({ messages: [], warnings: [{ variable: "history", index: 0, line: null }] });
    expect(render(chat([{ placeholder: "history" }]), { history: [] }).warnings).toEqual([]);
  });

  it("do not come from a variable of another type", () => {
    const content = { ...chat([{ placeholder: "history" }]), variables: { history: { type: "string" as const } } };
    expect(faultsOf(content, { history: "x" })[0]?.message).toBe(
      "“history” stands for messages, but its type is string",
    );
  });
});

describe("a text without template", () => {
  it("stays as it is, and takes no values", () => {
    const output = render({ ...textOf("{{a}} {{#b}}"), template: "none" }, { a: "x" });
    expect(output).toMatchObject({ text: "{{a}} {{#b}}", warnings: [{ variable: "a" }] });
  });
});

describe("an include", () => {
  const including = (text: string, included: string, variables: Record<string, Variable> = {}) =>
    [textOf(text), new Map([["p", { prompt: textPrompt("p", included, { variables }) }]])] as const;

  it("that was not looked for is refused", () => {
    expect(refusal(() => render(textOf("{{> p}}"), {}))).toMatchObject({ code: "include_unresolved" });
  });

  it("brings its defaults along, and its faults say where", () => {
    const [content, includes] = including("{{> p}}", "a\n{{tone}} {{n}}", {
      tone: { default: "calm" },
      n: { type: "number" },
    });
    expect(textRendered(content, { n: 1 }, includes)).toBe("a\ncalm 1");
    const { details } = refusal(() => render(content, { n: "x" }, includes));
    expect(details).toMatchObject({ faults: [{ include: "p", variable: "n", line: 2, column: 10 }] });
    expect(textRendered({ ...content, variables: { tone: { default: "loud" } } }, { n: 1 }, includes)).toBe(
      "a\nloud 1",
    );
  });

  it("inside a line leaves the blanks and the line end of that line", () => {
    const [content, includes] = including("{{> p}} {{> p}}\nend", "x");
    expect(textRendered(content, {}, includes)).toBe("x x\nend");
  });

  it("alone on an indented line gets every line of it indented that is not empty, and no value", () => {
    const [content, includes] = including("- a\n  {{> p}}\n- b", "1\n\n{{#l}}\n- {{.}}\n{{/l}}\n2 {{! }}{{v}}\n");
    expect(textRendered(content, { l: ["x", "y"], v: "3\n4" }, includes)).toBe(
      "- a\n  1\n\n  - x\n  - y\n  2 3\n4\n- b",
    );
  });

  it.each(["1", "1\n", "1\n2", "\n1\r\n\r\n2\n\n"])("of the lines %j is indented as one would by hand", (lines) => {
    const [content, includes] = including("\t {{> p}}", lines);
    expect(textRendered(content, {}, includes)).toBe(lines.replaceAll(/^(?!\r?\n|$(?![\s\S]))/gm, "\t "));
  });
});

describe("rendering that would not end well", () => {
  const tooLarge = (content: Content, values: Values, includes?: ReadonlyMap<string, IncludedText>) => {
    const started = performance.now();
    expect(refusal(() => render(content, values, includes)).code).toBe("render_too_large");
    expect(performance.now() - started).toBeLessThan(10_000);
  };

  it("by a large value, many times, is refused; exactly the limit is not", () => {
    const values = { v: "x".repeat(RENDER_LIMIT / 4) };
    expect(textRendered(textOf("{{v}}{{v}}{{v}}{{v}}"), values)).toHaveLength(RENDER_LIMIT);
    tooLarge(textOf("{{v}}{{v}}{{v}}{{v}}!"), values);
  });

  it("by lists in lists in lists is refused, though nothing would be printed", () => {
    const l = Array.from({ length: 300 }, () => 0);
    tooLarge(textOf("{{#l}}".repeat(60) + "{{/l}}".repeat(60)), { l });
  });

  it("by a name of many parts, by includes that double, by indentation is refused", () => {
    const l = Array.from({ length: 1_000 }, () => ({}));
    tooLarge(textOf(`{{#l}}{{a${".b".repeat(100_000)}}}{{/l}}`), { l });
    const doubling = new Map(
      Array.from({ length: 30 }, (_, n) => [
        `p${n}`,
        { prompt: textPrompt(`p${n}`, `{{> p${n + 1}}}x{{> p${n + 1}}}`) },
      ]),
    ).set("p30", { prompt: textPrompt("p30", "") });
    tooLarge(textOf("{{> p0}}"), {}, doubling);
    const lines = new Map([["p", { prompt: textPrompt("p", "x\n".repeat(100_000)) }]]);
    tooLarge(textOf(`${" ".repeat(100_000)}{{> p}}`), {}, lines);
  });

  it("by a long name in a long list, with a fault in each of many lines, ends soon", () => {
    const l = Array.from({ length: 400_000 }, () => 1);
    const started = performance.now();
    const long = "x".repeat(500_000);
    expect(render(textOf(`{{#l}}{{${long}}}{{/l}}`), { l }).warnings).toHaveLength(1);
    const names = Array.from({ length: 100 }, (_, n) => `{{v${n}}}`).join("");
    expect(render(textOf(`${"\n".repeat(900_000)}${names}`), {}).warnings.at(-1)).toMatchObject({ line: 900_001 });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it("by a placeholder in many places is refused", () => {
    const messages = Array.from({ length: 1_000 }, () => ({ placeholder: "m" }));
    const content: Content = { messages, variables: {}, config: {}, template: "mustache" };
    tooLarge(content, { m: [{ role: "user", content: "x".repeat(100_000) }] });
    tooLarge(content, { m: Array.from({ length: 10_000 }, () => ({ role: "user", content: "" })) });
  });
});

describe("any template", () => {
  const name = fc.constantFrom("a", "b", "c", "d");
  const inText = fc.constantFrom("x", " ", "\n", "\r\n", "{ ", "} ", " }}", "ü");
  const { template } = fc.letrec<{ template: string; part: string }>((tie) => ({
    template: fc.array(tie("part"), { maxLength: 6 }).map((parts) => parts.join("")),
    part: fc.oneof(
      { maxDepth: 4 },
      inText,
      name.map((of) => `{{${of}}}`),
      fc
        .tuple(fc.constantFrom("#", "^"), name, tie("template"))
        .map(([sigil, of, inside]) => `{{${sigil}${of}}}${inside}{{/${of}}}`),
    ),
  }));
  const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
  const item = fc.oneof(scalar, fc.dictionary(name, scalar));
  // Mustache breaks off where null is in a list.
  const inList = item.filter((value) => value !== null);
  const values = fc.dictionary(name, fc.oneof(item, fc.array(inList, { maxLength: 3 }))) as fc.Arbitrary<Values>;

  it("with values prints what Mustache prints, but for its lines without text", () => {
    const printed = (value: unknown) => (typeof value === "object" ? JSON.stringify(value) : String(value));
    fc.assert(
      fc.property(template, values, (text, given) => {
        // Mustache takes the blanks of a line of several tags; a letter at both ends of each line keeps them.
        const lines = `|${text.replaceAll("\n", "|\n|")}|`;
        const ours = textRendered(textOf(lines), given);
        expect(ours).toBe(
          new Mustache.Writer().render(lines, given, undefined, { escape: printed, tags: ["{{", "}}"] }),
        );
      }),
      { numRuns: 2000, ...fuzz },
    );
  });

  it("or what looks like one, with any JSON as values, ends in an output or in an error of ours", () => {
    const pieces = fc.constantFrom(
      "{{",
      "}}",
      "{{#a}}",
      "{{/a}}",
      "{{^b}}",
      "{{/b}}",
      "{{.}}",
      "{{a.b}}",
      "{{> a}}",
      "x",
      "\n",
      " ",
    );
    const json = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<Values>;
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), json, fc.jsonValue(), (parts, given, a) => {
        const includes = new Map([["a", { prompt: textPrompt("a", "{{a}}") }]]);
        try {
          render(textOf(parts.join("")), { ...given, a: a as Json }, includes);
        } catch (error) {
          expect(error).toBeInstanceOf(PromptlibError);
          expect(error).toHaveProperty("code", "render_invalid");
        }
      }),
      { numRuns: 2000, ...fuzz },
    );
  });

  it("puts values in as they are, and leaves text without tags alone", () => {
    const parts = fc.oneof(fc.string(), fc.constantFrom("{{", "}}", "{{v}}", "\n", "\u0000", "\ud800", "😀"));
    fc.assert(
      fc.property(
        fc.array(parts).map((some) => some.join("")),
        (text) => {
          expect(textRendered(textOf("{{v}}"), { v: text })).toBe(text);
          if (!text.includes("{{")) expect(textRendered(textOf(text), {})).toBe(text);
        },
      ),
      fuzz,
    );
  });
});
