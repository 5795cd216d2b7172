/** Files that are there whole, or not at all. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { PromptlibError } from "../sdk/index.ts";
import { unreadable } from "./verb.ts";

/** Under another name until it is whole: what has the name was written from its first byte to its last. */
export async function writeWholeFile<T>(path: string, write: (stream: Writable) => Promise<T>): Promise<T> {
  const part = `${path}.part`;
  const stream = createWriteStream(part, { flush: true });
  try {
    await once(stream, "open");
    const written = await write(stream);
    stream.end();
    await finished(stream);
    await rename(part, path);
    return written;
  } catch (error) {
    stream.destroy();
    await rm(part, { force: true });
    throw unwritable(path, error);
  }
}

/** One line after the other, no faster than the stream takes them. */
export async function writeLine(stream: Writable, line: string): Promise<void> {
  if (!stream.write(`${line}\n`)) await once(stream, "drain");
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
