/**
 * From a template's tree and the values to text: Mustache's meaning, without escaping for HTML. What is put in is never
 * read as a template again. Only own properties of JSON count, so nothing is found that nobody gave.
 */
import { PromptlibError } from "../contract/errors.ts";
import type { Json } from "../contract/shapes.ts";
import { parseReference, referenceKey } from "./include-reference.ts";
import type { Source, Spot } from "./render-fault.ts";
import type { Node } from "./template-tree.ts";
import { isRecord } from "./values.ts";

/** In UTF-16 code units, over all messages of a prompt; as UTF-8 it may be three times as many bytes. */
export const RENDER_LIMIT = 4 * 1024 * 1024;
/** Tags, items of lists and places looked at: a second of work at most, whatever the template says. */
const STEPS_LIMIT = 2_000_000;

export interface Template {
  source: Source;
  nodes: readonly Node[];
}

export interface World {
  variables: ReadonlyMap<string, Json>;
  /** Those of type json: printed as JSON also where they are a string or null. */
  asJson: ReadonlySet<string>;
  /** By `referenceKey`. */
  includes: ReadonlyMap<string, Template>;
  /** A tag that prints a value found none. */
  onMiss(name: string, spot: Spot): void;
}

/** How much may still be written and done. Spending more throws `render_too_large`. */
export class Budget {
  #characters = RENDER_LIMIT;
  #steps = STEPS_LIMIT;

  write(characters: number): void {
    this.#characters -= characters;
    if (this.#characters >= 0) return;
    throw new PromptlibError("render_too_large");
  }

  step(steps = 1): void {
    this.#steps -= steps;
    if (this.#steps >= 0) return;
    throw new PromptlibError("render_too_large", {
      message: "Rendering this takes too many steps: long lists, or sections over lists inside each other.",
    });
  }
}

/** What a name stands for; `variable` when it is the whole of one. */
interface Found {
  value: Json;
  variable: string | null;
}

export class TextRenderer {
  readonly #world: World;
  readonly #budget: Budget;
  /** The items of the sections that we are in, the innermost last. */
  readonly #items: Json[] = [];
  /** The parts of a name: it may be long, and looked for again and again. */
  readonly #parts = new Map<string, string[]>();
  /** By the reference as it is written. */
  readonly #included = new Map<string, Template>();
  #pieces: string[] = [];

  constructor(world: World, budget: Budget) {
    this.#world = world;
    this.#budget = budget;
  }

  render({ source, nodes }: Template): string {
    this.#pieces = [];
    this.#nodes(source, nodes, "");
    return this.#pieces.join("");
  }

  /** `indent` goes before each line of the template, not of the values in it. */
  #nodes(source: Source, nodes: readonly Node[], indent: string): void {
    for (const node of nodes) {
      this.#budget.step();
      if (node.kind === "text") this.#text(node.text, node.lineStart, indent);
      else {
        if (node.lineStart) this.#write(indent);
        if (node.kind === "value") this.#value(source, node);
        else if (node.kind === "section") this.#section(source, node, indent);
        else this.#include(node, indent);
      }
    }
  }

  #text(text: string, lineStart: boolean, indent: string): void {
    let atStart = lineStart;
    for (const line of indent === "" ? [text] : text.split(/(?<=\n)/)) {
      // Empty lines stay empty.
      if (atStart && !/^\r?\n$/.test(line)) this.#write(indent);
      this.#write(line);
      atStart = line.endsWith("\n");
    }
  }

  #value(source: Source, { name, offset }: { name: string; offset: number }): void {
    const found = this.#find(name);
    if (found === null) this.#world.onMiss(name, { source, offset });
    else this.#write(printed(found.value, found.variable !== null && this.#world.asJson.has(found.variable)));
  }

  #section(source: Source, { name, inverted, inside }: Node & { kind: "section" }, indent: string): void {
    const value = this.#find(name)?.value ?? null;
    const items = Array.isArray(value) ? value : value ? [value] : [];
    if (inverted) {
      if (items.length === 0) this.#nodes(source, inside, indent);
      return;
    }
    for (const item of items) {
      this.#budget.step();
      this.#items.push(item);
      this.#nodes(source, inside, indent);
      this.#items.pop();
    }
  }

  #include(node: Node & { kind: "include" }, indent: string): void {
    const template = this.#included.get(node.reference) ?? this.#lookUp(node.reference);
    // Inside a line nothing is indented. Alone on one, every line of it is: by the blanks there and by what is around.
    this.#nodes(template.source, template.nodes, node.indent === null ? "" : indent + node.indent);
  }

  #lookUp(written: string): Template {
    const reference = parseReference(written);
    const template = "fault" in reference ? undefined : this.#world.includes.get(referenceKey(reference));
    if (!template) throw new Error(`the include ${written} was not looked for`);
    this.#included.set(written, template);
    return template;
  }

  #find(name: string): Found | null {
    if (name === ".") return this.#found(this.#items.at(-1));
    const parts = this.#partsOf(name);
    this.#budget.step(parts.length - 1);
    const [first = ""] = parts;
    const start = first === "" ? this.#found(this.#items.at(-1)) : this.#resolve(first);
    if (parts.length === 1) return start;
    let value = start?.value;
    for (let at = 1; at < parts.length && value !== undefined; at++) value = fieldOf(value, parts[at] ?? "");
    return this.#found(value);
  }

  #partsOf(name: string): string[] {
    const parts = this.#parts.get(name) ?? name.split(".");
    this.#parts.set(name, parts);
    return parts;
  }

  #found(value: Json | undefined): Found | null {
    return value === undefined ? null : { value, variable: null };
  }

  /** Fields of the items around, the innermost first, then variables. */
  #resolve(name: string): Found | null {
    for (let depth = this.#items.length - 1; depth >= 0; depth--) {
      this.#budget.step();
      const item = this.#items[depth];
      const field = item !== undefined && isRecord(item) ? fieldOf(item, name) : undefined;
      if (field !== undefined) return this.#found(field);
    }
    const value = this.#world.variables.get(name);
    return value === undefined ? null : { value, variable: name };
  }

  #write(text: string): void {
    if (text === "") return;
    this.#budget.write(text.length);
    this.#pieces.push(text);
  }
}

/** Own properties alone; of a list its items by number, and `length`. */
function fieldOf(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, Json>>)[name];
}

function printed(value: Json, asJson: boolean): string {
  if (asJson || (typeof value === "object" && value !== null)) return JSON.stringify(value);
  return value === null ? "" : String(value);
}
