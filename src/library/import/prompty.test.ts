// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written so in the files read here
import { describe, expect, it } from "vitest";
import { CONTENT_LIMIT } from "../../contract/shapes.ts";
import { readFiles, rejections } from "./testing/files.ts";

const FILE = `---
name: Support
description: Answers questions
metadata:
  authors: [ada]
  tags: [support, v2]
model:
  id: gpt-4
  connection: {kind: key, apiKey: "\${env:KEY}"}
  options: {temperature: 0.7}
inputs:
  - {name: firstName, kind: string, default: Jane, description: Who asks, required: true}
  - {name: history, kind: thread}
---
system:
You help {{ firstName }}. 😀

# Customer
{{history}}

user[name="x"]:
{% if firstName %}I am {{firstName}}{% endif %}
`;

const one = async (text: string | Uint8Array) => (await readFiles("prompty", { "team/Café.prompty": text }))[0];

describe("a .prompty file", () => {
  it("is refused where a setting has a name that would be lost", async () => {
    const file = FILE.replace("options: {temperature: 0.7}", "options: {stop: {__proto__: 1}}");
    expect(await one(file)).toMatchObject({ reason: "a name in it is __proto__, which cannot be kept" });
  });

  it("becomes a chat named after its path, with variables, tags and settings", async () => {
    expect(await one(FILE)).toEqual({
      path: "team/Café.prompty",
      line: 1,
      name: "team/Café",
      reason: null,
      description: "Answers questions",
      tags: ["support", "v2"],
      messages: [
        { role: "system", content: "You help {{firstName}}. 😀\n\n# Customer" },
        { placeholder: "history" },
        { role: "user", content: "{{#firstName}}I am {{firstName}}{{/firstName}}" },
      ],
      template: "mustache",
      variables: {
        firstName: { type: "string", default: "Jane", description: "Who asks", required: true },
        history: { type: "messages" },
      },
      config: {
        name: "Support",
        metadata: { authors: ["ada"] },
        model: { id: "gpt-4", connection: { kind: "key", apiKey: "${env:KEY}" }, options: { temperature: 0.7 } },
        inputs: [
          { name: "firstName", kind: "string", default: "Jane", description: "Who asks", required: true },
          { name: "history", kind: "thread" },
        ],
      },
      notes: ["what stands in brackets behind a role was left out", "Jinja became Mustache"],
    });
  });

  it("may say by {} that a thread has no messages", async () => {
    const text = "---\ninputs:\n  - {name: thread, kind: thread, default: {}}\n---\nuser:\nHello\n";
    expect(await one(text)).toMatchObject({ reason: null, variables: { thread: { type: "messages", default: [] } } });
  });

  it("is the same with CRLF and a byte-order mark, and in pieces of any size", async () => {
    const { notes: _, ...plain } = (await one(FILE)) ?? { notes: [] };
    expect(await one(`\ufeff${FILE.replaceAll("\n", "\r\n")}`)).toMatchObject(plain);
    for (const size of [1, 3, 7]) {
      expect((await readFiles("prompty", { "team/Café.prompty": FILE }, size))[0]).toMatchObject(plain);
    }
  });

  it("without roles, or without front matter, is a text", async () => {
    expect(await one("---\nmodel: gpt-4o\n---\n{{prompt}}\n")).toMatchObject({
      text: "{{prompt}}",
      config: { model: "gpt-4o" },
    });
    expect(await one("You answer.\nuser: not a role\n")).toMatchObject({ text: "You answer.\nuser: not a role" });
  });

  it("of version 1 has samples: they name variables and are no defaults", async () => {
    const text =
      "---\nsample: {firstName: Seth, items: [a]}\ninputs: {x: {type: integer}, y: 3}\n---\nsystem:\n{{x}}\n";
    expect(await one(text)).toMatchObject({
      messages: [{ role: "system", content: "{{x}}" }],
      variables: {
        x: { type: "number" },
        y: { type: "number", default: 3 },
        firstName: { type: "string" },
        items: { type: "json" },
      },
      config: { sample: { firstName: "Seth", items: ["a"] } },
    });
  });

  it("whose Jinja has no counterpart is kept as it is, cut into the same messages", async () => {
    const text = "system:\n{{ name | upper }}\n\nuser:\n{% for m in ms %}\n{{m}}\n{% endfor %}\n";
    expect(await one(text)).toMatchObject({
      messages: [
        { role: "system", content: "{{ name | upper }}" },
        { role: "user", content: "{% for m in ms %}\n{{m}}\n{% endfor %}" },
      ],
      template: "none",
      notes: ["kept as it is, without variables: {{name | upper}} is more than a name"],
    });
  });

  it.each([
    ["{% if a %}\nuser:\nx\n{% endif %}", "the role user stands inside of a condition or a loop"],
    [
      "{% for m in ms %}\n{{m.role}}:\n{{m.content}}\n{% endfor %}",
      "{{m.role}}: may become a role when it is filled in",
    ],
  ])("whose messages come to be when it is filled in is kept as it is: %j", async (body, why) => {
    expect(await one(`system:\n${body}\nuser:\n{{q}}\n`)).toMatchObject({
      messages: [{ content: body }, { content: "{{q}}" }],
      template: "none",
      notes: [`kept as it is, without variables: ${why}`],
    });
  });

  it("in Mustache is taken as it is", async () => {
    for (const template of ["mustache", "{format: mustache}", "{format: {kind: mustache}}"]) {
      const text = `---\ntemplate: ${template}\n---\nuser:\n{{#a}}x{{/a}}`;
      expect(await one(text)).toMatchObject({
        messages: [{ content: "{{#a}}x{{/a}}" }],
        template: "mustache",
        notes: [],
      });
    }
    expect(await one("---\ntemplate: mustache\n---\n{{#a}}x")).toMatchObject({
      template: "none",
      notes: ['kept as it is, without variables: line 1: the section "a" is never closed'],
    });
  });

  it("with a key of a provider in it leaves the key out", async () => {
    const read = await one("---\nmodel: {connection: {apiKey: sk-123, endpoint: x}}\n---\nHi");
    expect(read).toMatchObject({
      config: { model: { connection: { endpoint: "x" } } },
      notes: ["model.connection.apiKey was left out: it looks like a secret"],
    });
    expect(JSON.stringify(read)).not.toContain("sk-123");
  });

  it("with more than fits keeps what fits, and says what it left out", async () => {
    const tags = [...Array.from({ length: 51 }, (_, at) => `t${at}`), "x".repeat(65), 7, " t1 ", ""];
    const front = { description: "d".repeat(2001), metadata: { tags, authors: ["ada"] } };
    const read = await one(`---\n${JSON.stringify(front)}\n---\nHi`);
    expect(read).toMatchObject({ description: "d".repeat(2000), config: { metadata: { authors: ["ada"] } } });
    expect(new Set(read?.tags)).toEqual(new Set(tags.slice(0, 50)));
    expect(read?.notes).toEqual([
      "the description was cut at 2000 characters",
      `tags that cannot be were left out: ${"x".repeat(65)}, 7`,
      "tags beyond the first 50 were left out: t50",
    ]);
  });

  it("with a description, tags or metadata that are none leaves them out and says so, or keeps them as a setting", async () => {
    const read = await one("---\ndescription: [a]\nmetadata: {tags: 'a, b'}\n---\nHi");
    expect(read).not.toHaveProperty("tags");
    expect(read?.notes).toEqual([
      "the description is no text, and was left out",
      "tags that are no list were left out: a, b",
    ]);
    expect(await one("---\nmetadata: by Ada\n---\nHi")).toMatchObject({ config: { metadata: "by Ada" }, notes: [] });
    const none = "---\ndescription:\nmetadata: {tags: }\n---\nHi";
    expect(await one(none)).toMatchObject({ config: {}, notes: [] });
  });

  it.each<[situation: string, text: string | Uint8Array, reason: string]>([
    [
      "broken YAML",
      "---\na: 1\nb\n  c: 2\n---\nx",
      "3: the front matter is not valid YAML: implicit keys need to be on a single line",
    ],
    [
      "no end of the front matter",
      "---\na: 1\nuser:\n",
      "1: the front matter that --- begins here is never closed by ---",
    ],
    ["nothing in it", "", "1: the prompt is empty"],
    ["a role and nothing else", "---\n---\nsystem:\n\n", "1: the prompt is empty"],
    ["bytes that are no UTF-8", Buffer.from("a\ncaf\xe9", "latin1"), "2: the file is not valid UTF-8"],
    [
      "too much content",
      "x".repeat(CONTENT_LIMIT + 1),
      `1: the prompt is ${CONTENT_LIMIT + 1} bytes long; at most ${CONTENT_LIMIT} are allowed`,
    ],
  ])("with %s is rejected, and the next one is read", async (_, text, reason) => {
    const read = await readFiles("prompty", { "a.prompty": text, "b.prompty": "fine" });
    expect(rejections(read)).toEqual([`a.prompty:${reason}`]);
    expect(read[1]).toMatchObject({ name: "b", text: "fine" });
  });

  it("with the name of another one of the import is rejected, not its next version", async () => {
    expect(rejections(await readFiles("prompty", { "./a.prompty": "x", "a.prompty": "y" }))).toEqual([
      'a.prompty:1: another file of this import is named "a" already',
    ]);
  });

  it("of a megabyte of blanks or of role lines is read in no time", async () => {
    const begun = performance.now();
    for (const text of [`user:\n${" ".repeat(1_000_000)}x`, "user:\nx\n".repeat(900), `\n${"{{ ".repeat(300_000)}`]) {
      expect(rejections(await readFiles("prompty", { "a.prompty": text }))).toEqual([]);
    }
    expect(performance.now() - begun).toBeLessThan(15_000);
  });
});
