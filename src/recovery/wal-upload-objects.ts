/** One object of WAL: packed, stored, and never taken for ours without having been read. */
import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";
import { PromptlibError } from "../contract/errors.ts";
import { SEGMENT_BYTES } from "../postgres/lsn.ts";
import type { Location } from "./location.ts";

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** What does not compress grows by far less than this. */
const LARGEST_STORED = SEGMENT_BYTES + 1024 * 1024;

/** One zstd frame with a checksum of what is in it. */
async function packWal(plain: Buffer): Promise<Buffer> {
  return await compress(plain, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
}

/** Throws `backup_damaged`. */
async function unpackWal(name: string, stored: Buffer): Promise<Buffer> {
  try {
    return await decompress(stored, { maxOutputLength: SEGMENT_BYTES });
  } catch (cause) {
    throw new PromptlibError("backup_damaged", { message: `${name} is damaged: it cannot be decompressed.`, cause });
  }
}

/**
 * Stores the bytes under that name. When something is there already (we were killed before we could note it down),
 * it is read back: the same bytes are as good as stored, other ones throw `backup_damaged`.
 */
export async function putWal(location: Location, name: string, plain: Buffer, signal: AbortSignal): Promise<void> {
  if ((await location.put(name, await packWal(plain), signal)) === "stored") return;
  if (!plain.equals(await readWal(location, name, signal))) throw otherBytes(location, name);
}

/** The plain bytes of a segment or fragment. Throws `object_not_found`, `backup_damaged`. */
export async function readWal(location: Location, name: string, signal: AbortSignal): Promise<Buffer> {
  return await unpackWal(name, await readObject(location, name, LARGEST_STORED, signal));
}

/** null: it is not there, or damaged, so it tells nothing. */
export async function readIfWhole(location: Location, name: string, signal: AbortSignal): Promise<Buffer | null> {
  try {
    return await readWal(location, name, signal);
  } catch (error) {
    if (error instanceof PromptlibError && ["object_not_found", "backup_damaged"].includes(error.code)) return null;
    throw error;
  }
}

/** A history file, which is stored as it is. */
export async function putHistory(
  location: Location,
  name: string,
  content: string,
  signal: AbortSignal,
): Promise<void> {
  const bytes = Buffer.from(content);
  if ((await location.put(name, bytes, signal)) === "stored") return;
  if (!bytes.equals(await readObject(location, name, LARGEST_STORED, signal))) throw otherBytes(location, name);
}

/** A whole object of at most `limit` bytes; `backup_damaged` for a longer one. */
export async function readObject(
  location: Location,
  name: string,
  limit: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of await location.get(name, undefined, signal)) {
    pieces.push(piece as Buffer);
    size += pieces.at(-1)?.length ?? 0;
    if (size > limit) {
      throw new PromptlibError("backup_damaged", { message: `${name} in ${location.name} is larger than it can be.` });
    }
  }
  return Buffer.concat(pieces);
}

export function otherBytes(location: Location, name: string): PromptlibError {
  return new PromptlibError("backup_damaged", {
    message: `${name} in ${location.name} holds other bytes than PostgreSQL sent: somebody else wrote it, or it is damaged.`,
    hint: "Nothing more is written there. Find out where it comes from; move it away once it is not needed.",
    details: { location: location.name, object: name, reason: "other_bytes" },
  });
}
