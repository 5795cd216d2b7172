/** How a program fetches the prompt: to be copied. No secret is in it, only where one belongs. Pure. */
import type { Json, Prompt } from "../../sdk/index.ts";
import { curlOf } from "./curl.ts";
import { type Field, fieldsOf } from "./fields.ts";

export type Language = "curl" | "TypeScript" | "Python";
export const LANGUAGES: readonly Language[] = ["curl", "TypeScript", "Python"];

interface Wanted {
  /** Where the server is. */
  url: string;
  prompt: Pick<Prompt, "name" | "project" | "text" | "messages" | "variables" | "config" | "template">;
  label: string;
}

export function snippetOf(language: Language, { url, prompt, label }: Wanted): string {
  const path = `${url}/api/prompts/${encodeURIComponent(prompt.name)}`;
  const values = Object.fromEntries(fieldsOf(prompt, []).map(({ name, type }) => [name, exampleOf(type)]));
  const hasValues = Object.keys(values).length > 0;
  const name = JSON.stringify(prompt.name);
  switch (language) {
    case "curl":
      return `${curlOf({ url, key: null, name: prompt.name, label, values })}\n`;
    case "TypeScript":
      return [
        'import { createClient } from "promptlib/sdk";',
        "",
        `const client = createClient({ url: ${JSON.stringify(url)}, token: process.env.PROMPTLIB_API_KEY });`,
        hasValues
          ? `const { rendered } = await client.renderPrompt(${name}, ${JSON.stringify({ label, values })});`
          : `const { prompt } = await client.fetchPrompt(${name}, { label: ${JSON.stringify(label)} });`,
        "",
      ].join("\n");
    case "Python":
      return [
        "import json, os, urllib.request",
        "",
        "request = urllib.request.Request(",
        `    ${JSON.stringify(hasValues ? `${path}/render` : `${path}?label=${label}`)},`,
        ...(hasValues ? [`    data=json.dumps(${JSON.stringify({ label, values })}).encode(),`] : []),
        '    headers={"Authorization": "Bearer " + os.environ["PROMPTLIB_API_KEY"],',
        '             "Content-Type": "application/json"},',
        ")",
        "prompt = json.load(urllib.request.urlopen(request))",
        "",
      ].join("\n");
  }
}

/** One that renders as it is; true and false are written otherwise in Python, so as text. */
function exampleOf(type: Field["type"]): Json {
  switch (type) {
    case "messages":
      return [{ role: "user", content: "…" }];
    case "number":
      return 0;
    case "boolean":
      return "true";
    default:
      return "…";
  }
}
