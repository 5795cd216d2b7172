import { describe, expect, it } from "vitest";
import { readFiles, rejections } from "./testing/files.ts";

const one = async (value: unknown) =>
  (await readFiles("langchain", { "a/Größe.json": JSON.stringify(value, null, 1) }))[0];
const made = (name: string, kwargs: object) => ({
  lc: 1,
  type: "constructor",
  id: ["langchain", "prompts", name],
  kwargs,
});
const template = (text: string, format = "f-string") =>
  made("PromptTemplate", { input_variables: [], template: text, template_format: format });

const fewShot = {
  _type: "few_shot",
  input_variables: ["word"],
  prefix: "Antonyms 😀:",
  suffix: "Q: {word}\nA:",
  example_separator: "\n--\n",
  example_prompt: { _type: "prompt", input_variables: ["q", "a"], template: "Q: {q}\nA: {a}" },
  examples: [
    { q: "happy", a: "sad" },
    { q: "{{brace}}", a: 7 },
  ],
  partial_variables: { word: "tall" },
  metadata: { owner: "ada" },
};

describe("a prompt of LangChain", () => {
  it("in a classic file becomes a text, its variables converted, doubled braces single", async () => {
    const prompt = {
      _type: "prompt",
      input_variables: ["topic"],
      template: 'Über {topic}: {{"a": {{"b": 1}}}} 😀\n',
      partial_variables: { topic: "x" },
      output_parser: null,
      metadata: { owner: "ada" },
    };
    expect(await one(prompt)).toEqual({
      path: "a/Größe.json",
      line: 1,
      name: "a/Größe",
      reason: null,
      text: 'Über {{topic}}: {"a": {"b": 1}} 😀\n',
      template: "mustache",
      variables: { topic: { default: "x" } },
      config: { metadata: { owner: "ada" } },
      notes: [],
    });
  });

  it.each([
    ["f-string", "{x!r}", "{x!r} is more than a name"],
    ["f-string", "{a.b}", "{a.b} is more than a name"],
    ["f-string", "a } b", "a single } is no variable"],
    ["f-string", "a { b", "a single { is no variable"],
    ["f-string", "{{{x}}}", "a brace stands directly before a tag"],
    ["f-string", "{{{{x}}}}", "it holds {{, which would be read as a variable"],
    ["jinja2", "{{ x | upper }}", "{{x | upper}} is more than a name"],
    ["mustache", "{{#x}}", 'line 1: the section "x" is never closed'],
  ])("in %s that cannot be said in Mustache is kept as it is: %s", async (template_format, text, why) => {
    expect(await one({ _type: "prompt", template: text, template_format })).toMatchObject({
      text,
      template: "none",
      notes: [`kept as it is, without variables: ${why}`],
    });
  });

  it("from its hub becomes a chat, with places for messages", async () => {
    const chat = made("ChatPromptTemplate", {
      input_variables: ["q"],
      messages: [
        made("SystemMessagePromptTemplate", { prompt: template("You are {who}.") }),
        made("MessagesPlaceholder", { variable_name: "history", optional: true }),
        made("HumanMessagePromptTemplate", { prompt: [template("a {q}"), template("b")] }),
        made("AIMessage", { content: "as {it} is" }),
        made("ChatMessagePromptTemplate", { role: "user", prompt: template("{{y}} {x}") }),
      ],
    });
    const wanted = {
      messages: [
        { role: "system", content: "You are {{who}}." },
        { placeholder: "history" },
        { role: "user", content: "a {{q}}\n\nb" },
        { role: "assistant", content: "as {it} is" },
        { role: "user", content: "{y} {{x}}" },
      ],
      template: "mustache",
      variables: { history: { type: "messages", required: false } },
      config: {},
    };
    expect(await one(chat)).toMatchObject(wanted);
    expect(await one({ commit_hash: "x", manifest: chat })).toMatchObject(wanted);
  });

  it("that is bound to a model keeps the rest beside it, but no secrets", async () => {
    const first = made("ChatPromptTemplate", {
      messages: [made("HumanMessagePromptTemplate", { prompt: template("{q}", "f-string") })],
    });
    const last = made("ChatOpenAI", { model: "gpt-4o", openai_api_key: "sk-1", api_key: "sk-2" });
    const read = await one(made("PromptPlayground", { first, last }));
    expect(read).toMatchObject({ messages: [{ content: "{{q}}" }], config: { last: { kwargs: { model: "gpt-4o" } } } });
    expect(JSON.stringify(read)).not.toMatch(/sk-[12]/);
  });

  it("with a few examples becomes the one template that LangChain makes of them", async () => {
    const wanted = {
      text: "Antonyms 😀:\n--\nQ: happy\nA: sad\n--\nQ: {brace}\nA: 7\n--\nQ: {{word}}\nA:",
      template: "mustache",
      variables: { word: { default: "tall" } },
      config: { metadata: { owner: "ada" } },
    };
    expect(await one(fewShot)).toMatchObject(wanted);
    const { _type, example_prompt, ...kwargs } = fewShot;
    const fromHub = made("FewShotPromptTemplate", { ...kwargs, example_prompt: template(example_prompt.template) });
    expect(await one(fromHub)).toMatchObject(wanted);
    // Braces of an example are read once more by LangChain, too.
    const text = await one({ ...fewShot, examples: [{ q: "{x", a: "" }] });
    expect(text).toMatchObject({ template: "none", notes: [expect.stringContaining("kept as it is")] });
  });

  it("in the classic file of a chat has one message, the user's", async () => {
    expect(await one({ _type: "chat", messages: [{ prompt: { template: "{q}" } }] })).toMatchObject({
      messages: [{ role: "user", content: "{{q}}" }],
    });
  });

  it.each<[unknown, string]>([
    [{ a: 1 }, "the file is no prompt of LangChain: it has neither _type nor lc, id and kwargs"],
    [[], "the file is no prompt of LangChain: it has neither _type nor lc, id and kwargs"],
    [{ _type: "llm", a: 1 }, "llm of LangChain cannot be imported; a prompt, few_shot or a chat can"],
    [{ ...fewShot, examples: "examples.json" }, "of its parts one is in another file, examples.json"],
    [{ ...fewShot, example_selector: made("Selector", {}) }, "chooses its examples by a program"],
    [
      { ...fewShot, example_prompt: { template: "{{ q }}", template_format: "jinja2" } },
      "has examples in the template_format",
    ],
    [{ ...fewShot, examples: [{ q: "1", a: true }] }, "has no text for everything in example 1"],
    [{ ...fewShot, examples: [{ q: "1" }] }, "has no text for everything in example 1"],
    [
      { ...fewShot, example_prompt: { template: "x".repeat(100_000) }, examples: Array(20).fill({}) },
      "is longer than 1048576 bytes with its examples",
    ],
    [{ _type: "prompt", template_path: "x.txt" }, "has no text in the field template: it is in another file, x.txt"],
    [{ _type: "prompt", template: " " }, "is empty"],
    [{ _type: "prompt", template: "x", template_format: "erb" }, 'has the unknown template_format "erb"'],
    [{ _type: "chat", messages: [] }, "there are no messages"],
    [{ _type: "chat", messages: [{}, {}] }, "message 1 does not say its role"],
    [
      made("ChatPromptTemplate", { messages: [made("Evil", {})] }),
      "message 1 is of the class Evil, which cannot be imported",
    ],
    [
      made("ChatPromptTemplate", {
        messages: [made("HumanMessagePromptTemplate", { prompt: made("ImagePromptTemplate", {}) })],
      }),
      "message 1 has no text in the field template",
    ],
    [
      made("ChatPromptTemplate", { messages: [made("ChatMessage", { role: "narrator", content: "x" })] }),
      'message 1 has the unknown role "narrator"',
    ],
  ])("that is %j is rejected", async (value, reason) => {
    const read = await readFiles("langchain", { "a.json": JSON.stringify(value) });
    expect(rejections(read)[0]).toMatch(/^a\.json:1: /);
    expect(read[0]?.reason).toContain(reason);
  });
});
