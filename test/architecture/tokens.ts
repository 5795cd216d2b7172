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

/**
 * Throws where the text cannot be read. `markup`: there are tags among it (.tsx), whose slashes begin no regular
 * expression, and whose words are read as if they were code: they are written with ’ and “”, as words should be.
 */
export function tokensOf(text: string, { markup = false } = {}): Token[] {
  return new Reader(text, markup).read();
}

class Reader {
  readonly #text: string;
  readonly #markup: boolean;
  readonly #tokens: Token[] = [];
  /** For each template that is open: how many braces are open in its ${}. */
  readonly #templates: number[] = [];
  #at: number;
  #line = 1;

  constructor(text: string, markup: boolean) {
    this.#text = text;
    this.#markup = markup;
    this.#at = text.startsWith("#!") ? text.indexOf("\n") : 0;
  }

  read(): Token[] {
    while (this.#at < this.#text.length) this.#readSpace() || this.#readWord() || this.#readMark();
    if (this.#templates.length > 0) throw new Error("a template is not closed");
    return this.#tokens;
  }

  #readSpace(): boolean {
    const skipped = this.#take(space) ?? this.#take(lineComment) ?? this.#take(blockComment);
    if (skipped === null) return false;
    this.#countLines(skipped);
    return true;
  }

  #readWord(): boolean {
    const word = this.#take(name);
    if (word !== null) return this.#add("name", word);
    if (this.#take(number) !== null) return this.#add("name", "0");
    const quoted = this.#take(string);
    if (quoted !== null) {
      this.#add("string", quoted.slice(1, -1));
      this.#countLines(quoted);
      return true;
    }
    const slash = this.#text[this.#at] === "/" && mayBeRegex(this.#tokens.at(-1)) && !this.#isOfTag();
    return slash && this.#take(regex) !== null && this.#add("name", "regex");
  }

  /** The slash of `</p>` or `<br />`. */
  #isOfTag(): boolean {
    return this.#markup && (this.#text[this.#at - 1] === "<" || this.#text[this.#at + 1] === ">");
  }

  #readMark(): void {
    const sign = this.#take(mark);
    if (sign === null) throw new Error(`line ${this.#line}: cannot be read`);
    if (sign === '"' || sign === "'") throw new Error(`line ${this.#line}: a string is not closed`);
    const depth = this.#templates.at(-1);
    if (sign === "`") {
      this.#add("template", "");
      this.#readTemplate();
    } else if (sign === "}" && depth === 0) {
      this.#templates.pop();
      this.#readTemplate();
    } else {
      if (depth !== undefined && sign === "{") this.#templates[this.#templates.length - 1] = depth + 1;
      if (depth !== undefined && sign === "}") this.#templates[this.#templates.length - 1] = depth - 1;
      this.#add("mark", sign);
    }
  }

  /** The text of a template, to its end or to the next ${. */
  #readTemplate(): void {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const sign = this.#text[this.#at];
      if (sign === "\n") this.#line += 1;
      if (sign === "\\") this.#at += 1;
      else if (sign === "`") {
        this.#at += 1;
        return;
      } else if (this.#text.startsWith("${", this.#at)) {
        this.#at += 2;
        this.#templates.push(0);
        return;
      }
    }
    throw new Error(`line ${this.#line}: a template is not closed`);
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }

  #add(kind: Token["kind"], text: string): true {
    this.#tokens.push({ kind, text, line: this.#line });
    return true;
  }

  #countLines(text: string): void {
    this.#line += text.split("\n").length - 1;
  }
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
