/** Files that are read as a whole, since a parser needs all of it: their text, and the name that their path gives. */
import { REQUEST_LIMIT } from "../../contract/shapes.ts";
import { nameFault } from "../../prompt/names.ts";
import type { ImportedFile } from "./reader.ts";

/** A text as it is stored: without byte-order mark, and with LF where each line of the file ends in CRLF. */
export interface SourceText {
  text: string;
  notes: string[];
}

/** What was read until the limit is let go again when the file is longer: memory stays flat. */
export async function readText(
  file: ImportedFile,
  limit = REQUEST_LIMIT,
): Promise<SourceText | { reason: string; line: number }> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of file.bytes) {
    size += piece.length;
    if (size > limit) return { line: 1, reason: `the file is larger than ${limit / 1048576} MiB` };
    parts.push(piece);
  }
  const bytes = Buffer.concat(parts);
  const text = decode(bytes);
  if (text === null) return { line: lineOfBadByte(bytes), reason: "the file is not valid UTF-8" };
  const nul = text.indexOf("\u0000");
  if (nul !== -1) {
    return { line: lineAt(text, nul), reason: "the file holds a NUL character, which cannot be stored" };
  }
  const dos = text.includes("\r\n") && !/(^|[^\r])\n/.test(text);
  return dos ? { text: text.replaceAll("\r\n", "\n"), notes: ["line ends CRLF became LF"] } : { text, notes: [] };
}

/** Null for what is not UTF-8. A byte-order mark is an editor's, not the prompt's: it is dropped. */
function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** The first line that is not UTF-8 by itself: a line end is never part of another character. */
function lineOfBadByte(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const end = bytes.indexOf("\n", start);
    const next = end === -1 ? bytes.length : end + 1;
    if (decode(bytes.subarray(start, next)) === null) return line;
    start = next;
  }
  return line;
}

export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

/** The name that a path gives, its extension taken off before; what a name cannot have is a fault, in a sentence. */
export function nameFromPath(path: string): { name: string } | { fault: string } {
  const name = path
    .replaceAll("\\", "/")
    .replace(/^(\.?\/)+/, "")
    .normalize("NFC");
  const fault = nameFault(name);
  return fault === null ? { name } : { fault: `the name that its path gives ${fault}` };
}
