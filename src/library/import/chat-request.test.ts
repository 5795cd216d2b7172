import { describe, expect, it } from "vitest";
import { CONTENT_LIMIT } from "../../contract/shapes.ts";
import { readFiles, rejections } from "./testing/files.ts";

const json = (value: unknown) => JSON.stringify(value, null, 2);
const one = async (format: "openai" | "anthropic", value: unknown) =>
  (await readFiles(format, { "support/Türen.json": typeof value === "string" ? value : json(value) }))[0];

describe("a request to OpenAI", () => {
  it("becomes a chat named after its file, the rest its settings", async () => {
    const request = {
      model: "gpt-4o",
      messages: [
        { role: "system", content: "You help. 😀\r\n" },
        {
          role: "developer",
          content: [
            { type: "text", text: "a" },
            { type: "text", text: "b" },
          ],
        },
        { role: "user", content: "Hi {name}", name: "ada" },
        { role: "assistant", content: "Hello", tool_calls: [], refusal: null },
      ],
      temperature: 0.2,
      response_format: { type: "json_object" },
    };
    expect(await one("openai", request)).toEqual({
      path: "support/Türen.json",
      line: 1,
      name: "support/Türen",
      reason: null,
      messages: [
        { role: "system", content: "You help. 😀\r\n" },
        { role: "developer", content: "a\n\nb" },
        { role: "user", content: "Hi {name}" },
        { role: "assistant", content: "Hello" },
      ],
      template: "mustache",
      variables: {},
      config: { model: "gpt-4o", temperature: 0.2, response_format: { type: "json_object" } },
      notes: ["several parts of a message were joined by blank lines", "name of a message was left out"],
    });
  });

  it("may be the list of messages alone, with a byte-order mark", async () => {
    expect(await one("openai", '\ufeff[{"role": "user", "content": "x"}]')).toMatchObject({
      messages: [{ role: "user", content: "x" }],
      config: {},
    });
  });

  it("with double braces has them as braces", async () => {
    expect(await one("openai", [{ role: "user", content: "{{x}}" }])).toMatchObject({
      messages: [{ content: "{{x}}" }],
      template: "none",
      notes: ["kept as it is, without variables: it holds {{, which would be read as a variable"],
    });
  });

  it.each<[unknown, string]>([
    ["", "1: the file is empty"],
    ['{\n "a": 1,\n "b"\n}', "4: the file is not valid JSON: expected ':' after property name"],
    ['{\n "a": [1,\n', "3: the file is not valid JSON: unexpected end of JSON input"],
    [`${"[".repeat(100)}${"]".repeat(100)}`, "1: the file is nested too deep"],
    [
      '[{ "role": "user", "content": "x", "a": { "__proto__": 1 } }]',
      "1: a name in it is __proto__, which cannot be kept",
    ],
    [{ prompt: "x" }, "1: the file is neither a request with messages nor a list of messages"],
    [[], "1: there are no messages"],
    [
      [
        { role: "user", content: "x" },
        { role: "narrator", content: "x" },
      ],
      '1: message 2 has the role "narrator"; there are system, developer, user, assistant, tool',
    ],
    [[{ role: "user" }], "1: message 1 has no text"],
    [["x"], "1: message 1 is no object"],
    [
      [{ role: "user", content: [{ type: "image_url", image_url: {} }] }],
      '1: message 1 holds a part of the type "image_url", which cannot be stored',
    ],
    [
      [{ role: "assistant", content: "", tool_calls: [{ id: "1" }] }],
      "1: message 1 holds tool_calls, which cannot be stored",
    ],
    [
      [{ role: "user", content: "a\u0000" }],
      "1: messages.0.content: holds a NUL character or half a surrogate pair, which cannot be stored",
    ],
    [
      [{ role: "user", content: "x".repeat(CONTENT_LIMIT) }],
      `1: the prompt is ${CONTENT_LIMIT + 4} bytes long; at most ${CONTENT_LIMIT} are allowed`,
    ],
  ])("that is %j is rejected", async (value, reason) => {
    const text = typeof value === "string" ? value : json(value);
    const read = await readFiles("openai", { "a.json": text, "b.json": '[{"role":"user","content":"x"}]' });
    expect(rejections(read)).toEqual([`a.json:${reason}`]);
    expect(read[1]).toMatchObject({ name: "b", reason: null });
  });
});

describe("a request to Anthropic", () => {
  it("has its system prompt as the first message", async () => {
    const request = {
      model: "claude-x",
      max_tokens: 1024,
      system: [{ type: "text", text: "S", cache_control: { type: "ephemeral" } }],
      messages: [{ role: "user", content: "Q" }],
    };
    expect(await one("anthropic", request)).toMatchObject({
      messages: [
        { role: "system", content: "S" },
        { role: "user", content: "Q" },
      ],
      config: { model: "claude-x", max_tokens: 1024 },
      notes: ["cache_control of a part was left out"],
    });
    expect(await one("anthropic", { ...request, system: "S" })).toMatchObject({ notes: [] });
  });

  it("with what cannot be stored is rejected", async () => {
    const bad = [
      { messages: [{ role: "system", content: "x" }] },
      { system: 1, messages: [] },
      { messages: [{ role: "user", content: [{ type: "tool_result" }] }] },
    ];
    for (const value of bad) expect((await one("anthropic", value))?.reason).toBeTruthy();
  });
});
