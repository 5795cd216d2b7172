/**
 * Templates: which variables and includes a text has, or where it is not a template. Mustache without its surprises:
 * no changed delimiters, no lambdas (docs/templates.md lists every difference).
 */
import type { Content } from "../contract/shapes.ts";
import { type IncludeReference, parseReference, referenceKey } from "./include-reference.ts";
import type { TagFault } from "./template-tags.ts";
import { everyNode, type Node, parseTree, variableOf } from "./template-tree.ts";

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

/** So many are told: to find the place of each costs as much as the text before it is long. */
const FAULTS_LIMIT = 20;

/**
 * The variables in order of appearance, each once; names inside a section and of the section itself included.
 * Of a dotted name (`user.name`) the variable is the first part: that is what a caller gives a value.
 */
export function parseTemplate(text: string): { variables: string[] } | { faults: TemplateFault[] } {
  const parsed = parseNodes(text);
  if ("faults" in parsed) return { faults: parsed.faults.map((fault) => at(text, fault)) };
  const variables = new Set<string>();
  for (const node of everyNode(parsed.nodes)) {
    const variable = node.kind === "value" || node.kind === "section" ? variableOf(node.name) : null;
    if (variable !== null) variables.add(variable);
  }
  return { variables: [...variables] };
}

/** The tree, where every include names what it includes properly. */
export function parseNodes(text: string): { nodes: Node[] } | { faults: TagFault[] } {
  const parsed = parseTree(text);
  if ("faults" in parsed) return parsed;
  const faults: TagFault[] = [];
  for (const node of everyNode(parsed.nodes)) {
    const reference = node.kind === "include" ? parseReference(node.reference) : null;
    if (reference && "fault" in reference) faults.push({ offset: node.offset, message: reference.fault });
    if (faults.length === FAULTS_LIMIT) break;
  }
  return faults.length > 0 ? { faults } : parsed;
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
 * A template with faults has none. What included prompts take is not among them.
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

export interface Include {
  reference: IncludeReference;
  /** Where it is included first: the message, and the offset in it. */
  index: number | null;
  offset: number;
}

/** What the templates of a version include, by `referenceKey`, in order of appearance. Of those with faults: nothing. */
export function contentIncludes(content: Content): Map<string, Include> {
  const includes = new Map<string, Include>();
  for (const { index, text } of templatesOf(content)) {
    if (!/\{\{\s*>/.test(text)) continue;
    const parsed = parseNodes(text);
    for (const node of "nodes" in parsed ? everyNode(parsed.nodes) : []) {
      const reference = node.kind === "include" ? parseReference(node.reference) : null;
      if (!reference || "fault" in reference || includes.has(referenceKey(reference))) continue;
      includes.set(referenceKey(reference), { reference, index, offset: node.offset });
    }
  }
  return includes;
}

function templatesOf({ text, messages, template }: Content): { index: number | null; text: string }[] {
  if (template === "none") return [];
  if (text !== undefined) return [{ index: null, text }];
  return (messages ?? []).flatMap((message, index) => ("content" in message ? [{ index, text: message.content }] : []));
}

function at(text: string, { offset, message }: TagFault): TemplateFault {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n"), message };
}
