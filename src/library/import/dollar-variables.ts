// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables are written so in the files read here
/** Variables written `${name}` or `${name:default}`, made Mustache where that changes no meaning. Pure. */
import type { Variable } from "../../contract/shapes.ts";

export interface ConvertedText {
  text: string;
  variables: Record<string, Variable>;
  template: "mustache" | "none";
  /** What was done or why it was not; null when the text has no variables of any kind. */
  note: string | null;
}

const form = /\$\{([^{}:]*)(?::([^{}]*))?\}/g;
const nameForm = /^[\p{L}_][\p{L}\p{N}_ -]*$/u;
const LONGEST_NAME = 128;

/**
 * All or nothing: a text in which one `${` is not a plain variable (JavaScript, shell, nested forms) stays as it is,
 * as does one in which Mustache would see tags of its own.
 */
export function convertDollarVariables(body: string): ConvertedText {
  if (body.includes("{{")) return verbatim(body, "it holds {{, which would be read as a variable");
  if (!body.includes("${")) return { text: body, variables: {}, template: "mustache", note: null };

  const matches = [...body.matchAll(form)];
  if (matches.length !== body.split("${").length - 1) return verbatim(body, "not every ${ in it begins a variable");
  const defaults = new Map<string, string>();
  for (const match of matches) {
    const [whole, rawName = "", rawDefault] = match;
    const fault = faultOf(rawName, body.charAt(match.index - 1));
    if (fault) return verbatim(body, `${shown(whole)} ${fault}`);
    const name = rawName.trim();
    const given = rawDefault?.trim();
    const known = defaults.get(name);
    if (given !== undefined && known !== undefined && known !== given) {
      return verbatim(body, `the variable ${shown(name)} has several defaults`);
    }
    if (given !== undefined) defaults.set(name, given);
  }
  return {
    text: body.replace(form, (_, name: string) => `{{${name.trim()}}}`),
    variables: Object.fromEntries([...defaults].map(([name, value]) => [name, { default: value }])),
    template: "mustache",
    note: "variables written ${name} became {{name}}",
  };
}

function faultOf(name: string, before: string): string | null {
  if (before === "{") return "stands directly behind a brace";
  if (before === "\\") return "is escaped by a backslash";
  // JavaScript's own word: as a key of a plain object it would vanish.
  if (!nameForm.test(name) || name.trim() === "__proto__") return "is not the name of a variable";
  return name.length > LONGEST_NAME ? "has too long a name for a variable" : null;
}

function verbatim(body: string, why: string): ConvertedText {
  return { text: body, variables: {}, template: "none", note: `kept as it is, without variables: ${why}` };
}

/** Short enough for a report of one line. */
function shown(part: string): string {
  const line = part.replace(/\s+/g, " ");
  return line.length > 60 ? `${line.slice(0, 60).toWellFormed()}…` : line;
}
