/**
 * Looks for CREATE TABLESPACE in WAL that is about to be replayed. Its replay empties the directory that it names by
 * its full path: on the machine of the living server that is the living tablespace. Layouts: access/xlog_internal.h,
 * access/xlogrecord.h and commands/tablespace.h of PostgreSQL, the same in 15 to 18.
 */
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import { addBytes, parseSegmentName, SEGMENT_BYTES, segmentName } from "./lsn.ts";

const PAGE = 8192;
const RECORD_HEADER = 24;
/** A path has at most 1,023 bytes. */
const LONGEST_RECORD = 2048;
/** RM_TBLSPC_ID */
const TABLESPACES = 5;

/** Error: `restore_failed` when a segment in one of the directories creates one. */
export async function refuseNewTablespaces(directories: readonly string[], signal: AbortSignal): Promise<void> {
  for (const directory of directories) {
    for (const name of await namesIn(directory)) {
      if (signal.aborted) throw new PromptlibError("interrupted");
      const [path] = newTablespacesIn(await readSegment(directory, name));
      if (path === undefined) continue;
      throw new PromptlibError("restore_failed", {
        message: `The WAL (${name}) creates a tablespace in ${path}, and replaying that would empty this directory.`,
        hint: "Restore to a moment before it was made, without the WAL after it, or on another machine.",
        details: { reason: "other", lastLines: [] },
      });
    }
  }
}

async function namesIn(directory: string): Promise<string[]> {
  return (await readable(directory, () => readdir(directory))).filter((name) => parseSegmentName(name)).sort();
}

async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isErrno(error, "ENOENT", "ENOTDIR", "EACCES", "EPERM", "EIO")) throw error;
    throw new PromptlibError("restore_failed", {
      message: `The WAL to restore from could not be read (${error.code}): ${path}.`,
      details: { reason: "wal_unreadable", lastLines: [] },
      cause: error,
    });
  }
}

/** With the first page of the next one, where its last record may end. */
async function readSegment(directory: string, name: string): Promise<Buffer> {
  const bytes = await readable(join(directory, name), () => readFile(join(directory, name)));
  const position = parseSegmentName(name);
  if (!position || bytes.length !== SEGMENT_BYTES) return bytes;
  const next = segmentName({ ...position, lsn: addBytes(position.lsn, SEGMENT_BYTES) });
  return Buffer.concat([bytes, await firstPage(join(directory, next))]);
}

async function firstPage(path: string): Promise<Buffer> {
  try {
    const handle = await open(path, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(PAGE), 0, PAGE, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isErrno(error, "ENOENT")) return Buffer.alloc(0);
    throw error;
  }
}

/** The directories that tablespaces are created in. Reads until the WAL is no longer valid. */
export function newTablespacesIn(wal: Buffer): string[] {
  const found: string[] = [];
  const pages = Math.min(SEGMENT_BYTES, Math.floor(wal.length / PAGE) * PAGE);
  for (let page = 0; page < pages; page += PAGE) {
    const header = readPageHeader(wal, page);
    if (!header || header.address !== (readPageHeader(wal, 0)?.address ?? 0n) + BigInt(page)) return found;
    // A record that began on an earlier page ends first.
    let at = page + header.size + aligned(header.continues);
    while (at < page + PAGE) {
      const length = wal.readUInt32LE(at);
      if (length < RECORD_HEADER) break;
      const path = tablespaceOf(takeRecord(wal, at, Math.min(length, LONGEST_RECORD)));
      if (path !== null) found.push(path);
      at += aligned(length);
    }
  }
  return found;
}

function readPageHeader(wal: Buffer, page: number) {
  const info = wal.readUInt16LE(page + 2);
  const version = wal.readUInt16LE(page);
  if (version !== wal.readUInt16LE(0) || version >> 8 !== 0xd1) return null;
  return {
    size: info & 0x0002 ? 40 : 24,
    address: wal.readBigUInt64LE(page + 8),
    continues: info & 0x0001 ? wal.readUInt32LE(page + 16) : 0,
  };
}

/** `length` bytes of the record at `at`, without the headers of the pages in between. */
function takeRecord(wal: Buffer, at: number, length: number): Buffer {
  const pieces: Buffer[] = [];
  for (let missing = length, from = at; missing > 0 && from < wal.length; ) {
    const end = Math.min(from + missing, (Math.floor(from / PAGE) + 1) * PAGE, wal.length);
    pieces.push(wal.subarray(from, end));
    missing -= end - from;
    const header = missing > 0 && end + PAGE <= wal.length ? readPageHeader(wal, end) : null;
    if (!header) break;
    from = end + header.size;
  }
  return Buffer.concat(pieces);
}

/** Such a record holds nothing but its data: number of the tablespace, path. In place (no path) it does no harm. */
function tablespaceOf(record: Buffer): string | null {
  if (record.length <= RECORD_HEADER || record[17] !== TABLESPACES || ((record[16] ?? 0) & 0xf0) !== 0) return null;
  let at = RECORD_HEADER;
  if (record[at] === 253) at += 3; // replication origin
  if (record[at] === 252) at += 5; // top-level transaction
  at += record[at] === 254 ? 5 : 2; // length of the data
  const path = record.subarray(at + 4);
  const end = path.indexOf(0);
  return path.toString("utf8", 0, end < 0 ? path.length : end) || null;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
