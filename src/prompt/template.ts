/**
 * Templates: which variables a text has, or where it is not a template. Mustache without its surprises:
 * no changed delimiters, no lambdas; partials are read but are not variables.
 */
import Mustache from "mustache";
import type { Content } from "../contract/shapes.ts";
import { scanTags } from "./template-tags.ts";

export interface TemplateFault {
  /** From 1; lines end in LF. */
  line: number;
  /** From 1, in UTF-16 code units, as editors and JavaScript count. */
  column: number;
  message: string;
}

/** A fault of a prompt: `index` is that of the message, from 0, or null in a text prompt. */
export interface ContentFault extends TemplateFault {
  index: number | null;
}

/**
 * The variables in order of appearance, each once; names inside a section and of the section itself included.
 * Of a dotted name (`user.name`) the variable is the first part: that is what a caller gives a value.
 */
export function parseTemplate(text: string): { variables: string[] } | { faults: TemplateFault[] } {
  // Mustache takes a text apart character by character; most prompts have no tag at all.
  if (!text.includes("{{")) return { variables: [] };
  const { faults, openSection } = scanTags(text);
  if (faults.length > 0) return { faults: faults.map(({ offset, message }) => at(text, offset, message)) };
  try {
    const variables = new Set<string>();
    collect(parse(text), variables);
    return { variables: [...variables] };
  } catch (error) {
    return { faults: [faultOf(error, text, openSection)] };
  }
}

/** What is wrong with the templates of a version: nothing where it says `none`. */
export function templateFaults(content: Content): ContentFault[] {
  return templatesOf(content).flatMap(({ index, text }) => {
    const parsed = parseTemplate(text);
    return "faults" in parsed ? parsed.faults.map((fault) => ({ index, ...fault })) : [];
  });
}

/**
 * What a caller may give when rendering: the variables of the templates and the placeholders, in order of appearance.
 * A template with faults has none.
 */
export function contentVariables(content: Content): string[] {
  const variables = new Set<string>();
  for (const { text } of templatesOf(content)) {
    const parsed = parseTemplate(text);
    if ("variables" in parsed) for (const name of parsed.variables) variables.add(name);
  }
  for (const message of content.messages ?? []) if ("placeholder" in message) variables.add(message.placeholder);
  return [...variables];
}

function templatesOf({ text, messages, template }: Content): { index: number | null; text: string }[] {
  if (template === "none") return [];
  if (text !== undefined) return [{ index: null, text }];
  return (messages ?? []).flatMap((message, index) => ("content" in message ? [{ index, text: message.content }] : []));
}

/** Mustache's tokens: sigil, value, start, end, and for a section the tokens inside. */
type Token = readonly [sigil: string, value: string, start: number, end: number, inside?: unknown];

function parse(text: string): Token[] {
  // A writer of its own for each text: Mustache's own one keeps every template it ever saw, and `Mustache.tags`
  // can be changed by anyone in the process.
  return new Mustache.Writer().parse(text, ["{{", "}}"]);
}

function collect(tokens: Token[], variables: Set<string>): void {
  for (const [sigil, value, , , inside] of tokens) {
    // `.` is the item of the section around it, not a variable.
    if (["name", "&", "#", "^"].includes(sigil) && value !== ".") {
      const dot = value.indexOf(".");
      variables.add(dot > 0 ? value.slice(0, dot) : value);
    }
    if (Array.isArray(inside)) collect(inside, variables);
  }
}

/** Mustache says what and at which offset in one sentence: `Unopened section "x" at 17`. */
function faultOf(error: unknown, text: string, openSection: number | null): TemplateFault {
  const [, kind, name, offset] =
    (error instanceof Error && /^(Unopened|Unclosed) section "(.*)" at (\d+)$/s.exec(error.message)) || [];
  if (kind === undefined) throw error;
  const place = Number(offset);
  if (kind === "Unopened") return at(text, place, `the section "${name}" is closed here but was never opened`);
  // At the end of the text nobody finds it: point at where the section begins.
  if (place === text.length && openSection !== null) {
    return at(text, openSection, `the section "${name}" is never closed`);
  }
  return at(text, place, `the section "${name}" must be closed before this`);
}

function at(text: string, offset: number, message: string): TemplateFault {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n"), message };
}
