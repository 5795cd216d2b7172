/**
 * Unpacks the archive of a backup into folders: whole, with its modes, synced, and never outside of them. What makes a
 * data directory startable is written when everything else is there and everything was checked.
 */
import { type FileHandle, lchown, mkdir, open, symlink } from "node:fs/promises";
import { dirname } from "node:path";
import { isDiskFull, syncDirectory } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import { isInside, linkStaysInside } from "./archive-names.ts";
import { type ArchiveManifest, type ReadOptions, readArchive } from "./archive-reader.ts";
import type { TarBody, TarEntry } from "./archive-tar.ts";
import type { Location } from "./location.ts";

export interface ExtractOptions extends ReadOptions {
  /**
   * The absolute path where an entry of this name (database/pgdata/base/1/112; folders without a `/` at the end)
   * belongs, or null: it is left out. Nothing may be there yet.
   */
  select: (name: string) => string | null;
  /** Who is to own everything; null: whoever we are. */
  owner: { uid: number; gid: number } | null;
}

/** PostgreSQL starts on nothing without it. It has 8 KiB. */
const CONTROL_FILE = /(^|\/)global\/pg_control$/;
const LARGEST_CONTROL_FILE = 64 * 1024;
/** Files that are being synced while others are written. */
const SYNCING = 4;

/**
 * Throws `backup_damaged`, `location_unavailable`, `interrupted`, `disk_full`, and `restore_failed` where the target
 * refuses. What was written until then stays there, for whoever made the target to remove.
 */
export async function extractArchive(
  location: Location,
  folder: string,
  manifest: ArchiveManifest,
  { select, owner, ...options }: ExtractOptions,
): Promise<{ files: number; bytes: number }> {
  const target = new Target(select, owner);
  try {
    await readArchive(location, folder, manifest, (entry, body) => target.add(entry, body), options);
    return await target.finish();
  } finally {
    await target.close();
  }
}

class Target {
  readonly #select: ExtractOptions["select"];
  readonly #owner: ExtractOptions["owner"];
  /** Directories that we made, or wrote into, and what mode they get in the end. */
  readonly #directories = new Map<string, number | null>();
  readonly #links = new Set<string>();
  readonly #syncing = new Set<Promise<void>>();
  readonly #controls: { path: string; mode: number; bytes: Uint8Array[] }[] = [];
  #syncFailure: unknown = null;
  readonly #written = { files: 0, bytes: 0 };

  constructor(select: ExtractOptions["select"], owner: ExtractOptions["owner"]) {
    this.#select = select;
    this.#owner = owner;
  }

  async add(entry: TarEntry, body: TarBody): Promise<void> {
    const name = entry.name.replace(/\/$/, "");
    this.#refuseEscape(name, entry);
    const path = this.#select(name);
    if (path === null) return;
    await onTarget(path, async () => {
      await this.#makeDirectory(dirname(path), null);
      if (entry.type === "directory") await this.#makeDirectory(path, entry.mode & 0o777);
      else if (entry.type === "symlink") await this.#link(path, name, entry.target ?? "");
      else if (isControlFile(name, entry.size)) {
        this.#controls.push({ path, mode: entry.mode & 0o777, bytes: await Array.fromAsync(body) });
      } else await this.#write(path, entry.mode & 0o777, body);
    });
  }

  /** The control file, then the modes of directories (one may forbid writing), and everything synced. */
  async finish(): Promise<{ files: number; bytes: number }> {
    await this.#synced();
    await onTarget("what was restored", () => this.#syncDirectories());
    for (const { path, mode, bytes } of this.#controls) await onTarget(path, () => this.#write(path, mode, bytes));
    await this.#synced();
    await onTarget("what was restored", () => this.#syncDirectories());
    return this.#written;
  }

  /** No file stays open, however it ended. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#syncing);
  }

  #refuseEscape(name: string, { type, target }: TarEntry): void {
    const behind = name.split("/").map((_, index, parts) => parts.slice(0, index).join("/"));
    if (!isInside(name) || behind.some((above) => this.#links.has(above))) {
      throw untrusted(`${JSON.stringify(name)} would be written outside of where it belongs`);
    }
    if (type === "symlink" && !linkStaysInside(name, target ?? "")) {
      throw untrusted(`${name} is a link to ${JSON.stringify(target)}, which leads out of it`);
    }
  }

  /** `mode`: of a directory that is itself in the archive; null: of one that only has to be there. */
  async #makeDirectory(path: string, mode: number | null): Promise<void> {
    if (!this.#directories.has(path)) {
      const first = await mkdir(path, { recursive: true, mode: 0o700 });
      for (let made = path; first !== undefined && made.length >= first.length; made = dirname(made)) {
        await this.#chown(made);
        this.#directories.set(made, null);
      }
      // Where the first of them was made is synced, too, or where we found it.
      for (const found of [path, dirname(first ?? path)]) {
        if (!this.#directories.has(found)) this.#directories.set(found, null);
      }
    }
    if (mode === null) return;
    await this.#chown(path);
    this.#directories.set(path, mode);
  }

  async #chown(path: string): Promise<void> {
    if (this.#owner) await lchown(path, this.#owner.uid, this.#owner.gid);
  }

  async #link(path: string, name: string, target: string): Promise<void> {
    this.#links.add(name);
    await symlink(target, path);
    await this.#chown(path);
  }

  async #write(path: string, mode: number, body: TarBody | Iterable<Uint8Array>): Promise<void> {
    // Exclusively: that follows no link and replaces nothing.
    const handle = await open(path, "wx", 0o600);
    try {
      for await (const piece of body) {
        for (let at = 0; at < piece.length; ) at += (await handle.write(piece, at)).bytesWritten;
        this.#written.bytes += piece.length;
      }
      if (this.#owner) await handle.chown(this.#owner.uid, this.#owner.gid);
      await handle.chmod(mode);
    } catch (error) {
      await handle.close();
      throw error;
    }
    this.#written.files += 1;
    await this.#sync(handle);
  }

  /** Behind our back, some at once: each is a wait for the disk. */
  async #sync(handle: FileHandle): Promise<void> {
    const syncing: Promise<void> = syncAndClose(handle)
      .catch((error: unknown) => {
        this.#syncFailure ??= error;
      })
      .finally(() => this.#syncing.delete(syncing));
    this.#syncing.add(syncing);
    if (this.#syncing.size >= SYNCING) await Promise.race(this.#syncing);
    if (this.#syncFailure !== null) throw this.#syncFailure;
  }

  async #synced(): Promise<void> {
    await Promise.all(this.#syncing);
    if (this.#syncFailure !== null) await onTarget("what was restored", () => Promise.reject(this.#syncFailure));
  }

  async #syncDirectories(): Promise<void> {
    // The innermost first: what lies below is durable before it is reached from above.
    const paths = [...this.#directories.keys()].sort((one, other) => other.length - one.length);
    for (const path of paths) await setMode(path, this.#directories.get(path) ?? null);
  }
}

async function syncAndClose(handle: FileHandle): Promise<void> {
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function setMode(path: string, mode: number | null): Promise<void> {
  await syncDirectory(path);
  if (mode === null) return;
  const handle = await open(path, "r");
  try {
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isControlFile(name: string, size: number): boolean {
  return size <= LARGEST_CONTROL_FILE && CONTROL_FILE.test(name);
}

function untrusted(message: string): PromptlibError {
  return new PromptlibError("backup_damaged", { message: `The backup is not to be trusted: ${message}.` });
}

/** What the disk of the target answers; everything else passes through. */
async function onTarget<T>(path: string, deed: () => Promise<T>): Promise<T> {
  try {
    return await deed();
  } catch (error) {
    if (isDiskFull(error)) {
      throw new PromptlibError("disk_full", {
        message: `The disk is full: ${path} could not be written.`,
        cause: error,
      });
    }
    if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) throw error;
    const why = error.code === "EEXIST" ? "is already there" : `could not be written (${error.code})`;
    throw new PromptlibError("restore_failed", {
      message: `The restore did not succeed: ${path} ${why}.`,
      cause: error,
    });
  }
}
