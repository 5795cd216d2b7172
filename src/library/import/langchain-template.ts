/** The template of a prompt or a message of LangChain, and the language it is written in. */
import { readFString } from "./f-string.ts";
import type { Fields } from "./fields.ts";
import { jinja, type Language, mustache, piecewise } from "./template-conversion.ts";

export interface Templated {
  text: string;
  language: Language;
}

const languages: Readonly<Record<string, Language>> = {
  "f-string": piecewise(readFString, new Map()),
  mustache,
  jinja2: jinja(new Map()),
};

export function formatOf({ template, template_format: format, template_path }: Fields): Templated | { fault: string } {
  if (typeof template !== "string") {
    const path = typeof template_path === "string" ? `: it is in another file, ${template_path}` : "";
    return { fault: `has no text in the field template${path}` };
  }
  if (template.trim() === "") return { fault: "is empty" };
  const name = typeof format === "string" ? format : "f-string";
  const language = Object.hasOwn(languages, name) ? languages[name] : undefined;
  if (!language) return { fault: `has the unknown template_format ${JSON.stringify(name)}` };
  return { text: template, language };
}
