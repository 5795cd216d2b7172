/** Where WAL can be read: a location, or the spool on this machine's disk. */
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isErrno, readIfExists } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import { parseSegmentName, SEGMENT_BYTES, type Timeline, timelineName } from "../postgres/lsn.ts";
import { historyObject, parseWalObject, walFolder } from "./layout.ts";
import type { Location } from "./location.ts";
import { bytesBeforeZeros } from "./spool-zeros.ts";
import { type WalPiece, walPieces } from "./wal-coverage.ts";
import { readObject, readWal as readWalObject } from "./wal-upload-objects.ts";

/** Whose WAL. */
export interface WalOf {
  systemId: string;
  incarnation: string;
}

export interface StoredHistory {
  timeline: Timeline;
  stored: Date;
}

export interface WalSource {
  /** For people: the location's name, or `spool`. */
  readonly name: string;
  /** Throws `location_unavailable`. */
  list(of: WalOf, signal?: AbortSignal): Promise<{ pieces: WalPiece[]; histories: StoredHistory[] }>;
  /**
   * The bytes of the piece, from its `from` on. Zeros at the end of a spool file may never have been written: those
   * are left out. Throws `backup_damaged`, `object_not_found`, `location_unavailable`.
   */
  read(piece: WalPiece, signal?: AbortSignal): Promise<Buffer>;
  /** The content of a history file. */
  readHistory(of: WalOf, timeline: Timeline, signal?: AbortSignal): Promise<string>;
}

const LARGEST_HISTORY = 1024 * 1024;
/** XLOG_BLCKSZ. Every page that was begun has a header, so real WAL has no zeros from one page into the next. */
const PAGE = 8192;

export function locationSource(location: Location): WalSource {
  return {
    name: location.name,
    async list(of, signal) {
      const folder = walFolder(of);
      const objects = await location.list(folder, signal);
      const histories = objects.flatMap(({ name, modified }) => {
        const found = parseWalObject(folder, name);
        return found?.kind === "history" ? [{ timeline: found.timeline, stored: modified }] : [];
      });
      return { pieces: walPieces(folder, objects), histories };
    },
    async read({ object, from, to }, signal) {
      const bytes = await readWalObject(location, object, signal ?? new AbortController().signal);
      if (bytes.length === to - from) return bytes;
      throw new PromptlibError("backup_damaged", {
        message: `${object} in ${location.name} holds ${bytes.length} bytes in place of ${to - from}.`,
      });
    },
    async readHistory(of, timeline, signal) {
      const name = historyObject(walFolder(of), timeline);
      return (await readObject(location, name, LARGEST_HISTORY, signal)).toString("utf8");
    },
  };
}

/** `directory`: recovery/spool of the home. */
export function spoolSource(directory: string): WalSource {
  return {
    name: "spool",
    async list({ incarnation }) {
      return await reading(() => listSpool(join(directory, incarnation)));
    },
    async read({ object, from, to }) {
      return await reading(async () => {
        const bytes = Buffer.alloc(to - from);
        const file = await open(object, "r");
        try {
          const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
          return bytes.subarray(0, bytes.subarray(0, bytesRead).findLastIndex((byte) => byte !== 0) + 1);
        } finally {
          await file.close();
        }
      });
    },
    async readHistory({ incarnation }, timeline) {
      const path = join(directory, incarnation, `${timelineName(timeline)}.history`);
      const content = await reading(() => readIfExists(path));
      if (content === null) throw new PromptlibError("object_not_found", { message: `There is no ${path}.` });
      return content;
    },
  };
}

async function listSpool(directory: string): Promise<{ pieces: WalPiece[]; histories: StoredHistory[] }> {
  const names = (await entriesOf(directory)).sort();
  const segments = names.filter((name) => parseSegmentName(name));
  const pieces: WalPiece[] = [];
  const histories: StoredHistory[] = [];
  for (const name of names) {
    const path = join(directory, name);
    const history = /^([0-9A-F]{8})\.history$/.exec(name)?.[1];
    if (history) histories.push({ timeline: Number.parseInt(history, 16), stored: (await stat(path)).mtime });
    const start = parseSegmentName(name);
    if (!start) continue;
    const { size, mtime } = await stat(path);
    const known = name === segments.at(-1) ? await bytesBeforeZeros(path) : size;
    const to = Math.min(size, SEGMENT_BYTES, Math.ceil(known / PAGE) * PAGE);
    if (to > 0) pieces.push({ timeline: start.timeline, segment: name, from: 0, to, object: path, modified: mtime });
  }
  return { pieces, histories };
}

async function entriesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

/** The spool lies on a disk, too, and the receiver removes from it what all locations have. */
async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isErrno(error, "ENOENT"))
      throw new PromptlibError("object_not_found", { message: error.message, cause: error });
    if (!(error instanceof Error) || !("code" in error) || error instanceof PromptlibError) throw error;
    throw new PromptlibError("location_unavailable", {
      message: `The spool cannot be read (${error.code}).`,
      cause: error,
    });
  }
}
