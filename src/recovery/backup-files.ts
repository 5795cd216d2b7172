/**
 * The readable files of the home on their way into the archive. They may change meanwhile: each is taken as it is. One
 * that cannot be read is left out and named: without the backup the database would be lost with it.
 */
import { type FileHandle, open, opendir } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { ArchiveWriter } from "./archive-writer.ts";

export interface FileSet {
  /** The directory to take. One that is not there is empty. */
  directory: string;
  /** Where its files lie in the archive, with `/` at the end: data/prompts/ */
  prefix: string;
}

/** How they are read. Root may read all, so that tests give one that may not. */
export interface Disk {
  open(path: string, flags: "r"): Promise<Pick<FileHandle, "stat" | "read" | "close">>;
  opendir: typeof opendir;
}

const PIECE = 256 * 1024;
/** What a file answers that is not ours to read, or lies on a bad sector. */
const UNREADABLE = ["EACCES", "EPERM", "EIO"];
/** A disk that is dying must not fill the manifest. */
const MOST_NAMED = 20;

/** Answers what was left out, a sentence each. Errors: `interrupted`, and those of the archive. */
export async function addFiles(
  archive: ArchiveWriter,
  { directory, prefix }: FileSet,
  { signal, disk = { open, opendir } }: { signal: AbortSignal; disk?: Disk },
): Promise<string[]> {
  const files = new Files(disk, directory);
  for await (const name of files.names()) {
    if (signal.aborted) throw new PromptlibError("interrupted");
    await files.add(archive, name, `${prefix}${name}`);
  }
  const rest = files.unread.length - MOST_NAMED;
  return rest <= 0 ? files.unread : [...files.unread.slice(0, MOST_NAMED), `${rest} more below ${directory}.`];
}

/** Those below one directory. */
class Files {
  /** What could not be read, a sentence each. */
  readonly unread: string[] = [];
  readonly #disk: Disk;
  readonly #directory: string;

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  /** Paths below the directory; what is no file, and what is only being written, is passed over. */
  async *names(below = ""): AsyncGenerator<string> {
    const path = join(this.#directory, below);
    try {
      for await (const entry of await this.#disk.opendir(path)) {
        const name = `${below}${entry.name}`;
        if (entry.isDirectory()) yield* this.names(`${name}/`);
        else if (entry.isFile() && !entry.name.endsWith(".tmp")) yield name;
      }
    } catch (error) {
      this.#passOver(error, `The folder ${path}`);
    }
  }

  async add(archive: ArchiveWriter, below: string, name: string): Promise<void> {
    const path = join(this.#directory, below);
    const opened = await this.#opened(path);
    if (!opened) return;
    const { handle, stats } = opened;
    try {
      const { size, mtime } = stats;
      await archive.addFile({ name, size, mtime, mode: 0o600 }, this.#piecesOf(handle, { path, size }));
    } finally {
      await handle.close();
    }
  }

  /** null: it was replaced or removed since it was listed, or cannot be read. */
  async #opened(path: string) {
    let handle: Awaited<ReturnType<Disk["open"]>> | null = null;
    try {
      handle = await this.#disk.open(path, "r");
      return { handle, stats: await handle.stat() };
    } catch (error) {
      await handle?.close();
      this.#passOver(error, path);
      return null;
    }
  }

  /**
   * Exactly as many bytes as it had: a file that shrank meanwhile (a log that made room) ends in zeros, and what cannot
   * be read of it is zeros, too.
   */
  async *#piecesOf(
    handle: Pick<FileHandle, "read">,
    { path, size }: { path: string; size: number },
  ): AsyncGenerator<Buffer> {
    let isTold = false;
    for (let at = 0; at < size; ) {
      const wanted = Math.min(PIECE, size - at);
      const zeros = Buffer.alloc(wanted);
      const bytesRead = await handle.read(zeros, 0, wanted, at).then(
        (read) => read.bytesRead,
        (error: unknown) => {
          if (!isTold) this.#passOver(error, `A part of ${path}, which is zeros in the backup,`);
          isTold = true;
          return 0;
        },
      );
      yield bytesRead === 0 ? zeros.fill(0) : zeros.subarray(0, bytesRead);
      at += bytesRead === 0 ? wanted : bytesRead;
    }
  }

  #passOver(error: unknown, what: string): void {
    if (isErrno(error, "ENOENT")) return;
    if (!isErrno(error, ...UNREADABLE)) throw error;
    this.unread.push(`${what} cannot be read (${error.code}).`);
  }
}
