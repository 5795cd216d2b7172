/** Files of any format, as a test writes them down, read in pieces. */
import type { ImportPiece } from "../../../contract/import-shapes.ts";
import { type ForeignFormat, readItems } from "../items.ts";

export type Files = Readonly<Record<string, string | Uint8Array>>;

async function* piecesOf(files: Files, size: number): AsyncGenerator<ImportPiece> {
  for (const [path, content] of Object.entries(files)) {
    const bytes = Buffer.from(content);
    if (bytes.length === 0) yield { path, content: "" };
    for (let at = 0; at < bytes.length; at += size) {
      yield { path, content: bytes.subarray(at, at + size).toString("base64"), encoding: "base64" };
    }
  }
}

export interface ReadBack {
  path: string;
  line: number | null;
  name: string | null;
  /** Why it was rejected, else null. */
  reason: string | null;
  notes: string[];
  text?: string;
  messages?: unknown[];
  variables?: object;
  config?: object;
  template?: string;
  tags?: string[];
  description?: string;
  labels?: string[];
  message?: string;
}

/** What would be saved of the files, or why not. */
export async function readFiles(format: ForeignFormat, files: Files, pieceSize = 1 << 20): Promise<ReadBack[]> {
  const read: ReadBack[] = [];
  for await (const each of readItems(piecesOf(files, pieceSize), format)) {
    const { path, line, name, reason, notes } = each.item;
    const place = { path, line, name, reason, notes };
    if (!("save" in each)) {
      read.push(place);
      continue;
    }
    const { content, tags, description } = each.save;
    read.push({
      ...place,
      ...content,
      ...(tags === undefined ? {} : { tags }),
      ...(description === undefined ? {} : { description }),
      ...(each.isVersion ? { labels: each.save.labels, message: each.save.message } : {}),
    });
  }
  return read;
}

export const rejections = (read: readonly ReadBack[]) =>
  read.filter(({ reason }) => reason !== null).map(({ path, line, reason }) => `${path}:${line}: ${reason}`);
