/**
 * What the template languages of the field have in common, and how it is said in Mustache: names, conditions, loops,
 * comments. What would mean something else there is a fault, and the text is kept as it is. Pure.
 */
import { parseTemplate } from "../../prompt/template.ts";

/** A text taken apart by the reader of its language. */
export type Piece =
  | { kind: "text"; text: string }
  | { kind: "print"; name: string }
  | { kind: "if"; name: string; negated: boolean }
  /** `item` is what the loop calls each of the list; null where its fields are plain names. */
  | { kind: "each"; name: string; item: string | null }
  | { kind: "else" }
  | { kind: "end"; of: "if" | "each" }
  | { kind: "comment"; text: string };

/** What is known of variables: a condition on a list or an object is no section with the same meaning. */
export type Known = ReadonlyMap<string, "plain" | "structured">;

/** `changed`: more than names; `conditions` are the names that were taken for plain values. */
export type Converted = { text: string; conditions: string[]; changed: boolean } | { fault: string };

interface Open {
  kind: "if" | "each";
  name: string;
  item: string | null;
  /** Behind `else` it is the other section. */
  negated: boolean;
}

/** As deep as templates may be; each name looks at what is open around it. */
const DEPTH_LIMIT = 64;

const plainName = /^[\p{L}_][\p{L}\p{N}_]*$/u;
const dottedName = /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u;

export function toMustache(pieces: readonly Piece[], known: Known): Converted {
  const writer = new Writer(pieces, known);
  for (const piece of pieces) {
    const fault = writer.write(piece);
    if (fault) return { fault };
  }
  return writer.end();
}

class Writer {
  readonly #known: Known;
  /** Names that are looped over or have fields: no plain values. */
  readonly #structured: ReadonlySet<string>;
  readonly #open: Open[] = [];
  readonly #conditions = new Set<string>();
  readonly #parts: string[] = [];
  /** Whether what was written last ends in a brace. To ask the growing text would copy it each time. */
  #brace = false;
  #changed = false;

  constructor(pieces: readonly Piece[], known: Known) {
    this.#known = known;
    const structured = new Set<string>();
    for (const piece of pieces) {
      if (!("name" in piece)) continue;
      if (piece.kind === "each") structured.add(piece.name);
      const dot = piece.name.indexOf(".");
      if (dot > 0) structured.add(piece.name.slice(0, dot));
    }
    this.#structured = structured;
  }

  /** Answers what cannot be said in Mustache, or null. */
  write(piece: Piece): string | null {
    if (this.#open.length > DEPTH_LIMIT) return `it is nested deeper than ${DEPTH_LIMIT}`;
    if (piece.kind === "text") return this.#literal(piece.text);
    if (this.#brace) return "a brace stands directly before a tag";
    switch (piece.kind) {
      case "print":
        return this.#print(piece.name);
      case "if":
        return this.#if(piece.name, piece.negated);
      case "each":
        return this.#each(piece.name, piece.item);
      case "else":
        return this.#else();
      case "end":
        return this.#close(piece.of);
      case "comment":
        if (piece.text.includes("}}")) return "a comment holds }}";
        this.#add(`{{!${piece.text}}}`);
        return null;
    }
  }

  end(): Converted {
    const open = this.#open.at(-1);
    if (open) return { fault: `the ${open.kind === "if" ? "condition" : "loop"} on ${open.name} is never closed` };
    const text = this.#parts.join("");
    const parsed = parseTemplate(text);
    const [fault] = "faults" in parsed ? parsed.faults : [];
    return fault ? { fault: fault.message } : { text, conditions: [...this.#conditions], changed: this.#changed };
  }

  #add(text: string): void {
    this.#parts.push(text);
    this.#brace = false;
  }

  #literal(text: string): string | null {
    if (text.includes("{{") || (this.#brace && text.startsWith("{"))) {
      return "it holds {{, which would be read as a variable";
    }
    this.#add(text);
    this.#brace = text.endsWith("{");
    return null;
  }

  #print(name: string): string | null {
    const said = this.#said(name);
    if (typeof said !== "string") return said.fault;
    this.#add(`{{${said}}}`);
    return null;
  }

  #if(name: string, negated: boolean): string | null {
    if (!plainName.test(name)) return `the condition on ${name} is more than a name`;
    if (this.#open.some(({ kind }) => kind === "each")) return `the condition on ${name} is inside a loop`;
    const structured = this.#known.get(name) === "structured" || this.#structured.has(name);
    // The other way round nothing is looked into: what is empty is empty.
    if (!negated && structured) return `the condition on ${name} is one on a list or an object`;
    if (this.#known.get(name) !== "plain") this.#conditions.add(name);
    this.#changed = true;
    this.#open.push({ kind: "if", name, item: null, negated });
    this.#add(`{{${negated ? "^" : "#"}${name}}}`);
    return null;
  }

  #each(name: string, item: string | null): string | null {
    const said = this.#said(name);
    if (typeof said !== "string") return said.fault;
    if (item !== null && !plainName.test(item)) return `the loop over ${name} has several names`;
    this.#changed = true;
    this.#open.push({ kind: "each", name: said, item, negated: false });
    this.#add(`{{#${said}}}`);
    return null;
  }

  #else(): string | null {
    const open = this.#open.at(-1);
    if (!open) return "an else stands outside of a condition";
    const { kind, name, negated } = open;
    const structured = this.#known.get(name) === "structured" || this.#structured.has(name);
    if (kind === "if" && negated && structured) return `the condition on ${name} is one on a list or an object`;
    this.#add(`{{/${name}}}{{${negated ? "#" : "^"}${name}}}`);
    open.negated = !negated;
    return null;
  }

  #close(of: "if" | "each"): string | null {
    const open = this.#open.pop();
    if (open?.kind !== of) return `a ${of === "if" ? "condition" : "loop"} is closed that is not open`;
    this.#add(`{{/${open.name}}}`);
    return null;
  }

  /** A name as Mustache has it at this place. */
  #said(name: string): string | { fault: string } {
    if (!dottedName.test(name) || name === "__proto__") return { fault: `{{${shown(name)}}} is more than a name` };
    const loops = this.#open.filter(({ kind }) => kind === "each");
    const loop = loops.at(-1);
    if (!loop) return name;
    if (loop.negated) return { fault: `{{${name}}} stands behind the else of a loop` };
    // Mustache looks for a field first: a name from outside the loop could find one.
    if (loop.item === null) return name === "this" ? "." : name.replace(/^this\./, "");
    if (name === loop.item) return ".";
    if (name.startsWith(`${loop.item}.`)) return name.slice(loop.item.length + 1);
    return { fault: `{{${name}}} comes from outside of the loop around it` };
  }
}

export function shown(part: string): string {
  const line = part.replace(/\s+/g, " ").trim();
  return line.length > 60 ? `${line.slice(0, 60).toWellFormed()}…` : line;
}
