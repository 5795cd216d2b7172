/** Files that are there whole, or not at all. */
import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { chmod, realpath, rename, rm, stat } from "node:fs/promises";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { isErrno } from "../base/files.ts";
import { PromptlibError } from "../sdk/index.ts";
import { unreadable } from "./verb.ts";

/**
 * Under another name until it is whole: what has the name was written from its first byte to its last. A link goes on
 * leading where it did, and who could not read what was there cannot read what comes.
 */
export async function writeWholeFile<T>(path: string, write: (stream: Writable) => Promise<T>): Promise<T> {
  try {
    const { target, mode, isFile } = await replacedBy(path);
    // A pipe or a device takes what comes, and is no file that another one could take the place of.
    if (!isFile) return await writeTo(createWriteStream(target), write);
    return await writeAs(target, mode, write);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** What `path` leads to, with its permissions; they are undefined where there is nothing yet. */
async function replacedBy(path: string): Promise<{ target: string; mode: number | undefined; isFile: boolean }> {
  try {
    const found = await stat(path);
    const isFile = found.isFile() || found.isDirectory();
    // Where /dev/stdout leads has no name of its own.
    return { target: isFile ? await realpath(path) : path, mode: found.mode & 0o777, isFile };
  } catch (error) {
    if (isErrno(error, "ENOENT")) return { target: path, mode: undefined, isFile: true };
    throw error;
  }
}

async function writeAs<T>(
  target: string,
  mode: number | undefined,
  write: (stream: Writable) => Promise<T>,
): Promise<T> {
  const part = `${target}.part`;
  try {
    const written = await writeTo(createWriteStream(part, { flush: true, mode }), async (stream) => {
      // Beyond what new files may be given.
      if (mode !== undefined) await chmod(part, mode);
      return await write(stream);
    });
    await rename(part, target);
    return written;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function writeTo<T>(stream: WriteStream, write: (stream: Writable) => Promise<T>): Promise<T> {
  // It may fail while nobody waits for it: the next line says so, or the end.
  stream.on("error", () => {});
  try {
    await once(stream, "open");
    const written = await write(stream);
    stream.end();
    await finished(stream);
    return written;
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/** One line after the other, no faster than the stream takes them. */
export async function writeLine(stream: Writable, line: string): Promise<void> {
  if (stream.errored) throw stream.errored;
  if (!stream.write(`${line}\n`)) await once(stream, "drain");
  if (stream.errored) throw stream.errored;
}

function unwritable(path: string, error: unknown): unknown {
  const known = unreadable(path, error);
  if (!(known instanceof PromptlibError) || known === error) return error;
  return new PromptlibError("file_not_found", {
    message: known.message.replace("could not be read", "could not be written"),
    hint: "Check the folder and its permissions.",
    cause: error,
  });
}
