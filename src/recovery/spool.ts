/**
 * The spool: WAL as it arrives, on this machine's disk, until every location has it. One file a segment with the plain
 * bytes, written at their offsets and never truncated, for they may have been confirmed to PostgreSQL.
 *
 * One writer: `write`, then `sync`, and only then `write` again. Writing blocks the process, which is its own; syncing
 * does not, so that more arrives meanwhile, and the next sync is for all of it.
 */
import { EventEmitter } from "node:events";
import { closeSync, constants, fdatasync as fdatasyncLater, fdatasyncSync, openSync, writeSync } from "node:fs";
import { mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { syncDirectory, writeFileDurably } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import {
  addBytes,
  formatLsn,
  type Lsn,
  parseSegmentName,
  SEGMENT_BYTES,
  segmentName,
  segmentOffset,
  segmentStart,
  type Timeline,
  timelineName,
  type WalPosition,
} from "../postgres/lsn.ts";
import { isSameBoot, noteBoot } from "./spool-boot.ts";
import { compareBytes, sizeOnDisk, syncNames, tooShort } from "./spool-bytes.ts";

const fdatasync = promisify(fdatasyncLater);

export interface SpoolSegment {
  readonly name: string;
  readonly timeline: Timeline;
  readonly start: Lsn;
  /** Bytes from its start that are here for good (synced). */
  readonly length: number;
  /** Nothing is added any more: it is whole, its timeline ended in it, or what followed was lost. */
  readonly closed: boolean;
}

interface Kept {
  name: string;
  timeline: Timeline;
  start: Lsn;
  length: number;
  /** Bytes written; after `sync` the same as `length`. */
  written: number;
}

interface Current {
  kept: Kept;
  file: number;
  /** Its name is not synced yet. */
  isNew: boolean;
}

/** Emits `grown` when more counts as received. */
export class Spool extends EventEmitter<{ grown: [] }> {
  readonly #directory: string;
  /** By name, which is the order of the WAL. */
  readonly #segments = new Map<string, Kept>();
  readonly #histories = new Map<Timeline, string>();
  /** The one file that is open, and may hold what is not synced. */
  #current: Current | null = null;
  /** The file that was the newest when the machine died, and its size: it may have holes, so nothing of it counts. */
  #doubted: { kept: Kept; size: number } | null = null;
  #version = 0;

  /** Makes the directory where there is none. */
  static async open(directory: string): Promise<Spool> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const spool = new Spool(directory);
    await spool.#takeStock();
    return spool;
  }

  private constructor(directory: string) {
    super();
    this.setMaxListeners(0);
    this.#directory = directory;
  }

  /** The position up to which everything was received and synced, or null: nothing yet. */
  get end(): WalPosition | null {
    // A doubted file begins where the one before, which is gone because all have it, ended.
    const kept = [...this.#segments.values()].findLast(({ length }) => length > 0) ?? this.#doubted?.kept;
    return kept ? { timeline: kept.timeline, lsn: addBytes(kept.start, kept.length) } : null;
  }

  /** Another one after each change, so that nobody misses one between looking and waiting. */
  get version(): number {
    return this.#version;
  }

  /** Bytes on disk. */
  get bytes(): number {
    return [...this.#segments.values()].reduce((sum, { written }) => sum + written, 0);
  }

  /** In the order of the WAL. */
  segments(): SpoolSegment[] {
    const all = [...this.#segments.values()];
    const newest = all.findLastIndex(({ length }) => length > 0);
    return all.map(({ name, timeline, start, length }, index) => {
      return { name, timeline, start, length, closed: index < newest || length === SEGMENT_BYTES };
    });
  }

  /** The segment of this name, or the one after it in the order of the WAL; null: none yet. */
  from(name: string): SpoolSegment | null {
    return this.segments().find((segment) => segment.name >= name) ?? null;
  }

  /**
   * Writes bytes that arrived. Throws `replication_failed` where they differ from what was received before, or do not
   * follow on it; what the disk says (ENOSPC …) is thrown as it is, and the same call may be made again.
   */
  write({ timeline, lsn }: WalPosition, bytes: Buffer): void {
    for (let done = 0; done < bytes.length; ) {
      const at = addBytes(lsn, done);
      const piece = bytes.subarray(done, done + SEGMENT_BYTES - segmentOffset(at));
      this.#writeInto(this.#keptAt(timeline, at), segmentOffset(at), piece);
      done += piece.length;
    }
  }

  /**
   * After the machine died: PostgreSQL was told that everything before `confirmed` is here, so it was synced. What it
   * was not told of, it still has, from the segment's start on, and sends again.
   */
  async vouch(confirmed: Lsn): Promise<void> {
    const doubted = this.#doubted;
    if (doubted?.size !== SEGMENT_BYTES || confirmed < addBytes(doubted.kept.start, SEGMENT_BYTES)) return;
    doubted.kept.length = doubted.kept.written = SEGMENT_BYTES;
    await this.#settle();
    this.#grown();
  }

  /** When it answers, all that was written counts as received. Throws what the disk says; nothing more counts then. */
  async sync(): Promise<void> {
    const current = this.#current;
    if (!current || current.kept.length === current.kept.written) return;
    try {
      await fdatasync(current.file);
      if (current.isNew) await syncDirectory(this.#directory);
    } catch (error) {
      throw distrusted(current, error);
    }
    this.#count(current);
    await this.#settle();
  }

  /** Bytes `from` to `to` of a segment, which were received. */
  async read({ name }: SpoolSegment, from: number, to: number): Promise<Buffer> {
    const bytes = Buffer.alloc(to - from);
    const file = await open(join(this.#directory, name), "r");
    try {
      const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
      if (bytesRead !== bytes.length) throw tooShort(name);
    } finally {
      await file.close();
    }
    return bytes;
  }

  /** Not the newest one. */
  async remove({ name }: SpoolSegment): Promise<void> {
    if (this.#current?.kept.name === name) throw new Error(`${name} is being written`);
    await rm(join(this.#directory, name), { force: true });
    this.#segments.delete(name);
  }

  /** History files of timelines, as PostgreSQL wrote them. */
  get histories(): ReadonlyMap<Timeline, string> {
    return this.#histories;
  }

  async keepHistory(timeline: Timeline, content: string): Promise<void> {
    if (this.#histories.get(timeline) === content) return;
    await writeFileDurably(join(this.#directory, `${timelineName(timeline)}.history`), content);
    this.#histories.set(timeline, content);
  }

  close(): void {
    if (this.#current) closeSync(this.#current.file);
    this.#current = null;
  }

  #keptAt(timeline: Timeline, at: Lsn): Kept {
    const start = segmentStart(at);
    const name = segmentName({ timeline, lsn: start });
    const kept = this.#segments.get(name) ?? { name, timeline, start, length: 0, written: 0 };
    if (segmentOffset(at) <= kept.written) return kept;
    throw new PromptlibError("replication_failed", {
      message: `PostgreSQL sent WAL from ${formatLsn(at)} on, but what comes before it in that segment is missing.`,
    });
  }

  #writeInto(kept: Kept, offset: number, bytes: Buffer): void {
    const file = this.#open(kept);
    const known = Math.min(bytes.length, kept.written - offset);
    if (known > 0) compareBytes(kept, file, offset, bytes.subarray(0, known));
    for (let done = known; done < bytes.length; ) {
      done += writeSync(file, bytes, done, bytes.length - done, offset + done);
      kept.written = offset + done;
    }
  }

  /** What lies before a new file is synced first: only the newest file can have holes when the machine dies. */
  #open(kept: Kept): number {
    if (this.#current?.kept === kept) return this.#current.file;
    this.#finish();
    const isNew = !this.#segments.has(kept.name);
    const newest = [...this.#segments.keys()].at(-1);
    if (isNew && newest && newest > kept.name) throw new Error(`${kept.name} would come after ${newest}`);
    const file = openSync(join(this.#directory, kept.name), constants.O_RDWR | constants.O_CREAT, 0o600);
    this.close();
    this.#current = { kept, file, isNew };
    this.#segments.set(kept.name, kept);
    return file;
  }

  #finish(): void {
    const current = this.#current;
    if (!current || current.kept.length === current.kept.written) return;
    try {
      fdatasyncSync(current.file);
      if (current.isNew) syncNames(this.#directory);
    } catch (error) {
      throw distrusted(current, error);
    }
    this.#count(current);
  }

  #count(current: Current): void {
    current.isNew = false;
    current.kept.length = current.kept.written;
    this.#grown();
  }

  #grown(): void {
    this.#version += 1;
    this.emit("grown");
  }

  /** Once all of the doubted file is here again, nothing is in doubt at the next start either. */
  async #settle(): Promise<void> {
    if (!this.#doubted || this.#doubted.kept.length < this.#doubted.size) return;
    this.#doubted = null;
    await noteBoot(this.#directory);
  }

  async #takeStock(): Promise<void> {
    const names = (await readdir(this.#directory)).sort();
    const segments = names.filter((name) => parseSegmentName(name));
    const newest = segments.at(-1);
    const sameBoot = await isSameBoot(this.#directory);
    for (const name of segments) {
      const place = parseSegmentName(name);
      if (!place) continue;
      const size = await sizeOnDisk(join(this.#directory, name), { sync: name === newest });
      const length = name === newest && !sameBoot ? 0 : size;
      const kept = { name, timeline: place.timeline, start: place.lsn, length, written: length };
      this.#segments.set(name, kept);
      if (length < size) this.#doubted = { kept, size };
    }
    for (const name of names) {
      const timeline = /^([0-9A-F]{8})\.history$/.exec(name)?.[1];
      if (!timeline) continue;
      this.#histories.set(Number.parseInt(timeline, 16), await readFile(join(this.#directory, name), "utf8"));
    }
    await syncDirectory(this.#directory);
    if (!sameBoot && !this.#doubted) await noteBoot(this.#directory);
  }
}

/** After a failed sync nobody knows what the disk holds: all of it is written once more. */
function distrusted({ kept }: Current, error: unknown): unknown {
  kept.written = kept.length;
  return error;
}
