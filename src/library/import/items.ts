/**
 * The import: readers of other people's formats, each a stream of files in, a stream of prompts out, flat in memory.
 *
 * This file goes from pieces of files to items that can be saved, or that say why they cannot.
 */
import { PromptlibError } from "../../contract/errors.ts";
import type { ImportFormat, ImportItem, ImportPiece } from "../../contract/import-shapes.ts";
import { savePrompt } from "../../contract/shapes.ts";
import { type PreparedSave, prepareSave } from "../prepare-save.ts";
import { readAnthropic, readOpenai } from "./chat-request.ts";
import { readPromptCsv } from "./csv.ts";
import { readDotprompt } from "./dotprompt.ts";
import { readFabric } from "./fabric.ts";
import { GivenNames } from "./given-names.ts";
import { readLangchain } from "./langchain.ts";
import { readLangfuse } from "./langfuse.ts";
import { nestedTooDeep } from "./nesting.ts";
import { readPromptfoo } from "./promptfoo.ts";
import { readPrompty } from "./prompty.ts";
import type { ImportedFile, Reader, ReadPrompt } from "./reader.ts";

export interface Pending {
  item: ImportItem;
  save: PreparedSave;
  isVersion: boolean;
}

/** Our own format is no reader's: it holds more than a prompt that could be saved. */
export type ForeignFormat = Exclude<ImportFormat, "promptlib">;

const readers: Readonly<Record<ForeignFormat, Reader>> = {
  csv: readCsvFiles,
  fabric: readFabric,
  prompty: readPrompty,
  dotprompt: readDotprompt,
  openai: readOpenai,
  anthropic: readAnthropic,
  langchain: readLangchain,
  langfuse: readLangfuse,
  promptfoo: readPromptfoo,
};

async function* readCsvFiles(files: Parameters<Reader>[0]): ReturnType<Reader> {
  // Versions of one prompt, a file each, would be made anew by every import of them.
  const names = new GivenNames();
  for await (const { path, bytes } of files)
    for await (const row of readPromptCsv(bytes, names)) yield { path, ...row };
}

/** In the order of the files. What needs no saving comes with its result: twins and rejected rows. */
export async function* readItems(
  pieces: AsyncIterable<ImportPiece>,
  format: ForeignFormat,
): AsyncGenerator<Pending | { item: ImportItem }> {
  for await (const row of readers[format](filesOf(pieces))) {
    const { path, line } = row;
    const item: ImportItem = { path, line, name: null, result: "rejected", version: null, reason: null, notes: [] };
    if ("twin" in row) yield { item: { ...item, name: row.twin, result: "twin" } };
    else if ("reason" in row) yield { item: { ...item, name: row.name, reason: row.reason } };
    else yield prepare({ ...item, name: row.item.name, notes: row.item.notes }, row.item);
  }
}

function prepare(item: ImportItem, { notes: _, isVersion, ...read }: ReadPrompt): Pending | { item: ImportItem } {
  if (nestedTooDeep(read.config)) return { item: { ...item, reason: "its settings are nested too deep" } };
  // Whatever a file holds: what could not be sent as one prompt cannot come in by the import either.
  const checked = savePrompt.safeParse({ message: messageOf(item.path), ...read });
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const place = issue?.path.join(".") ?? "";
    return { item: { ...item, reason: `${place === "" ? "" : `${place}: `}${issue?.message ?? "is not valid"}` } };
  }
  try {
    return { item, save: prepareSave(checked.data), isVersion: isVersion === true };
  } catch (error) {
    if (!(error instanceof PromptlibError)) throw error;
    return { item: { ...item, reason: error.message } };
  }
}

function messageOf(path: string): string {
  return `imported from ${path}`.slice(0, 2000).toWellFormed();
}

/** Consecutive pieces of one path are one file. What its reader leaves unread is passed over. */
export async function* filesOf(pieces: AsyncIterable<ImportPiece>): AsyncGenerator<ImportedFile> {
  const iterator = pieces[Symbol.asyncIterator]();
  try {
    let next = await iterator.next();
    while (!next.done) {
      const { path, inside = path } = next.value;
      const bytes = async function* () {
        while (!next.done && next.value.path === path) {
          yield Buffer.from(next.value.content, next.value.encoding ?? "utf8");
          next = await iterator.next();
        }
      };
      yield { path, inside, bytes: bytes() };
      // A reader that gave up, for want of a header say, has left the rest of the file.
      while (!next.done && next.value.path === path) next = await iterator.next();
    }
  } finally {
    await iterator.return?.();
  }
}
