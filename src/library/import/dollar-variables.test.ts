// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables are written so in the files read here
import fc from "fast-check";
import Mustache from "mustache";
import { describe, expect, it } from "vitest";
import { parseTemplate } from "../../prompt/template.ts";
import { convertDollarVariables } from "./dollar-variables.ts";

describe("a text with variables of the form ${name}", () => {
  it.each([
    ["Act as ${role}.", "Act as {{role}}.", {}],
    ["${Position:Software Developer}", "{{Position}}", { Position: { default: "Software Developer" } }],
    ["${a:1} ${a} ${a: 1}", "{{a}} {{a}} {{a}}", { a: { default: "1" } }],
    ["${a} ${a:1}", "{{a}} {{a}}", { a: { default: "1" } }],
    ["${a:}", "{{a}}", { a: { default: "" } }],
    ["${time:10:30}", "{{time}}", { time: { default: "10:30" } }],
    ["${Ürün Adı }$${price}", "{{Ürün Adı}}${{price}}", {}],
    ['{"a": "${b}"}', '{"a": "{{b}}"}', {}],
  ])("%j becomes %j", (body, text, variables) => {
    expect(convertDollarVariables(body)).toEqual({
      text,
      variables,
      template: "mustache",
      note: "variables written ${name} became {{name}}",
    });
  });

  it.each([
    ["${a} and {{b}}", "it holds {{, which would be read as a variable"],
    ["${${a}}", "not every ${ in it begins a variable"],
    ["${a", "not every ${ in it begins a variable"],
    ["${a} ${b {c}}", "not every ${ in it begins a variable"],
    ["${a:x {y} z}", "not every ${ in it begins a variable"],
    ["${user.name}", "${user.name} is not the name of a variable"],
    ["${}", "${} is not the name of a variable"],
    ["${ a}", "${ a} is not the name of a variable"],
    ["${__proto__:x}", "${__proto__:x} is not the name of a variable"],
    ["\\${a}", "${a} is escaped by a backslash"],
    ["\\frac{${a}}{2}", "${a} stands directly behind a brace"],
    ["${a:1} ${a:2}", "the variable a has several defaults"],
    [`\${${"x".repeat(129)}}`, `\${${"x".repeat(58)}… has too long a name for a variable`],
  ])("%j stays as it is: %s", (body, why) => {
    expect(convertDollarVariables(body)).toEqual({
      text: body,
      variables: {},
      template: "none",
      note: `kept as it is, without variables: ${why}`,
    });
  });

  it("that has none stays as it is, and says nothing", () => {
    expect(convertDollarVariables("costs $5, {x} }}")).toEqual({
      text: "costs $5, {x} }}",
      variables: {},
      template: "mustache",
      note: null,
    });
  });

  it("means the same when it was converted", () => {
    const pieces = fc.constantFrom(
      "${",
      "}",
      "{",
      "$",
      ":",
      "a",
      "b c",
      " ",
      "\n",
      "${a}",
      "${b c}",
      "&",
      "#",
      "/",
      "\\",
      ">",
      "!",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const body = parts.join("");
        const { text, template } = convertDollarVariables(body);
        if (template === "none") return;
        const parsed = parseTemplate(text);
        if ("faults" in parsed) throw new Error(JSON.stringify(parsed.faults));
        const values = Object.fromEntries(parsed.variables.map((name) => [name, `<${name}>`]));
        const rendered = new Mustache.Writer().render(text, values, {}, { escape: String });
        expect(rendered).toBe(body.replace(/\$\{([^}:]*)(?::[^}]*)?\}/g, (_, name: string) => `<${name.trim()}>`));
      }),
      { numRuns: 3000 },
    );
  });
});
