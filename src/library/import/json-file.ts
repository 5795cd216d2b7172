/** A file that is one value of JSON; a fault has its line. */
import type { Json } from "../../contract/shapes.ts";
import { namesLost, nestedTooDeep } from "./nesting.ts";
import { lineAt } from "./whole-file.ts";

export function parseJsonFile(text: string): { value: Json } | { line: number; reason: string } {
  if (text.trim() === "") return { line: 1, reason: "the file is empty" };
  try {
    const value: Json = JSON.parse(text);
    if (nestedTooDeep(value)) return { line: 1, reason: "the file is nested too deep" };
    const lost = namesLost(value);
    return lost === null ? { value } : { line: 1, reason: lost };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { line: lineOfFault(text, error.message), reason: `the file is not valid JSON: ${said(error.message)}` };
  }
}

/** The engine says where in its sentence; at the end of the file it says nothing. */
function lineOfFault(text: string, message: string): number {
  const [, position] = /at position (\d+)/.exec(message) ?? [];
  return lineAt(text, position === undefined ? text.length : Number(position));
}

/** Without a piece of the file, which may be long, and without the place, which is told as line. */
function said(message: string): string {
  const [sentence = ""] = message.split(/ (?:in JSON )?at position |, (?:\.\.\.)?"/);
  return sentence.replace(/ in JSON$/, "").replace(/^[A-Z]/, (letter) => letter.toLowerCase());
}

/** The line at which each element of the list begins that a file of valid JSON holds. */
export function elementLines(text: string): number[] {
  const lines: number[] = [];
  let line = 1;
  let depth = 0;
  let quoted = false;
  let between = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === "\n") line += 1;
    else if (quoted) {
      if (sign === "\\") at += 1;
      else if (sign === '"') quoted = false;
    } else if (sign !== undefined && !" \t\r\ufeff".includes(sign)) {
      if (depth === 1 && between && sign !== "]") {
        lines.push(line);
        between = false;
      }
      if (sign === '"') quoted = true;
      if (sign === "[" || sign === "{") depth += 1;
      if (sign === "]" || sign === "}") depth -= 1;
      if ((sign === "[" || sign === ",") && depth === 1) between = true;
    }
  }
  return lines;
}
