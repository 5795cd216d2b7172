/** Handlebars, as dotprompt uses it, taken apart. Pure. */
import { type Known, type Piece, shown } from "./sections.ts";

/** A tag: `{{…}}` with what is inside, without braces and blanks. */
interface HandlebarsTag {
  start: number;
  end: number;
  inside: string;
}

/** The tags in order; `broken` is where one begins that never ends, and the rest of the text is unknown. */
export function handlebarsTags(text: string): { tags: HandlebarsTag[]; broken: number | null } {
  const tags: HandlebarsTag[] = [];
  for (let start = text.indexOf("{{"); start !== -1; ) {
    const long = text.startsWith("{{!--", start) || text.startsWith("{{~!--", start);
    const closing = long ? "--}}" : text.startsWith("{{{", start) ? "}}}" : "}}";
    const at = text.indexOf(closing, start + (long ? 5 : 2));
    if (at === -1) return { tags, broken: start };
    const end = at + closing.length;
    tags.push({ start, end, inside: text.slice(start + (closing === "}}}" ? 3 : 2), at).trim() });
    start = text.indexOf("{{", end);
  }
  return { tags, broken: null };
}

export function readHandlebars(known: Known): (text: string) => { pieces: Piece[] } | { fault: string } {
  return (text) => {
    const { tags, broken } = handlebarsTags(text);
    if (broken !== null) return { fault: "{{ is never closed by }}" };
    const pieces: Piece[] = [];
    const loops: boolean[] = [];
    let at = 0;
    for (const tag of tags) {
      if (tag.start > at) pieces.push({ kind: "text", text: text.slice(at, tag.start) });
      at = tag.end;
      if (text.charAt(tag.start - 1) === "\\") return { fault: "a tag is escaped by a backslash" };
      const piece = readTag(tag.inside, known);
      if ("fault" in piece) return piece;
      if (piece.kind === "each" || piece.kind === "if") loops.push(piece.kind === "each");
      if (piece.kind === "end") loops.pop();
      const whole = piece.kind === "print" && /^this\b/.test(piece.name) && !loops.includes(true);
      if (whole) return { fault: `{{${shown(tag.inside)}}} means all variables together` };
      pieces.push(piece);
    }
    if (at < text.length) pieces.push({ kind: "text", text: text.slice(at) });
    return { pieces };
  };
}

function readTag(inside: string, known: Known): Piece | { fault: string } {
  if (/^~|~$/.test(inside)) return { fault: `{{${shown(inside)}}} takes away blanks` };
  if (inside.startsWith("!")) return { kind: "comment", text: inside.replace(/^!(--)?/, "") };
  if (inside === "else" || inside === "^") return { kind: "else" };
  const [, sigil, word, name] = /^([#/])\s*([a-z]+)(?:\s+(\S+))?$/.exec(inside) ?? [];
  if (sigil === "#" && name !== undefined) {
    if (word === "if" || word === "unless") return { kind: "if", name, negated: word === "unless" };
    if (word === "each") return { kind: "each", name, item: null };
  }
  if (sigil === "/" && name === undefined) {
    if (word === "if" || word === "unless") return { kind: "end", of: "if" };
    if (word === "each") return { kind: "end", of: "each" };
  }
  // JSON is printed as JSON by itself; a text would be put in quotes here.
  const [, json] = /^json\s+(\S+)$/.exec(inside) ?? [];
  if (json !== undefined && known.get(json) === "structured") return { kind: "print", name: json };
  if (/^[\p{L}_&]/u.test(inside) && !/\s/.test(inside)) return { kind: "print", name: inside.replace(/^&\s*/, "") };
  return { fault: `{{${shown(inside)}}} has no counterpart` };
}
