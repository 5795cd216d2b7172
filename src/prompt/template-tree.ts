/**
 * A template as a tree: sections hold what is inside them, and a tag that is alone on its line takes the line along
 * (https://github.com/mustache/spec, "standalone"). Our own, because the package `mustache` also takes the blanks and the
 * line end of a line with several tags, and keeps an array for each character.
 */
import { scanTags, type Tag, type TagFault } from "./template-tags.ts";

interface Place {
  /** Where the tag or the text begins, in UTF-16 code units from 0. */
  offset: number;
  /** Whether a line of the template begins with it: what is included with an indentation gets it there. */
  lineStart: boolean;
}
export type Node = Place &
  (
    | { kind: "text"; text: string }
    | { kind: "value"; name: string }
    | { kind: "section"; name: string; inverted: boolean; inside: Node[] }
    /** `indent`: the blanks before a tag that is alone on its line; null for any other. */
    | { kind: "include"; reference: string; indent: string | null }
  );

/** Rendering goes down one call for each section inside a section. */
const DEPTH_LIMIT = 64;

export function parseTree(text: string): { nodes: Node[] } | { faults: TagFault[] } {
  const { tags, faults } = scanTags(text);
  if (faults.length > 0) return { faults };
  return new Growth(text).grow(tags);
}

interface Open {
  tag: Tag;
  inside: Node[];
}

class Growth {
  readonly #text: string;
  readonly #root: Node[] = [];
  readonly #open: Open[] = [];
  #inside = this.#root;
  /** Up to where the text is in the tree. */
  #done = 0;

  constructor(text: string) {
    this.#text = text;
  }

  grow(tags: readonly Tag[]): { nodes: Node[] } | { faults: TagFault[] } {
    let before = 0;
    for (const tag of tags) {
      const line = aloneOnLine(this.#text, before, tag);
      this.#addText(line?.from ?? tag.start);
      const fault = this.#addTag(tag, line);
      if (fault !== null) return { faults: [{ offset: tag.start, message: fault }] };
      this.#done = line?.to ?? tag.end;
      before = tag.end;
    }
    this.#addText(this.#text.length);
    const unclosed = this.#open.at(-1);
    if (!unclosed) return { nodes: this.#root };
    const { start, name } = unclosed.tag;
    return { faults: [{ offset: start, message: `the section "${name}" is never closed` }] };
  }

  #addText(end: number): void {
    if (end <= this.#done) return;
    const offset = this.#done;
    const text = this.#text.slice(offset, end);
    this.#inside.push({ kind: "text", text, offset, lineStart: this.#startsLine(offset) });
  }

  #startsLine(offset: number): boolean {
    return offset === 0 || this.#text.charAt(offset - 1) === "\n";
  }

  /** Answers what is wrong with a section. */
  #addTag({ sigil, name, start, end }: Tag, line: Line | null): string | null {
    const place = { offset: start, lineStart: line === null && this.#startsLine(start) };
    if (sigil === "/") return this.#close(name);
    if (sigil === "" || sigil === "&") this.#inside.push({ kind: "value", name, ...place });
    if (sigil === ">") {
      const indent = line ? this.#text.slice(line.from, start) : null;
      this.#inside.push({ kind: "include", reference: name, indent, ...place });
    }
    if (sigil !== "#" && sigil !== "^") return null;
    if (this.#open.length === DEPTH_LIMIT) return `sections are nested deeper than ${DEPTH_LIMIT}`;
    const inside: Node[] = [];
    this.#inside.push({ kind: "section", name, inverted: sigil === "^", inside, ...place });
    this.#open.push({ tag: { sigil, name, start, end }, inside: this.#inside });
    this.#inside = inside;
    return null;
  }

  #close(name: string): string | null {
    const open = this.#open.pop();
    if (!open) return `the section "${name}" is closed here but was never opened`;
    if (open.tag.name !== name) return `the section "${open.tag.name}" must be closed before this`;
    this.#inside = open.inside;
    return null;
  }
}

interface Line {
  from: number;
  to: number;
}

/** From the first blank before to the line end behind. */
const blanksToLineEnd = /[^\S\n]*(?:\n|$)/y;

/** The line that a tag has for itself, or null. `before`: where the tag before it ended, 0 for the first. */
function aloneOnLine(text: string, before: number, { sigil, start, end }: Tag): Line | null {
  if (sigil === "" || sigil === "&") return null;
  // Only what is between two tags is looked at: a line may be a megabyte of tags.
  const gap = text.slice(before, start);
  const newline = gap.lastIndexOf("\n");
  if ((newline === -1 && before > 0) || /\S/.test(gap.slice(newline + 1))) return null;
  blanksToLineEnd.lastIndex = end;
  if (!blanksToLineEnd.test(text)) return null;
  return { from: before + newline + 1, to: blanksToLineEnd.lastIndex };
}

/** Every node, sections before what is inside them. */
export function* everyNode(nodes: readonly Node[]): Generator<Node, void, undefined> {
  for (const node of nodes) {
    yield node;
    if (node.kind === "section") yield* everyNode(node.inside);
  }
}

/**
 * The variable that a name reads first: of `user.name` it is `user`. Null for `.`, and for `.name`, a field of the item
 * of the section around it.
 */
export function variableOf(name: string): string | null {
  const dot = name.indexOf(".");
  return dot === -1 ? name : dot === 0 ? null : name.slice(0, dot);
}
