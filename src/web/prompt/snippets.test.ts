import { expect, it } from "vitest";
import { typedValue } from "../../prompt/values.ts";
import { LANGUAGES, snippetOf } from "./snippets.ts";

const prompt = {
  project: "default",
  name: "mail/it's",
  text: "Hello {{name}}",
  variables: {},
  config: {},
  template: "mustache" as const,
};
const wanted = { url: "https://prompts.example.com", prompt, label: "production" };

it("what is copied renders where there are variables, and fetches where there are none", () => {
  expect(snippetOf("curl", wanted)).toBe(
    `curl -H "Authorization: Bearer $PROMPTLIB_API_KEY" -H 'content-type: application/json' \\
  -d '{"label":"production","values":{"name":"…"}}' \\
  'https://prompts.example.com/api/prompts/mail%2Fit'\\''s/render'
`,
  );
  expect(snippetOf("curl", { ...wanted, prompt: { ...prompt, text: "Hello" } })).toBe(
    `curl -H "Authorization: Bearer $PROMPTLIB_API_KEY" 'https://prompts.example.com/api/prompts/mail%2Fit'\\''s?label=production'\n`,
  );
  expect(snippetOf("TypeScript", { ...wanted, prompt: { ...prompt, text: "Hello" } })).toContain(
    'client.fetchPrompt("mail/it\'s", { label: "production" })',
  );
  expect(snippetOf("Python", wanted)).toContain(
    'data=json.dumps({"label":"production","values":{"name":"…"}}).encode()',
  );
});

it("no secret is in it: the key comes from the environment", () => {
  for (const language of LANGUAGES) expect(snippetOf(language, wanted)).toContain("PROMPTLIB_API_KEY");
});

it("what belongs in place of messages is a list of messages, and a number is one: it renders as it is copied", () => {
  const chat = {
    ...prompt,
    text: undefined,
    messages: [{ role: "system" as const, content: "{{n}} {{on}} {{who}}" }, { placeholder: "history" }],
    variables: { n: { type: "number" as const }, on: { type: "boolean" as const } },
  };
  const copied = snippetOf("Python", { ...wanted, prompt: chat });
  const { values } = JSON.parse(/json\.dumps\((.*)\)\.encode/.exec(copied)?.[1] ?? "");
  expect(values).toEqual({ n: 0, on: "true", who: "…", history: [{ role: "user", content: "…" }] });
  for (const [name, type] of [
    ["n", "number"],
    ["on", "boolean"],
    ["history", "messages"],
  ] as const)
    expect(typedValue(type, values[name])).toHaveProperty("value");
});
