/**
 * Rendering a version: values put into its texts, messages put into its placeholders, includes put into their places.
 * Pure: the same in the server, in applications (`promptlib/sdk`) and in pages. docs/templates.md has the rules.
 */
import { PromptlibError } from "../contract/errors.ts";
import type { Content, Json, Variable } from "../contract/shapes.ts";
import { Faults, type RenderFault, type Source } from "./render-fault.ts";
import { Budget, type Template, TextRenderer } from "./render-text.ts";
import { takeValues, type Use, unknownValues, type Wanted } from "./render-values.ts";
import { contentIncludes, parseNodes } from "./template.ts";
import { everyNode, variableOf } from "./template-tree.ts";
import { asMessages, type ChatMessage } from "./values.ts";

/** A text prompt that is included, as `resolveIncludes` finds it. */
export interface IncludedText {
  readonly prompt: Content & { readonly name: string };
}

export interface RenderedMessage extends ChatMessage {
  /** The message of the prompt that it comes from, from 0; and which of the messages given for a placeholder it is. */
  origin: { index: number | null; item: number | null };
}

export type Rendered = ({ text: string } | { messages: RenderedMessage[] }) & {
  /** What is strange but can be rendered: values that nothing uses, variables without a value. */
  warnings: RenderFault[];
};

/**
 * Errors: `render_invalid` with all faults at once (wrong and missing values, with line and column),
 * `render_too_large`, `include_unresolved` when `includes` lacks one.
 */
export function render(
  content: Content,
  given: Readonly<Record<string, Json>>,
  includes: ReadonlyMap<string, IncludedText> = new Map(),
): Rendered {
  const faults = new Faults();
  const texts = readTexts(content, includes, faults);
  const wanted = wantedBy(content, texts, includes);
  const variables = takeValues(wanted, given, faults);
  if (faults.told.length > 0) throw new PromptlibError("render_invalid", { details: { faults: faults.told } });

  const warnings = new Faults();
  for (const name of unknownValues(wanted, given)) {
    warnings.add(null, name, `“${name}” was given, and nothing in the prompt uses it`);
  }
  const body = renderBody(content, texts, wanted, variables, warnings);
  return { ...body, warnings: warnings.told };
}

interface Texts {
  /** Of the prompt: one, or one for each message; null for a placeholder. */
  own: (Template | null)[];
  included: Map<string, Template>;
}

function readTexts(content: Content, includes: ReadonlyMap<string, IncludedText>, faults: Faults): Texts {
  const missing = [...contentIncludes(content).keys()].filter((key) => !includes.has(key));
  if (missing.length > 0) {
    throw new PromptlibError("include_unresolved", {
      message: `What is included was not looked for: ${missing.join(", ")}.`,
    });
  }
  const read = (text: string, include: string | null, index: number | null, { template }: Content) =>
    readText({ include, index, text }, template, faults);
  const own = content.messages?.map((message, index) =>
    "content" in message ? read(message.content, null, index, content) : null,
  ) ?? [read(content.text ?? "", null, null, content)];
  const included = new Map(
    [...includes].map(([key, { prompt }]) => [key, read(prompt.text ?? "", prompt.name, null, prompt)]),
  );
  return { own, included };
}

function readText(source: Source, template: Content["template"], faults: Faults): Template {
  const verbatim: Template = { source, nodes: [{ kind: "text", text: source.text, offset: 0, lineStart: true }] };
  if (template === "none") return verbatim;
  const parsed = parseNodes(source.text);
  if ("nodes" in parsed) return { source, nodes: parsed.nodes };
  for (const { offset, message } of parsed.faults) faults.add({ source, offset }, null, message);
  return verbatim;
}

/** The prompt's own description of a variable counts before that of an include. */
function wantedBy(content: Content, { own, included }: Texts, includes: ReadonlyMap<string, IncludedText>): Wanted {
  const uses = new Map<string, Use>();
  for (const [index, template] of [...own, ...included.values()].entries()) {
    const message = content.messages?.[index];
    if (template) usedBy(template, uses);
    else if (message && "placeholder" in message) {
      const spot = { source: { include: null, index, text: "" }, offset: null };
      uses.set(message.placeholder, { spot: uses.get(message.placeholder)?.spot ?? spot, placeholder: true });
    }
  }
  const declared = new Map<string, Variable>(Object.entries(content.variables));
  for (const { prompt } of includes.values()) {
    for (const [name, variable] of Object.entries(prompt.variables)) {
      if (!declared.has(name)) declared.set(name, variable);
    }
  }
  return { uses, declared };
}

function usedBy({ source, nodes }: Template, uses: Map<string, Use>): void {
  for (const node of everyNode(nodes)) {
    const name = node.kind === "value" || node.kind === "section" ? variableOf(node.name) : null;
    if (name !== null && !uses.has(name)) uses.set(name, { spot: { source, offset: node.offset }, placeholder: false });
  }
}

function renderBody(
  content: Content,
  { own, included }: Texts,
  { uses, declared }: Wanted,
  variables: ReadonlyMap<string, Json>,
  warnings: Faults,
): { text: string } | { messages: RenderedMessage[] } {
  const missed = new Set<string>();
  const budget = new Budget();
  const renderer = new TextRenderer(
    {
      variables,
      asJson: new Set([...declared].filter(([, { type }]) => type === "json").map(([name]) => name)),
      includes: included,
      onMiss(name, spot) {
        if (missed.has(name)) return;
        missed.add(name);
        const variable = variableOf(name);
        if (variable !== null && declared.get(variable)?.required === false) return;
        warnings.add(spot, variable, `“${name}” has no value: nothing stands here`);
      },
    },
    budget,
  );
  const { messages } = content;
  if (!messages) return { text: own[0] ? renderer.render(own[0]) : "" };
  const given = new Map<string, ChatMessage[]>();
  const rendered = messages.flatMap((message, index): RenderedMessage[] => {
    if ("content" in message) {
      const template = own[index];
      return [
        { role: message.role, content: template ? renderer.render(template) : "", origin: { index, item: null } },
      ];
    }
    const { placeholder } = message;
    const value = variables.get(placeholder);
    if (value === undefined && declared.get(placeholder)?.required !== false && !missed.has(placeholder)) {
      missed.add(placeholder);
      warnings.add(uses.get(placeholder)?.spot ?? null, placeholder, `“${placeholder}” was given no messages`);
    }
    const items = given.get(placeholder) ?? asMessages(value ?? []);
    given.set(placeholder, items);
    return placed(items, index, budget);
  });
  return { messages: rendered };
}

function placed(messages: readonly ChatMessage[], index: number, budget: Budget): RenderedMessage[] {
  return messages.map(({ role, content }, item) => {
    budget.step();
    budget.write(content.length);
    return { role, content, origin: { index, item } };
  });
}
