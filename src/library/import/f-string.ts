/** Python's format strings, as LangChain uses them, taken apart: `{name}` is a variable, a brace is doubled. Pure. */
import { type Piece, shown } from "./sections.ts";

const brace = /[{}]/g;
const plainName = /^[\p{L}_][\p{L}\p{N}_]*$/u;

export function readFString(text: string): { pieces: Piece[] } | { fault: string } {
  const pieces: Piece[] = [];
  let literal: string[] = [];
  let at = 0;
  const flush = () => {
    if (literal.length > 0) pieces.push({ kind: "text", text: literal.join("") });
    literal = [];
  };
  brace.lastIndex = 0;
  for (let match = brace.exec(text); match; match = brace.exec(text)) {
    const [sign] = match;
    if (match.index > at) literal.push(text.slice(at, match.index));
    if (text.charAt(match.index + 1) === sign) {
      literal.push(sign);
      at = match.index + 2;
    } else {
      const end = sign === "{" ? text.indexOf("}", match.index) : -1;
      if (end === -1) return { fault: `a single ${sign} is no variable` };
      const name = text.slice(match.index + 1, end);
      if (!plainName.test(name)) return { fault: `{${shown(name)}} is more than a name` };
      flush();
      pieces.push({ kind: "print", name });
      at = end + 1;
    }
    brace.lastIndex = at;
  }
  if (at < text.length) literal.push(text.slice(at));
  flush();
  return { pieces };
}
