/** Files that begin with YAML between two lines `---`: what the YAML says, and the rest. */
import { isNode, LineCounter, parseDocument } from "yaml";
import type { Json } from "../../contract/shapes.ts";
import { namesLost, nestedTooDeep } from "./nesting.ts";
import { lineAt } from "./whole-file.ts";

export interface FrontMatter {
  data: Record<string, Json>;
  /** Behind the second line `---`; all of the file where there is no front matter. */
  body: string;
  /** Whether comments stood above the first line `---`; they are no part of the prompt. */
  commented: boolean;
}

type Fault = { reason: string; line: number };

/** Comments and blank lines may stand above it. */
const opening = /^(?:#[^\n]*\n|[ \t]*\r?\n)*---[ \t]*(?:\r?\n|$)/;
const closing = /^---[ \t]*\r?$/m;

export function readFrontMatter(text: string): FrontMatter | Fault {
  const before = opening.exec(text)?.[0];
  if (before === undefined) return { data: {}, body: text, commented: false };
  const behind = text.slice(before.length);
  const end = closing.exec(behind);
  const firstLine = lineAt(text, before.length);
  if (!end) return { line: firstLine - 1, reason: "the front matter that --- begins here is never closed by ---" };
  const parsed = parseYaml(behind.slice(0, end.index), "the front matter");
  if ("reason" in parsed) return { ...parsed, line: parsed.line + firstLine - 1 };
  const data = parsed.value ?? {};
  if (typeof data !== "object" || Array.isArray(data)) {
    return { line: firstLine, reason: "the front matter is no list of keys and values" };
  }
  // Without the line end of the closing line.
  const body = behind.slice(end.index + end[0].length).replace(/^\n/, "");
  return { data, body, commented: before.includes("#") };
}

/** A parser of YAML takes its time, and nobody writes more than this by hand. */
const YAML_LIMIT = 256 * 1024;

/** A value, and the line at which a part of it begins. */
interface Parsed {
  value: Json;
  lineOf(path: readonly (string | number)[]): number;
}

/** What a document of YAML says; only the first of its faults is told. */
export function parseYaml(text: string, what: string): Parsed | Fault {
  if (text.length > YAML_LIMIT) return { line: 1, reason: `${what} is longer than ${YAML_LIMIT / 1024} KiB` };
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { prettyErrors: false, lineCounter: lines, logLevel: "error" });
    const [error] = document.errors;
    if (error?.message.startsWith("Maximum call stack")) return tooDeep(what);
    if (error) {
      return {
        line: lines.linePos(error.pos[0]).line,
        reason: `${what} is not valid YAML: ${sentence(error.message)}`,
      };
    }
    // Few aliases: some lines of them can make gigabytes.
    const value: unknown = document.toJS({ maxAliasCount: 50 });
    if (nestedTooDeep(value)) return tooDeep(what);
    const lost = namesLost(value);
    if (lost !== null) return { line: 1, reason: lost };
    if (!isJson(value)) return { line: 1, reason: `${what} holds a value that JSON cannot hold` };
    const lineOf: Parsed["lineOf"] = (path) => {
      const node = document.getIn(path, true);
      return isNode(node) && node.range ? lines.linePos(node.range[0]).line : 1;
    };
    return { value, lineOf };
  } catch (error) {
    // The parser calls itself for each level.
    if (error instanceof RangeError) return tooDeep(what);
    if (error instanceof ReferenceError) return { line: 1, reason: `${what} is not valid YAML: ${error.message}` };
    throw error;
  }
}

function tooDeep(what: string): Fault {
  return { line: 1, reason: `${what} is nested too deep` };
}

/** YAML knows values that JSON does not: infinity, binary data, sets. */
function isJson(value: unknown): value is Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value !== "object") return false;
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isJson);
}

function sentence(message: string): string {
  const [line = ""] = message.split("\n");
  return line.charAt(0).toLowerCase() + line.slice(1);
}
