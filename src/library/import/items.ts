/** From pieces of files to items that can be saved, or that say why they cannot. */
import { PromptlibError } from "../../contract/errors.ts";
import type { ImportItem, ImportPiece } from "../../contract/shapes.ts";
import { type PreparedSave, prepareSave } from "../save.ts";
import { readPromptCsv } from "./csv.ts";

export interface Pending {
  item: ImportItem;
  save: PreparedSave;
}

/** In the order of the files. What needs no saving comes with its result: twins and rejected rows. */
export async function* readItems(pieces: AsyncIterable<ImportPiece>): AsyncGenerator<Pending | { item: ImportItem }> {
  for await (const file of filesOf(pieces)) {
    for await (const row of readPromptCsv(file.bytes)) {
      const item: ImportItem = {
        path: file.path,
        line: row.line,
        name: null,
        result: "rejected",
        version: null,
        reason: null,
        notes: [],
      };
      if ("twin" in row) yield { item: { ...item, name: row.twin, result: "twin" } };
      else if ("reason" in row) yield { item: { ...item, name: row.name, reason: row.reason } };
      else yield prepare({ ...item, name: row.item.name, notes: row.item.notes }, row.item);
    }
  }
}

function prepare(item: ImportItem, save: Parameters<typeof prepareSave>[0]): Pending | { item: ImportItem } {
  try {
    const { name, text, template, variables, tags } = save;
    const message = `imported from ${item.path}`;
    return { item, save: prepareSave({ name, text, template, variables, tags, message }) };
  } catch (error) {
    if (!(error instanceof PromptlibError)) throw error;
    return { item: { ...item, reason: error.message } };
  }
}

interface ImportedFile {
  path: string;
  bytes: AsyncIterable<Uint8Array>;
}

/** Consecutive pieces of one path are one file. What its reader leaves unread is passed over. */
async function* filesOf(pieces: AsyncIterable<ImportPiece>): AsyncGenerator<ImportedFile> {
  const iterator = pieces[Symbol.asyncIterator]();
  try {
    let next = await iterator.next();
    while (!next.done) {
      const { path } = next.value;
      const bytes = async function* () {
        while (!next.done && next.value.path === path) {
          yield Buffer.from(next.value.content, next.value.encoding ?? "utf8");
          next = await iterator.next();
        }
      };
      yield { path, bytes: bytes() };
      // A reader that gave up, for want of a header say, has left the rest of the file.
      while (!next.done && next.value.path === path) next = await iterator.next();
    }
  } finally {
    await iterator.return?.();
  }
}
