import { expect, it } from "vitest";
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
