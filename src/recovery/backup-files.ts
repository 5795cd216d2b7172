/** The readable files of the home on their way into the archive. They may change meanwhile: each is taken as it is. */
import type { Stats } from "node:fs";
import { type FileHandle, open, opendir } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { ArchiveWriter } from "./archive-writer.ts";

export interface FileSet {
  /** The directory to take. One that is not there is empty. */
  directory: string;
  /** Where its files lie in the archive, with `/` at the end: data/prompts/ */
  prefix: string;
}

const PIECE = 256 * 1024;

export async function addFiles(archive: ArchiveWriter, { directory, prefix }: FileSet, signal: AbortSignal) {
  for await (const name of filesIn(directory)) {
    if (signal.aborted) throw new PromptlibError("interrupted");
    await addFile(archive, join(directory, name), `${prefix}${name}`);
  }
}

/** Paths below the directory; what is no file, and what is only being written, is passed over. */
async function* filesIn(directory: string, below = ""): AsyncGenerator<string> {
  try {
    for await (const entry of await opendir(join(directory, below))) {
      const name = `${below}${entry.name}`;
      if (entry.isDirectory()) yield* filesIn(directory, `${name}/`);
      else if (entry.isFile() && !entry.name.endsWith(".tmp")) yield name;
    }
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

async function addFile(archive: ArchiveWriter, path: string, name: string): Promise<void> {
  const handle = await openIfThere(path);
  if (!handle) return;
  try {
    const stats = await handle.stat();
    await archive.addFile(entryOf(name, stats), piecesOf(handle, stats.size));
  } finally {
    await handle.close();
  }
}

function entryOf(name: string, { size, mtime }: Stats) {
  return { name, size, mtime, mode: 0o600 };
}

/** Exactly as many bytes as it had: a file that shrank meanwhile (a log that made room) ends in zeros. */
async function* piecesOf(handle: FileHandle, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; ) {
    const wanted = Math.min(PIECE, size - at);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(wanted), 0, wanted, at);
    yield bytesRead === 0 ? buffer : buffer.subarray(0, bytesRead);
    at += bytesRead === 0 ? wanted : bytesRead;
  }
}

/** null: it was replaced or removed since it was listed. */
async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}
