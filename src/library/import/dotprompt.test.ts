import { describe, expect, it } from "vitest";
import { readFiles, rejections } from "./testing/files.ts";

const FILE = `# Licence

---
model: googleai/gemini
description: Writes
config:
  temperature: 0.7
input:
  schema:
    topic: string, what about
    count?: integer
    tone?(enum): [formal, casual]
    items(array, what there is): string
  default:
    topic: Übung
---
{{! a comment }}
{{role "system"}}
You write about {{ topic }}. 😀
{{#if count}}
{{count}} words
{{else}}
any length
{{/if}}

{{role 'user' purpose=x}}
{{#each items}}
- {{this}}
{{/each}}
{{json items}}
{{history}}
{{role "model"}}
Sure
`;

const one = async (text: string | Uint8Array) => (await readFiles("dotprompt", { "team/écrire.prompt": text }))[0];

describe("a .prompt file", () => {
  it("becomes a chat named after its path, with variables and settings", async () => {
    expect(await one(FILE)).toEqual({
      path: "team/écrire.prompt",
      line: 1,
      name: "team/écrire",
      reason: null,
      description: "Writes",
      messages: [
        { role: "user", content: "{{! a comment}}" },
        {
          role: "system",
          content:
            "You write about {{topic}}. 😀\n{{#count}}\n{{count}} words\n{{/count}}{{^count}}\nany length\n{{/count}}",
        },
        { role: "user", content: "{{#items}}\n- {{.}}\n{{/items}}\n{{items}}" },
        { placeholder: "history" },
        { role: "assistant", content: "Sure" },
      ],
      template: "mustache",
      variables: {
        topic: { type: "string", description: "what about", required: true, default: "Übung" },
        count: { type: "number", required: false },
        tone: { required: false },
        items: { type: "json", description: "what there is", required: true },
        history: { type: "messages" },
      },
      config: {
        model: "googleai/gemini",
        config: { temperature: 0.7 },
        input: {
          schema: {
            topic: "string, what about",
            "count?": "integer",
            "tone?(enum)": ["formal", "casual"],
            "items(array, what there is)": "string",
          },
          default: { topic: "Übung" },
        },
      },
      notes: [
        "comments above the front matter were left out",
        "what stands behind the name of a role was left out",
        "Handlebars became Mustache",
      ],
    });
  });

  it("with a description that is too long or none keeps what it can, and says so", async () => {
    expect(await one(`---\ndescription: ${"d".repeat(2001)}\n---\nHi`)).toMatchObject({
      description: "d".repeat(2000),
      notes: ["the description was cut at 2000 characters"],
    });
    expect((await one("---\ndescription: {a: 1}\n---\nHi"))?.notes).toEqual([
      "the description is no text, and was left out",
    ]);
  });

  it("is the same with CRLF and a byte-order mark, and in pieces of any size", async () => {
    const { notes: _, ...plain } = (await one(FILE)) ?? { notes: [] };
    expect(await one(`\ufeff${FILE.replaceAll("\n", "\r\n")}`)).toMatchObject(plain);
    expect((await readFiles("dotprompt", { "team/écrire.prompt": FILE }, 1))[0]).toMatchObject(plain);
  });

  it("without roles is a text; names taken for plain values are told", async () => {
    expect(await one("---\nmodel: x\n---\nHi\n{{#if context}}{{context}}{{/if}}\n")).toMatchObject({
      text: "Hi\n{{#context}}{{context}}{{/context}}",
      notes: ["Handlebars became Mustache; taken for plain values: context"],
    });
    expect(await one("only text {{{x}}} {{&y}}")).toMatchObject({
      text: "only text {{x}} {{y}}",
      template: "mustache",
    });
  });

  it("may have its roles as blocks, and a JSON Schema", async () => {
    const schema =
      "input: {schema: {type: object, required: [a], properties: {a: {type: string, description: A}, b: number}}}";
    expect(
      await one(`---\n${schema}\n---\n{{#role "system"}}\nS\n{{/role}}\n\n{{#role "user"}}\n{{a}}\n{{/role}}`),
    ).toMatchObject({
      messages: [
        { role: "system", content: "S" },
        { role: "user", content: "{{a}}" },
      ],
      variables: { a: { type: "string", description: "A", required: true }, b: { type: "number" } },
    });
  });

  it.each([
    ["{{> header }}", "{{> header}} has no counterpart"],
    ["{{media url=x}}", "{{media url=x}} has no counterpart"],
    ['{{section "x"}}', '{{section "x"}} has no counterpart'],
    ["{{#each a}}{{@index}}{{/each}}", "{{@index}} has no counterpart"],
    ["{{#each a}}{{#if b}}{{/if}}{{/each}}", "the condition on b is inside a loop"],
    ["{{#if (gt a 1)}}{{/if}}", "{{#if (gt a 1)}} has no counterpart"],
    ["{{#if a}}{{else if b}}{{/if}}", "{{else if b}} has no counterpart"],
    ["{{#with a}}{{b}}{{/with}}", "{{#with a}} has no counterpart"],
    ["{{json this}}", "{{json this}} has no counterpart"],
    ["{{this}}", "{{this}} means all variables together"],
    ["{{~a~}}", "{{~a~}} takes away blanks"],
    ["\\{{a}}", "a tag is escaped by a backslash"],
    ["{{{{raw}}}} {{x}} {{{{/raw}}}}", "{{{raw}} has no counterpart"],
    ["{{a", "{{ is never closed by }}"],
    ["{{/if}}", "a condition is closed that is not open"],
    ["{{#if a}}", "the condition on a is never closed"],
    ['{{#if a}}{{role "user"}}{{/if}}', '{{role "user"}} has no counterpart'],
    ['{{role "narrator"}} x', '{{role "narrator"}} has no counterpart'],
    ["{ {{!-- a }} b --}}", "a comment holds }}"],
  ])("with %s is kept as it is", async (body, why) => {
    expect(await one(`x ${body} y`)).toMatchObject({
      text: `x ${body} y`,
      template: "none",
      notes: [`kept as it is, without variables: ${why}`],
    });
  });

  it.each([
    [
      "broken YAML",
      "---\na: 1\nb:\n  c\n    d: 2\n---\nx",
      "4: the front matter is not valid YAML: implicit keys need",
    ],
    ["no body", "---\na: 1\n---\n", "1: the prompt is empty"],
    ["a type that YAML does not know", "---\na: { b: c }[]\n---\nx", "2: the front matter is not valid YAML: "],
  ])("with %s is rejected, and the next one is read", async (_, text, reason) => {
    const read = await readFiles("dotprompt", { "a.prompt": text, "b.prompt": "fine" });
    expect(rejections(read)[0]).toContain(`a.prompt:${reason}`);
    expect(read[1]).toMatchObject({ name: "b", text: "fine" });
  });

  it("of a megabyte of tags is read in no time", async () => {
    const begun = performance.now();
    for (const text of [
      "{{".repeat(500_000),
      "{{#if a}}".repeat(100_000),
      "{ {{a}} ".repeat(100_000),
      `{{${" ".repeat(1_000_000)}`,
    ]) {
      expect(rejections(await readFiles("dotprompt", { "a.prompt": text }))).toEqual([]);
    }
    expect(performance.now() - begun).toBeLessThan(15_000);
  });
});
