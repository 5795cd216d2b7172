import fc from "fast-check";
import Mustache from "mustache";
import { describe, expect, it } from "vitest";
import { jinja } from "./template-conversion.ts";

const convert = (text: string, known: [string, "plain" | "structured"][] = []) => jinja(new Map(known))(text, 0);
const textOf = (text: string, known: [string, "plain" | "structured"][] = []) => {
  const converted = convert(text, known);
  return "text" in converted ? converted.text : `fault: ${converted.fault}`;
};

describe("Jinja that Mustache can say", () => {
  it.each([
    ["a {{ name }} {{a.b}} ä", "a {{name}} {{a.b}} ä"],
    ["{% if x %}a{% else %}b{% endif %}", "{{#x}}a{{/x}}{{^x}}b{{/x}}"],
    ["{% if not x %}a{% else %}b{% endif %}", "{{^x}}a{{/x}}{{#x}}b{{/x}}"],
    ["{% for i in list %}{{ i }} {{ i.a.b }}{% endfor %}", "{{#list}}{{.}} {{a.b}}{{/list}}"],
    ["{% for i in a %}{% for j in i.b %}{{ j.c }}{% endfor %}{% endfor %}", "{{#a}}{{#b}}{{c}}{{/b}}{{/a}}"],
    ["{# a note #}x", "{{! a note }}x"],
    ["{ {{x}} } {a} %} }}", "{ {{x}} } {a} %} }}"],
  ])("%j is %j", (source, wanted) => {
    expect(textOf(source)).toBe(wanted);
  });

  it("renders the same", () => {
    const text = textOf("{% if who %}Hi {{ who }}{% else %}Hi you{% endif %}:{% for i in xs %} {{ i.n }}{% endfor %}");
    const xs = [{ n: 1 }, { n: 2 }];
    expect(Mustache.render(text, { who: "Ada", xs })).toBe("Hi Ada: 1 2");
    expect(Mustache.render(text, { who: "", xs: [] })).toBe("Hi you:");
  });

  it("tells which names it took for plain values, unless they were declared", () => {
    expect(convert("{% if a %}{% endif %}{% if b %}{% endif %}", [["b", "plain"]])).toMatchObject({
      conditions: ["a"],
    });
  });
});

describe("Jinja that would mean something else", () => {
  it.each([
    ["{{ name | upper }}", "{{name | upper}} is more than a name"],
    ["{{ 'x' }}", "{{'x'}} is more than a name"],
    ["{% if a == 1 %}{% endif %}", "{% if a == 1 %} has no counterpart"],
    ["{% if a %}{% elif b %}{% endif %}", "{% elif b %} has no counterpart"],
    ["{%- if a %}{% endif %}", "{%- if a takes away blanks"],
    ["{% if a.b %}{% endif %}", "the condition on a.b is more than a name"],
    ["{% if a %}{{ a.b }}{% endif %}", "the condition on a is one on a list or an object"],
    ["{% if a %}{% for i in a %}{% endfor %}{% endif %}", "the condition on a is one on a list or an object"],
    ["{% for i in a %}{{ loop.index }}{% endfor %}", "{{loop.index}} comes from outside of the loop around it"],
    ["{% for i in a %}{% if b %}{% endif %}{% endfor %}", "the condition on b is inside a loop"],
    ["{% for k, v in a %}{% endfor %}", "{% for k, v in a %} has no counterpart"],
    ["{% for i in a %}", "the loop on a is never closed"],
    ["{% if a %}{% endfor %}", "a loop is closed that is not open"],
    ["{% else %}", "an else stands outside of a condition"],
    ["{% set a = 1 %}", "{% set a = 1 %} has no counterpart"],
    ["{{ name", "{{ is never closed by }}"],
    ["{ {% if", "{% is never closed by %}"],
    ["{{{ name }}}", "{{{ name}} is more than a name"],
    ["{# }} #}", "a comment holds }}"],
  ])("%j is a fault", (source, fault) => {
    expect(convert(source)).toEqual({ fault });
  });

  it("on a declared list is one, too", () => {
    expect(convert("{% if a %}{% endif %}", [["a", "structured"]])).toHaveProperty("fault");
    expect(textOf("{% if not a %}x{% endif %}", [["a", "structured"]])).toBe("{{^a}}x{{/a}}");
  });

  it("is told in no time, whatever the text", () => {
    for (const text of [
      "{{".repeat(500_000),
      "{%".repeat(500_000),
      `{% if${" ".repeat(1_000_000)}`,
      "{".repeat(1e6),
      "{% if a %}x{% endif %}".repeat(40_000),
      "{% if a %}".repeat(90_000),
    ]) {
      const begun = performance.now();
      convert(text);
      expect(performance.now() - begun).toBeLessThan(15_000);
    }
    const piece = fc.constantFrom(
      "{{",
      "}}",
      "{%",
      "%}",
      "{#",
      "#}",
      "{",
      "}",
      "if",
      "for",
      "in",
      " ",
      "a",
      "endif",
      "\n",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (parts) => {
        const converted = convert(parts.join(""));
        if ("text" in converted) Mustache.render(converted.text, {});
      }),
      { numRuns: 1000 },
    );
  });
});
