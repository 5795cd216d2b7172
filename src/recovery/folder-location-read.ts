/** The bytes of one file as a stream that holds the file open, and says what its errors mean. */
import { type FileHandle, open } from "node:fs/promises";
import { addAbortSignal, Readable } from "node:stream";
import { PromptlibError } from "../contract/errors.ts";
import { closeOn, type Folder, isSystemError, onDisk, unavailable } from "./folder-location-disk.ts";
import type { ByteRange } from "./location.ts";

const PIECE = 512 * 1024;

/** null: what is there is no file. */
export async function readFileBytes(
  folder: Folder,
  path: string,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Readable | null> {
  const handle = await open(path, "r");
  try {
    if ((await handle.stat()).isFile()) {
      return new FileBytes(folder, handle, range ?? { from: 0, to: Number.POSITIVE_INFINITY }, signal);
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return null;
}

class FileBytes extends Readable {
  readonly #folder: Folder;
  readonly #handle: FileHandle;
  readonly #to: number;
  #at: number;

  constructor(folder: Folder, handle: FileHandle, { from, to }: ByteRange, signal: AbortSignal | undefined) {
    super({ highWaterMark: PIECE });
    this.#folder = folder;
    this.#handle = handle;
    this.#at = from;
    this.#to = to;
    // Only now: one that says so already ends this at once.
    if (signal) addAbortSignal(signal, this);
  }

  override _read(): void {
    const length = Math.min(PIECE, this.#to - this.#at);
    if (length <= 0) {
      this.push(null);
      return;
    }
    onDisk(this.#folder, () => this.#handle.read(Buffer.allocUnsafe(length), 0, length, this.#at)).then(
      ({ bytesRead, buffer }) => {
        this.#at += bytesRead;
        this.push(bytesRead === 0 ? null : buffer.subarray(0, bytesRead));
      },
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const told = this.#told(error);
    closeOn(this.#folder, this.#handle).then(
      () => done(told),
      (failure: Error) => done(told ?? failure),
    );
  }

  #told(error: Error | null): Error | null {
    if (error?.name === "AbortError") return new PromptlibError("interrupted", { cause: error });
    return isSystemError(error) ? unavailable(this.#folder, error) : error;
  }
}
