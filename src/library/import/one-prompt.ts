/** Formats with one prompt in a file, which is named after its path. */
import { CONTENT_LIMIT } from "../../contract/shapes.ts";
import { contentSize } from "../../prompt/content.ts";
import type { ImportedFile, Reader, ReadPrompt, Row } from "./reader.ts";
import { nameFromPath, readText, type SourceText } from "./whole-file.ts";

/** What a file says of its prompt, or what is wrong with it and at which line. */
export type Outcome = Omit<ReadPrompt, "name"> | { line: number; reason: string };

/** A prompt needs a name of its own: of two files with one name the second is rejected, not a next version. */
export function onePromptReader(extension: RegExp, interpret: (source: SourceText) => Outcome): Reader {
  return async function* read(files) {
    const known = new Set<string>();
    for await (const file of files) yield { path: file.path, ...(await rowOf(file, extension, interpret, known)) };
  };
}

async function rowOf(
  file: ImportedFile,
  extension: RegExp,
  interpret: (source: SourceText) => Outcome,
  known: Set<string>,
): Promise<Row> {
  const named = nameFromPath(file.inside.replace(extension, ""));
  if ("fault" in named) return { line: 1, reason: named.fault, name: null };
  const { name } = named;
  if (known.has(name)) return { line: 1, reason: `another file of this import is named "${name}" already`, name };
  known.add(name);
  const source = await readText(file);
  const read = "reason" in source ? source : interpret(source);
  if ("reason" in read) return { ...read, name };
  const size = contentSize(read);
  if (size > CONTENT_LIMIT) {
    return { line: 1, reason: `the prompt is ${size} bytes long; at most ${CONTENT_LIMIT} are allowed`, name };
  }
  return { line: 1, item: { ...read, name } };
}
