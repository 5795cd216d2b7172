/**
 * What the layer test reads the sources with: TypeScript 7 has no API, and tools that were built on the old one
 * find nothing and report "no violations". This reads just enough: names, marks and strings, without comments.
 *
 * Whatever it cannot read it throws at, so that a file is never passed over in silence.
 */

export interface Token {
  kind: "name" | "mark" | "string" | "template";
  /** A string without its quotes, a template with nothing of what is in it. */
  text: string;
  line: number;
}

const space = /\s+/y;
const lineComment = /\/\/[^\n]*/y;
const blockComment = /\/\*[\s\S]*?\*\//y;
const name = /#?[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;
const number = /\d[\w.]*/y;
const string = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y;
const regex = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const mark = /[^\s]/uy;
/** After one of these names a slash begins a regular expression; after any other it divides. */
const beforeRegex = new Set([
  "return",
  "typeof",
  "case",
  "in",
  "of",
  "await",
  "yield",
  "new",
  "delete",
  "void",
  "throw",
]);

/** Throws where the text cannot be read. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  /** For each template that is open: how many braces are open in its ${}. */
  const templates: number[] = [];
  let at = text.startsWith("#!") ? text.indexOf("\n") : 0;
  let line = 1;

  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? null;
    if (found === null) return null;
    at += found.length;
    return found;
  };
  const add = (kind: Token["kind"], value: string) => tokens.push({ kind, text: value, line });
  const count = (value: string) => {
    line += value.split("\n").length - 1;
  };
  const takeTemplate = () => {
    for (; at < text.length; at += 1) {
      if (text[at] === "\n") line += 1;
      if (text[at] === "\\") at += 1;
      else if (text[at] === "`") {
        at += 1;
        return;
      } else if (text.startsWith("${", at)) {
        at += 2;
        templates.push(0);
        return;
      }
    }
    throw new Error(`line ${line}: a template is not closed`);
  };

  while (at < text.length) {
    const skipped = take(space) ?? take(lineComment) ?? take(blockComment);
    if (skipped !== null) {
      count(skipped);
      continue;
    }
    const word = take(name);
    if (word !== null) {
      add("name", word);
      continue;
    }
    if (take(number) !== null) {
      add("name", "0");
      continue;
    }
    const quoted = take(string);
    if (quoted !== null) {
      add("string", quoted.slice(1, -1));
      count(quoted);
      continue;
    }
    if (text[at] === "/" && mayBeRegex(tokens.at(-1)) && take(regex) !== null) {
      add("name", "regex");
      continue;
    }
    const sign = take(mark);
    if (sign === null) throw new Error(`line ${line}: cannot be read`);
    if (sign === '"' || sign === "'") throw new Error(`line ${line}: a string is not closed`);
    const depth = templates.at(-1);
    if (sign === "`") {
      add("template", "");
      takeTemplate();
    } else if (sign === "}" && depth === 0) {
      templates.pop();
      takeTemplate();
    } else {
      if (depth !== undefined && (sign === "{" || sign === "}")) {
        templates[templates.length - 1] = depth + (sign === "{" ? 1 : -1);
      }
      add("mark", sign);
    }
  }
  if (templates.length > 0) throw new Error("a template is not closed");
  return tokens;
}

function mayBeRegex(before: Token | undefined): boolean {
  if (!before) return true;
  if (before.kind === "name") return beforeRegex.has(before.text);
  if (before.kind === "mark") return before.text !== ")" && before.text !== "]" && before.text !== "}";
  return false;
}

export interface Import {
  from: string;
  line: number;
}

/** Everything a file imports: static, for effect, exported from elsewhere, `import type`, import("…") of both sorts. */
export function importsOf(tokens: readonly Token[]): Import[] {
  const imports: Import[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== "name" || (token.text !== "import" && token.text !== "from")) continue;
    const before = tokens[index - 1];
    if (before?.kind === "mark" && before.text === ".") continue;
    const next = tokens[index + 1];
    if (next?.kind === "string") imports.push({ from: next.text, line: next.line });
    if (token.text !== "import" || next?.text !== "(" || next.kind !== "mark") continue;
    const asked = tokens[index + 2];
    if (asked?.kind !== "string") throw new Error(`line ${token.line}: import(…) of something that is no plain string`);
    imports.push({ from: asked.text, line: asked.line });
  }
  return imports;
}

/** Lines that say `any` where a type belongs. */
export function anyTypesIn(tokens: readonly Token[]): number[] {
  return tokens.flatMap((token, index) => {
    const before = tokens[index - 1];
    const typed = before && [":", "as", "<", "|", "&"].includes(before.text) && before.kind !== "string";
    return token.kind === "name" && token.text === "any" && typed ? [token.line] : [];
  });
}
