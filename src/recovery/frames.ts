/**
 * Independent frames: pieces of a stream that are compressed, and decompressed, each by itself and several at once on
 * the thread pool. Put behind each other they are an ordinary .zst or .gz.
 *
 * Not one stream of Node's: its decoder stops at ends of frames, silently in some versions, and `nbWorkers` of its
 * encoder kills the process. So the lengths of frames are kept, and each is decoded by itself.
 */
import { promisify } from "node:util";
import { constants, gunzip, gzip, zstdCompress, zstdDecompress } from "node:zlib";
import { PromptlibError } from "../contract/errors.ts";
import type { Compression } from "./layout.ts";

const FRAME_BYTES = 4 * 1024 * 1024;
/** Node's thread pool has four threads, unless told otherwise. */
export const PARALLEL = 4;
const OUTPUT_PIECE = 256 * 1024;

const compressZstd = promisify(zstdCompress);
const decompressZstd = promisify(zstdDecompress);
const compressGzip = promisify(gzip);
const decompressGzip = promisify(gunzip);

export interface CompressedFrame {
  bytes: Buffer;
  /** Bytes before compression. */
  plain: number;
}

export interface FrameOptions {
  compression: Compression;
  /** Bytes before compression; the last frame has what remains. */
  frameBytes?: number;
  parallel?: number;
}

/** Holds at most `parallel` + 1 frames in memory. A source without bytes has no frames. */
export function compressFrames(
  source: AsyncIterable<Uint8Array>,
  { compression, frameBytes = FRAME_BYTES, parallel = PARALLEL }: FrameOptions,
): AsyncGenerator<CompressedFrame> {
  return inParallel(frames(source, frameBytes), parallel, async (plain) => ({
    bytes: await compress(plain, compression),
    plain: plain.length,
  }));
}

/** The bytes of one frame. Throws `backup_damaged` unless it is whole, alone, and has `plainLength` bytes. */
export async function decompressFrame(
  bytes: Uint8Array,
  plainLength: number,
  compression: Compression,
): Promise<Buffer> {
  const { plain, used } = await decompress(bytes, compression, Math.max(plainLength, 1));
  if (plain.length !== plainLength) throw damaged(`it has ${plain.length} bytes in place of ${plainLength}`);
  if (used !== bytes.length) throw damaged("something follows it");
  return plain;
}

/** zstd stops at the end of the first frame and says nothing of what follows: so it is asked how far it read. */
async function decompress(bytes: Uint8Array, compression: Compression, most: number) {
  const options = { maxOutputLength: most, chunkSize: OUTPUT_PIECE, info: true };
  let result: unknown;
  try {
    result = await (compression === "zstd" ? decompressZstd(bytes, options) : decompressGzip(bytes, options));
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : String(error), error);
  }
  if (!isInformed(result)) throw new TypeError("zlib did not say how much it read");
  return { plain: result.buffer, used: result.engine.bytesWritten };
}

/** What the option `info` makes of the answer; the types do not know. */
function isInformed(result: unknown): result is { buffer: Buffer; engine: { bytesWritten: number } } {
  return typeof result === "object" && result !== null && "buffer" in result && "engine" in result;
}

function damaged(what: string, cause?: unknown): PromptlibError {
  return new PromptlibError("backup_damaged", { message: `A compressed piece is damaged: ${what}.`, cause });
}

async function compress(plain: Buffer, compression: Compression): Promise<Buffer> {
  if (compression === "gzip") return await compressGzip(plain, { chunkSize: OUTPUT_PIECE });
  const params = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 };
  return await compressZstd(plain, { params, chunkSize: OUTPUT_PIECE, pledgedSrcSize: plain.length });
}

/** The source in pieces of exactly `size` bytes, but for the last. */
async function* frames(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let frame = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  for await (const piece of source) {
    for (let at = 0; at < piece.length; ) {
      const taken = piece.subarray(at, at + size - filled);
      frame.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      if (filled < size) continue;
      yield frame;
      frame = Buffer.allocUnsafeSlow(size);
      filled = 0;
    }
  }
  if (filled > 0) yield frame.subarray(0, filled);
}

/** What `work` makes of each item, in their order, with at most `parallel` under way. The first failure ends it. */
export async function* inParallel<T, R>(
  items: AsyncIterable<T>,
  parallel: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  for await (const item of items) {
    const started = work(item);
    // Its failure is met when it is its turn; until then it must not count as one that nobody handles.
    started.catch(() => {});
    underWay.push(started);
    const first = underWay.length < parallel ? undefined : underWay.shift();
    if (first) yield await first;
  }
  for (const rest of underWay) yield await rest;
}
