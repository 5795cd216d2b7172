/** Jinja2, as `.prompty`, promptfoo (Nunjucks) and LangChain use it, taken apart. Pure. */
import { type Piece, shown } from "./sections.ts";

const tag = /\{[{%#]/g;
const closings: Readonly<Record<string, string>> = { "{{": "}}", "{%": "%}", "{#": "#}" };

export function readJinja(text: string): { pieces: Piece[] } | { fault: string } {
  const pieces: Piece[] = [];
  let at = 0;
  tag.lastIndex = 0;
  for (let match = tag.exec(text); match; match = tag.exec(text)) {
    const [open] = match;
    const closing = closings[open] ?? "";
    const end = text.indexOf(closing, match.index + 2);
    if (end === -1) return { fault: `${open} is never closed by ${closing}` };
    if (match.index > at) pieces.push({ kind: "text", text: text.slice(at, match.index) });
    const piece = readTag(open, text.slice(match.index + 2, end));
    if ("fault" in piece) return piece;
    pieces.push(piece);
    at = end + 2;
    tag.lastIndex = at;
  }
  if (at < text.length) pieces.push({ kind: "text", text: text.slice(at) });
  return { pieces };
}

function readTag(open: string, inside: string): Piece | { fault: string } {
  if (open === "{#") return { kind: "comment", text: inside };
  // A dash takes away the blanks beside the tag, and Mustache has no word for that.
  if (/^[-+]|[-+]$/.test(inside)) return { fault: `${open}${shown(inside)} takes away blanks` };
  const words = inside.trim();
  if (open === "{{") return { kind: "print", name: words };
  const [, not, condition] = /^if\s+(not\s+)?(\S+)$/.exec(words) ?? [];
  if (condition !== undefined) return { kind: "if", name: condition, negated: not !== undefined };
  const [, item, list] = /^for\s+(\S+)\s+in\s+(\S+)$/.exec(words) ?? [];
  if (item !== undefined && list !== undefined) return { kind: "each", name: list, item };
  if (words === "else") return { kind: "else" };
  if (words === "endif") return { kind: "end", of: "if" };
  if (words === "endfor") return { kind: "end", of: "each" };
  return { fault: `{% ${shown(words)} %} has no counterpart` };
}
