import { describe, expect, it } from "vitest";
import { CONTENT_LIMIT } from "../../contract/shapes.ts";
import { readFiles, rejections } from "./testing/files.ts";

const FILE = `# a configuration
description: x
providers: [openai:gpt-4o]
prompts:
  - 'Übersetze {{text}} 😀'
  - label: Team/Support
    raw: |
      {% if name %}Hi {{ name }}{% endif %}
    config: {temperature: 0.2, apiKey: sk-1}
  - id: chat
    raw: '[{"role": "system", "content": "S"}, {"role": "user", "content": "{{q}}"}]'
  - |
    - role: user
      content: "{{ q }}"
tests: []
`;

describe("a configuration of promptfoo", () => {
  it("has its prompts read, each with its line, named by label, id or place", async () => {
    const read = await readFiles("promptfoo", { "eval/promptfooconfig.yaml": FILE });
    expect(read).toMatchObject([
      {
        line: 5,
        name: "eval/promptfooconfig 1",
        text: "Übersetze {{text}} 😀",
        template: "mustache",
        config: {},
        notes: [],
      },
      {
        line: 6,
        name: "eval/Team-Support",
        text: "{{#name}}Hi {{name}}{{/name}}\n",
        config: { temperature: 0.2 },
        notes: [
          "Nunjucks became Mustache; taken for plain values: name",
          "apiKey was left out: it looks like a secret",
        ],
      },
      {
        line: 10,
        name: "eval/chat",
        messages: [
          { role: "system", content: "S" },
          { role: "user", content: "{{q}}" },
        ],
      },
      { line: 12, name: "eval/promptfooconfig 4", messages: [{ role: "user", content: "{{q}}" }] },
    ]);
    const texts = (files: typeof read) => files.map(({ text, messages }) => text ?? messages);
    const dos = await readFiles("promptfoo", { "promptfooconfig.yml": `\ufeff${FILE.replaceAll("\n", "\r\n")}` }, 1);
    expect(texts(dos)).toEqual(texts(read));
    expect(dos[0]?.name).toBe("promptfooconfig 1");
  });

  it("with Nunjucks that Mustache cannot say keeps the prompt as it is", async () => {
    expect(await readFiles("promptfoo", { "a.yaml": "prompts: '{{ x | upper }}'" })).toMatchObject([
      { name: "a 1", text: "{{ x | upper }}", template: "none" },
    ]);
  });

  it("keeps a text that only looks like a list", async () => {
    const read = await readFiles("promptfoo", {
      "a.yaml": `prompts: ['[1, 2] are numbers', '[{"a": 1}]', '- role: [']`,
    });
    expect(read.map(({ text }) => text)).toEqual(["[1, 2] are numbers", '[{"a": 1}]', "- role: ["]);
  });

  it.each([
    ["prompts: file://prompts.txt", "1: the prompt is elsewhere: file://prompts.txt"],
    ["a: 1\nprompts:\n  - prompts/a.txt", "3: the prompt is elsewhere: prompts/a.txt"],
    ["prompts: ['langfuse://a:3:text']", "1: the prompt is elsewhere: langfuse://a:3:text"],
    ["prompts: [{id: 'file://x.py:fn', label: a}]", "1: the prompt is elsewhere: file://x.py:fn"],
    ["prompts: [{label: a}]", "1: the prompt has no text in the field raw"],
    ["prompts: ['']", "1: the prompt is empty"],
    ["prompts: [7]", "1: the prompt has no text in the field raw"],
    ["tests: []", "1: the file has no prompts"],
    ["", "1: the file has no prompts"],
    ["a: 1\n\nb", "3: the file is not valid YAML: implicit map keys need to be followed by map values"],
    [
      `prompts: ['[{"role": "x", "content": "a"}]']`,
      '1: message 1 has the role "x"; there are system, developer, user, assistant, tool',
    ],
    [`prompts: ['[{"role": "user", "content": [1]}]']`, "1: message 1 has no text"],
    ["prompts: [{raw: a, label: ..}]", '1: the name has the part "..", which means a folder elsewhere'],
  ])("%j is rejected, and the next file is read", async (text, reason) => {
    const read = await readFiles("promptfoo", { "a.yaml": text, "b.yaml": "prompts: fine" });
    expect(rejections(read)[0]).toContain(`a.yaml:${reason}`);
    expect(read.at(-1)).toMatchObject({ name: "b 1", text: "fine" });
  });

  it("has each name once", async () => {
    expect(
      rejections(await readFiles("promptfoo", { "a.yaml": "prompts: [{raw: x, label: n}, {raw: y, label: n}]" })),
    ).toEqual(['a.yaml:1: another prompt of this import is named "n" already']);
  });

  it("that is larger than anyone writes is rejected", async () => {
    const read = await readFiles("promptfoo", { "a.yaml": `prompts: '${"x".repeat(CONTENT_LIMIT + 1)}'` });
    expect(rejections(read)).toEqual(["a.yaml:1: the file is longer than 256 KiB"]);
  });
});
