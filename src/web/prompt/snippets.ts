/** How a program fetches the prompt: to be copied. No secret is in it, only where one belongs. Pure. */
import { contentVariables } from "../../prompt/template.ts";
import type { Prompt } from "../../sdk/index.ts";
import { curlOf } from "./curl.ts";

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
  const values = Object.fromEntries(contentVariables(prompt).map((name) => [name, "…"]));
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
