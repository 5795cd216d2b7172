/** Lines of JSON from bytes, one in memory at a time. */
import { isRecord } from "./fields.ts";
import { namesLost } from "./nesting.ts";

/** A version of a mebibyte can have six times that as JSON. */
const LINE_LIMIT = 16 * 1024 * 1024;
const LF = 10;

export interface Line {
  line: number;
  /** An object, or null where the line is none. */
  value: Record<string, unknown> | null;
  fault: string | null;
}

export async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Line, void, undefined> {
  let line = 1;
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    let from = 0;
    for (let at = piece.indexOf(LF); at !== -1; at = piece.indexOf(LF, from)) {
      parts.push(piece.subarray(from, at));
      yield read(line, parts, size + at - from);
      [parts, size, from, line] = [[], 0, at + 1, line + 1];
    }
    size += piece.length - from;
    // A line without an end is counted on and not kept.
    if (size <= LINE_LIMIT) parts.push(piece.subarray(from));
    else parts = [];
  }
  if (size > 0) yield read(line, parts, size);
}

function read(line: number, parts: readonly Uint8Array[], size: number): Line {
  if (size > LINE_LIMIT) return { line, value: null, fault: `the line is longer than ${LINE_LIMIT / 1048576} MiB` };
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts));
    const value = JSON.parse(text);
    const lost = namesLost(value);
    if (lost !== null) return { line, value: null, fault: lost };
    return isRecord(value) ? { line, value, fault: null } : { line, value: null, fault: "the line is no object" };
  } catch (error) {
    if (error instanceof SyntaxError) return { line, value: null, fault: "the line is not valid JSON" };
    if (error instanceof TypeError) return { line, value: null, fault: "the line is not valid UTF-8" };
    throw error;
  }
}
