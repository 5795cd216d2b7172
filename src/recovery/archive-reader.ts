/**
 * Reads the archive of a backup back: parts → frames, decompressed in parallel → tar → entries. What does not agree with
 * the manifest in every byte is `backup_damaged`, with the part and what is wrong with it.
 */
import { createHash } from "node:crypto";
import { PromptlibError } from "../contract/errors.ts";
import { readTar, type TarBody, type TarEntry, TarError } from "./archive-tar.ts";
import { decompressFrame, inParallel, PARALLEL } from "./frames.ts";
import type { BackupManifest, Frame, Part } from "./layout.ts";
import type { Location } from "./location.ts";

/** What of the manifest says what the archive must be. */
export type ArchiveManifest = Pick<BackupManifest, "compression" | "tar" | "parts">;

export interface ReadOptions {
  signal?: AbortSignal;
  /** Called with the bytes of tar that were read since the last call. */
  onBytes?: (plain: number) => void;
}

/**
 * Calls `onEntry` for one entry after the other. Only when this returns was everything checked: until then what was
 * given is not known to be right. Throws `backup_damaged`, `location_unavailable`, `interrupted`, and what `onEntry` throws.
 */
export async function readArchive(
  location: Location,
  folder: string,
  manifest: ArchiveManifest,
  onEntry: (entry: TarEntry, body: TarBody) => Promise<void>,
  { signal, onBytes }: ReadOptions = {},
): Promise<void> {
  // Ends what is still being fetched when the reading has ended early.
  const end = new AbortController();
  const fetching = signal ? AbortSignal.any([signal, end.signal]) : end.signal;
  try {
    await readTar(tarOf(location, folder, manifest, fetching, onBytes), onEntry);
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
    throw damaged(location, folder, `its parts are right, but what they hold is no tar: ${error.message}`, error);
  } finally {
    end.abort();
  }
}

/** Reads and checks everything, writes nothing. Answers what there is. */
export async function checkArchive(
  location: Location,
  folder: string,
  manifest: ArchiveManifest,
  options: ReadOptions = {},
): Promise<{ files: number; bytes: number }> {
  const found = { files: 0, bytes: 0 };
  const count = async ({ type, size }: TarEntry) => {
    if (type === "file") found.files += 1;
    found.bytes += size;
  };
  await readArchive(location, folder, manifest, count, options);
  return found;
}

async function* tarOf(
  location: Location,
  folder: string,
  { compression, tar, parts }: ArchiveManifest,
  signal: AbortSignal,
  onBytes: ((count: number) => void) | undefined,
): TarBody {
  const hash = createHash("sha256");
  let size = 0;
  const frames = framesOf(location, folder, parts, signal);
  const pieces = inParallel(frames, PARALLEL, async ({ part, number, bytes, plain }) => {
    try {
      return await decompressFrame(bytes, plain, compression);
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      throw damaged(location, `${folder}${part.name}`, `piece ${number} of ${part.frames.length}: ${what}`, error);
    }
  });
  for await (const plain of pieces) {
    hash.update(plain);
    size += plain.length;
    onBytes?.(plain.length);
    yield plain;
  }
  if (size !== tar.size) throw damaged(location, folder, `it has ${size} bytes in place of ${tar.size}`);
  if (hash.digest("hex") !== tar.sha256) throw damaged(location, folder, "its bytes have another SHA-256 than it says");
}

interface StoredFrame {
  part: Part;
  /** In its part, from 1. */
  number: number;
  bytes: Buffer;
  plain: number;
}

async function* framesOf(
  location: Location,
  folder: string,
  parts: readonly Part[],
  signal: AbortSignal,
): AsyncGenerator<StoredFrame> {
  for (const part of parts) {
    const wrong = faultOf(part);
    if (wrong) throw damaged(location, `${folder}${part.name}`, `the manifest is wrong: ${wrong}`);
    yield* framesOfPart(location, folder, part, signal);
  }
}

/** A manifest is data from outside: nothing is fetched or allocated on its word alone. */
function faultOf({ name, size, frames }: Part): string | null {
  if (!/^part-\d{4,9}\.tar\.(zst|gz)$/.test(name)) return "this is no name of a part";
  const whole = ({ stored, plain }: Frame) => isSize(stored) && isSize(plain);
  if (!frames.every(whole)) return "a piece has an impossible length";
  const sum = frames.reduce((total, { stored }) => total + stored, 0);
  return sum === size ? null : `its pieces have ${sum} bytes, it has ${size}`;
}

/** Frames are 4 MiB; in a buffer of more than this something else was written. */
const LARGEST_FRAME = 256 * 1024 * 1024;

function isSize(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes > 0 && bytes <= LARGEST_FRAME;
}

async function* framesOfPart(
  location: Location,
  folder: string,
  part: Part,
  signal: AbortSignal,
): AsyncGenerator<StoredFrame> {
  const name = `${folder}${part.name}`;
  const hash = createHash("sha256");
  const cutter = new Cutter(part.frames);
  for await (const piece of await partStream(location, name, signal)) {
    if (!(piece instanceof Uint8Array)) throw new TypeError("an object is a stream of bytes");
    hash.update(piece);
    for (const [index, bytes] of cutter.cut(piece)) {
      yield { part, number: index + 1, bytes, plain: part.frames[index]?.plain ?? 0 };
    }
  }
  if (cutter.size !== part.size) throw damaged(location, name, `it has ${cutter.size} bytes in place of ${part.size}`);
  if (hash.digest("hex") !== part.sha256)
    throw damaged(location, name, "its bytes have another SHA-256 than the manifest says");
}

async function partStream(location: Location, name: string, signal: AbortSignal) {
  try {
    return await location.get(name, undefined, signal);
  } catch (error) {
    if (error instanceof PromptlibError && error.code === "object_not_found") {
      throw damaged(location, name, "it is not there", error);
    }
    throw error;
  }
}

/** Cuts a stream into the frames that it is said to have. */
class Cutter {
  /** Bytes that came, also behind the last frame. */
  size = 0;
  readonly #frames: readonly Frame[];
  #index = 0;
  #frame: Buffer | null = null;
  #filled = 0;

  constructor(frames: readonly Frame[]) {
    this.#frames = frames;
  }

  /** Frames that are whole with this piece, and their indices. */
  *cut(piece: Uint8Array): Generator<[index: number, bytes: Buffer]> {
    this.size += piece.length;
    for (let at = 0; at < piece.length; ) {
      const length = this.#frames[this.#index]?.stored;
      if (length === undefined) return;
      this.#frame ??= Buffer.allocUnsafeSlow(length);
      const taken = piece.subarray(at, at + length - this.#filled);
      this.#frame.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
      if (this.#filled < length) return;
      yield [this.#index, this.#frame];
      this.#index += 1;
      this.#frame = null;
      this.#filled = 0;
    }
  }
}

function damaged(location: Location, what: string, wrong: string, cause?: unknown): PromptlibError {
  return new PromptlibError("backup_damaged", {
    message: `${what} in the location ${location.name} is damaged: ${wrong.replace(/\.$/, "")}.`,
    details: { location: location.name, object: what },
    cause,
  });
}
