/** The tag that somebody is in the middle of writing, and what could be meant. Pure. */
import { scanTags } from "../../prompt/template-tags.ts";

export interface OpenTag {
  /** An include is a prompt's name; anything else a variable's. */
  kind: "variable" | "include";
  /** What is there of the name. */
  begun: string;
  /** Where the name begins, in UTF-16 code units. */
  start: number;
  /** The braces that end it are there already: it was whole before, and may be meant as it is. */
  isClosed: boolean;
}

/** Names are at most so long; looking further back would cost at every key. */
const FURTHEST = 300;

/** null: the caret is in no tag, or behind its name. */
export function openTagAt(text: string, caret: number): OpenTag | null {
  const before = text.slice(Math.max(0, caret - FURTHEST), caret);
  const open = before.lastIndexOf("{{");
  if (open === -1) return null;
  const inside = before.slice(open + 2);
  const [head = "", sigil = ""] = /^\{?\s*([>#^/&]?)\s*/.exec(inside) ?? [];
  const begun = inside.slice(head.length);
  if (/[{}\n!=]/.test(begun) || (sigil !== ">" && /\s/.test(begun))) return null;
  return {
    kind: sigil === ">" ? "include" : "variable",
    begun,
    start: caret - begun.length,
    isClosed: /^\s*\}\}/.test(text.slice(caret, caret + FURTHEST)),
  };
}

/** Those that begin so first, then those that have it anywhere; what is there already is no help. */
export function suggestionsFor(begun: string, names: readonly string[], most = 8): string[] {
  const wanted = begun.toLocaleLowerCase();
  const found = [...new Set(names)].filter((name) => name !== begun && name.toLocaleLowerCase().includes(wanted));
  const starts = (name: string) => (name.toLocaleLowerCase().startsWith(wanted) ? 0 : 1);
  return found.sort((a, b) => starts(a) - starts(b)).slice(0, most);
}

/** What is put in at the caret so that the tag is whole. */
export function completionOf({ begun, isClosed }: OpenTag, name: string): { replace: number; text: string } {
  return { replace: begun.length, text: isClosed ? name : `${name}}}` };
}

/** The variables that a text names, also one in which a tag is only begun. */
export function variablesNamed(text: string): string[] {
  const names = scanTags(text).tags.flatMap(({ sigil, name }) => (sigil === ">" || sigil === "!" ? [] : [name]));
  return names.filter((name) => name !== "." && !/[\s{}]/.test(name));
}
