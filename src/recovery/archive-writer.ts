/**
 * Writes the archive of a backup, in one pass and constant memory: tar → independent frames, compressed in parallel →
 * parts of whole frames → the locations. `cat part-* | zstd -d | tar x` reads it, `sha256sum -c SHA256SUMS` checks it.
 */
import { createHash } from "node:crypto";
import { PromptlibError } from "../contract/errors.ts";
import { isInside, linkStaysInside } from "./archive-names.ts";
import { readTar, ShortBody, type TarBody, type TarEntry, TarError, TarWriter } from "./archive-tar.ts";
import type { FanOut, PartSink } from "./fan-out.ts";
import { type CompressedFrame, compressFrames, type FrameOptions } from "./frames.ts";
import { type Part, partName } from "./layout.ts";

export interface ArchiveOptions extends FrameOptions {
  /** Bytes as stored. A frame that is larger has a part to itself. */
  partBytes?: number;
  /** Called with the bytes of tar that went on since the last call. */
  onBytes?: (plain: number) => void;
}

export interface WrittenArchive {
  tar: { size: number; sha256: string };
  parts: Part[];
}

type Named = Pick<TarEntry, "name" | "mtime">;

const PART_BYTES = 1024 * 1024 * 1024;

/** Entries are added one after the other. After the first error (`backup_failed`, `interrupted`) nothing works. */
export class ArchiveWriter {
  readonly #tar = new TarWriter();
  readonly #fanOut: FanOut;
  readonly #options: ArchiveOptions;
  readonly #written: Promise<WrittenArchive>;
  #failure: Error | null = null;

  constructor(fanOut: FanOut, options: ArchiveOptions) {
    this.#fanOut = fanOut;
    this.#options = options;
    this.#written = this.#write();
    this.#written.catch((error: unknown) => this.#fail(error));
  }

  /** A body that has more than `size` bytes is cut there; one that has less fails the backup. */
  async addFile(file: Named & Pick<TarEntry, "size" | "mode" | "owner">, body: TarBody): Promise<void> {
    await this.#add({ ...file, type: "file", target: null }, body);
  }

  async addDirectory(directory: Named & Pick<TarEntry, "mode" | "owner">): Promise<void> {
    await this.#add({ ...directory, type: "directory", size: 0, target: null }, null);
  }

  /** A symbolic link. One that leads out of the archive is refused: it would lead out of where that is unpacked. */
  async addLink(link: Named & { target: string }): Promise<void> {
    await this.#add({ ...link, type: "symlink", size: 0, mode: 0o777 }, null);
  }

  /** Adds what a tar holds, as it comes, below `prefix` (with a `/` at its end). */
  async addTar(prefix: string, stream: TarBody, each: (entry: TarEntry) => void = () => {}): Promise<void> {
    try {
      await readTar(stream, async (entry, body) => {
        // PostgreSQL names most members "base/1/112", and some "./pg_wal/archive_status".
        const name = entry.name.replace(/^(\.\/)+/, "");
        if (name === "" || name === ".") return;
        each(entry);
        await this.#add({ ...entry, name: `${prefix}${name}` }, body);
      });
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Ends the archive; when this returns, every location that is left has stored it. */
  async finish(): Promise<WrittenArchive> {
    if (this.#failure) throw this.#failure;
    this.#tar.end();
    return await this.#written;
  }

  async #add(entry: TarEntry, body: TarBody | null): Promise<void> {
    if (this.#failure) throw this.#failure;
    try {
      refuseEscapes(entry);
      await this.#tar.add(entry, body);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Answers the first failure: what follows it is only its consequence. */
  #fail(error: unknown): Error {
    this.#failure ??= told(error);
    this.#tar.fail(this.#failure);
    return this.#failure;
  }

  async #write(): Promise<WrittenArchive> {
    const counted = new Counted(this.#tar.bytes, this.#options.onBytes);
    const parts = new Parts(this.#fanOut, this.#options);
    for await (const frame of compressFrames(counted.bytes(), this.#options)) await parts.add(frame);
    await parts.close();
    await this.#fanOut.settle();
    return { tar: counted.figures(), parts: parts.closed };
  }
}

/** The text of SHA256SUMS, for sha256sum -c. */
export function sumsFile(parts: readonly Pick<Part, "name" | "sha256">[]): string {
  return parts.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join("");
}

function refuseEscapes({ name, type, target }: TarEntry): void {
  if (!isInside(name)) throw failed(`${JSON.stringify(name)} is no name for an archive.`);
  if (type === "symlink" && !linkStaysInside(name, target ?? "")) {
    throw failed(`${name} is a link to ${target}, which is not in the backup.`);
  }
}

function told(error: unknown): Error {
  if (error instanceof ShortBody) return failed(`${error.message}.`, error);
  if (error instanceof TarError) return failed(`What PostgreSQL sent is no tar: ${error.message}.`, error);
  return error instanceof Error ? error : new Error(String(error));
}

function failed(message: string, cause?: unknown): PromptlibError {
  return new PromptlibError("backup_failed", { message, cause });
}

/** Bytes on their way, counted and hashed. */
class Counted {
  readonly #source: TarBody;
  readonly #onBytes: ((count: number) => void) | undefined;
  readonly #hash = createHash("sha256");
  #size = 0;

  constructor(source: TarBody, onBytes: ((count: number) => void) | undefined) {
    this.#source = source;
    this.#onBytes = onBytes;
  }

  async *bytes(): TarBody {
    for await (const piece of this.#source) {
      this.#hash.update(piece);
      this.#size += piece.length;
      this.#onBytes?.(piece.length);
      yield piece;
    }
  }

  figures(): { size: number; sha256: string } {
    return { size: this.#size, sha256: this.#hash.digest("hex") };
  }
}

/** Frames, gathered in parts. */
class Parts {
  readonly closed: Part[] = [];
  readonly #fanOut: FanOut;
  readonly #options: ArchiveOptions;
  #open: { sink: PartSink; part: Part; hash: ReturnType<typeof createHash> } | null = null;

  constructor(fanOut: FanOut, options: ArchiveOptions) {
    this.#fanOut = fanOut;
    this.#options = options;
  }

  async add({ bytes, plain }: CompressedFrame): Promise<void> {
    const { partBytes = PART_BYTES, compression } = this.#options;
    if (this.#open && this.#open.part.size + bytes.length > partBytes) await this.close();
    this.#open ??= this.#begin(partName(this.closed.length + 1, compression));
    const { sink, part, hash } = this.#open;
    hash.update(bytes);
    part.size += bytes.length;
    part.frames.push({ stored: bytes.length, plain });
    await sink.write(bytes);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    const { sink, part, hash } = this.#open;
    this.#open = null;
    await sink.end();
    this.closed.push({ ...part, sha256: hash.digest("hex") });
  }

  #begin(name: string) {
    const part: Part = { name, size: 0, sha256: "", frames: [] };
    return { sink: this.#fanOut.startPart(name), part, hash: createHash("sha256") };
  }
}
