/**
 * A folder as a location: a disk, a network share. Objects are its files; what is being written lies in `.unfinished`
 * beside them and gets its name as a whole (link, which never replaces), so that a kill at any moment leaves the
 * object there or not there.
 */
import type { Dirent } from "node:fs";
import { readdir, rmdir, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { freeSpace, isErrno, syncDirectory } from "../base/files.ts";
import type { FailureDomain } from "../base/locations-url.ts";
import { PromptlibError } from "../contract/errors.ts";
import { type Folder, onDisk, stopWhenAborted } from "./folder-location-disk.ts";
import { storeObject } from "./folder-location-put.ts";
import { readFileBytes } from "./folder-location-read.ts";
import type { ByteRange, Location, StoredObject } from "./location.ts";

export interface FolderOptions {
  /** Absolute. */
  path: string;
  url: string;
  name: string;
  domain: FailureDomain;
  required: boolean;
  /** Makes the folder when it is not there. Else that is an error: an empty folder is no substitute for a disk. */
  create?: boolean;
  /** ms that one step may take; another one only in tests. */
  patience?: number;
}

/** At half a megabyte a second what is written between two syncs takes as long. */
const PATIENCE_MS = 60_000;

export function openFolderLocation({
  path,
  create = false,
  patience = PATIENCE_MS,
  ...place
}: FolderOptions): Location {
  const knowledge = { durable: new Set<string>(), cleaned: null, used: false };
  return new FolderLocation({ ...place, path: resolve(path), create, patience, ...knowledge });
}

class FolderLocation implements Location {
  readonly url: string;
  readonly name: string;
  readonly domain: FailureDomain;
  readonly required: boolean;
  readonly #folder: Folder;

  constructor(folder: Folder & Pick<Location, "domain" | "required">) {
    this.url = folder.url;
    this.name = folder.name;
    this.domain = folder.domain;
    this.required = folder.required;
    this.#folder = folder;
  }

  async put(name: string, body: Uint8Array | Readable, signal?: AbortSignal): Promise<"stored" | "exists"> {
    return await storeObject(this.#folder, checked(name), body, signal);
  }

  async get(name: string, range?: ByteRange, signal?: AbortSignal): Promise<Readable> {
    stopWhenAborted(signal);
    const found = await this.#found(
      join(this.#folder.path, checked(name)),
      (path) => readFileBytes(this.#folder, path, range, signal),
      (late) => late?.destroy(),
    );
    if (found) return found;
    throw new PromptlibError("object_not_found", { message: `The location ${this.name} holds no ${name}.` });
  }

  async list(prefix: string, signal?: AbortSignal): Promise<StoredObject[]> {
    const start = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    const objects: StoredObject[] = [];
    await this.#collect(start === "" ? "" : `${checked(start.slice(0, -1))}/`, prefix, objects, signal);
    return objects.sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  async stat(name: string, signal?: AbortSignal): Promise<StoredObject | null> {
    stopWhenAborted(signal);
    const found = await this.#found(join(this.#folder.path, checked(name)), (path) => stat(path));
    return found?.isFile() ? { name, size: found.size, modified: found.mtime } : null;
  }

  async remove(name: string, signal?: AbortSignal): Promise<void> {
    stopWhenAborted(signal);
    const path = join(this.#folder.path, checked(name));
    // Synced, because what depends on others is removed first: a manifest must not come back without its parts.
    await this.#found(path, async () => {
      await unlink(path);
      await syncDirectory(dirname(path));
    });
    await this.#removeEmpty(dirname(path));
  }

  async freeSpace(): Promise<number> {
    return await onDisk(this.#folder, () => freeSpace(this.#folder.path));
  }

  /** What `look` finds at the path, or null when nothing is there, although the folder itself is. */
  async #found<T>(
    path: string,
    look: (path: string) => Promise<T>,
    late?: (found: T | null) => void,
  ): Promise<T | null> {
    const deed = async () => {
      try {
        return await look(path);
      } catch (error) {
        if (!isErrno(error, "ENOENT", "ENOTDIR")) throw error;
        await stat(this.#folder.path);
        return null;
      }
    };
    return await onDisk(this.#folder, deed, late);
  }

  /**
   * Adds what lies below `directory` (empty, or with a `/` at its end) and begins with `prefix`. Folders first: what
   * takes the place of the pieces in a folder beside it is there before they are removed, and so is found after them.
   */
  async #collect(directory: string, prefix: string, into: StoredObject[], signal?: AbortSignal): Promise<void> {
    const folders = (await this.#entries(directory, signal)).filter((entry) => entry.isDirectory());
    for (const below of folders.map(({ name }) => `${directory}${name}/`)) {
      if (below.startsWith(prefix) || prefix.startsWith(below)) await this.#collect(below, prefix, into, signal);
    }
    into.push(...(await this.#objectsIn(directory, prefix, signal)));
  }

  /** One that goes away meanwhile may make way for one that was not there yet, so these are looked at again. */
  async #objectsIn(directory: string, prefix: string, signal?: AbortSignal): Promise<StoredObject[]> {
    for (let look = 1; ; look++) {
      const files = (await this.#entries(directory, signal)).filter((entry) => !entry.isDirectory());
      const wanted = files.map(({ name }) => `${directory}${name}`).filter((name) => name.startsWith(prefix));
      const found: (StoredObject | null)[] = [];
      for (let at = 0; at < wanted.length; at += AT_ONCE) {
        found.push(...(await Promise.all(wanted.slice(at, at + AT_ONCE).map((name) => this.stat(name, signal)))));
      }
      if (!found.includes(null) || look === LOOKS) return found.filter((object) => object !== null);
    }
  }

  /** What others put here (lost+found, say) is none of ours and may not even be readable. */
  async #entries(directory: string, signal?: AbortSignal): Promise<Dirent[]> {
    stopWhenAborted(signal);
    const path = join(this.#folder.path, directory);
    const entries = await this.#found(path, () => readdir(path, { withFileTypes: true }));
    return (entries ?? []).filter(({ name }) => SEGMENT.test(name));
  }

  async #removeEmpty(directory: string): Promise<void> {
    const { path: root, durable } = this.#folder;
    for (let path = directory; path !== root && path.startsWith(root); path = dirname(path)) {
      const gone = await onDisk(this.#folder, async () => {
        try {
          await rmdir(path);
          return true;
        } catch (error) {
          if (isErrno(error, "ENOENT")) return true;
          if (isErrno(error, "ENOTEMPTY", "EEXIST", "ENOTDIR")) return false;
          throw error;
        }
      });
      if (!gone) return;
      durable.delete(path);
    }
  }
}

/** No leading dot: such names are ours for what is unfinished, and list() does not show them. */
const SEGMENT = /^[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,254}$/;
const LONGEST_NAME = 1024;
/** A disk that begins to hang leaves threads for the others: the pool has sixteen. */
const AT_ONCE = 8;
/** At most, where something goes away each time. */
const LOOKS = 5;

function checked(name: string): string {
  if (name.length > LONGEST_NAME || !name.split("/").every((segment) => SEGMENT.test(segment))) {
    throw new RangeError(`${JSON.stringify(name.slice(0, LONGEST_NAME))} is no name of an object`);
  }
  return name;
}
