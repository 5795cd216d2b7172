/** Files that are there whole, or not at all. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
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
    const { target, mode } = await replacedBy(path);
    return await writeAs(target, mode, write);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** The file that `path` leads to, with its permissions; they are null where there is none yet. */
async function replacedBy(path: string): Promise<{ target: string; mode: number | null }> {
  try {
    const target = await realpath(path);
    return { target, mode: (await stat(target)).mode & 0o777 };
  } catch (error) {
    if (isErrno(error, "ENOENT")) return { target: path, mode: null };
    throw error;
  }
}

async function writeAs<T>(target: string, mode: number | null, write: (stream: Writable) => Promise<T>): Promise<T> {
  const part = `${target}.part`;
  const stream = createWriteStream(part, { flush: true });
  // It may fail while nobody waits for it: the next line says so, or the end.
  stream.on("error", () => {});
  try {
    await once(stream, "open");
    if (mode !== null) await chmod(part, mode);
    const written = await write(stream);
    stream.end();
    await finished(stream);
    await rename(part, target);
    return written;
  } catch (error) {
    stream.destroy();
    await rm(part, { force: true });
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
