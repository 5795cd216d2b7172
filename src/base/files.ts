/** Files that survive a crash: written beside, synced, renamed. */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, link, mkdir, open, readFile, rename, rm, statfs, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { PromptlibError } from "../contract/errors.ts";

/** Without codes: any that has one. */
export function isErrno(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  if (!(error instanceof Error && "code" in error)) return false;
  return codes.length === 0 || codes.includes(String(error.code));
}

/** What a disk answers when it is full, gone, or broken: no reason for a process to die as well. */
export const DISK_AWAY = ["ENOSPC", "EDQUOT", "ENOENT", "ENOTDIR", "EROFS", "EIO", "ESTALE"];

/** Makes the entries of a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeBeside(path: string, data: string | Uint8Array, mode: number): Promise<string> {
  // `~` never occurs in our own names but before a suffix, so a leftover of a crash is easy to tell.
  const temporary = `${path}~${randomBytes(6).toString("hex")}.tmp`;
  const handle = await open(temporary, "wx", mode);
  try {
    await handle.writeFile(data);
    await handle.datasync();
  } catch (error) {
    await unlink(temporary);
    throw error;
  } finally {
    await handle.close();
  }
  return temporary;
}

/** Replaces a file as a whole: readers see the old or the new one, also after a crash. */
export async function writeFileDurably(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  await replaceFile(path, data, mode);
  await syncDirectory(dirname(path));
}

/** The same, but durable only once the caller has synced the directory: for many files in one. */
export async function replaceFile(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = await writeBeside(path, data, mode);
  await rename(temporary, path);
}

/** Writes the file unless it exists; answers whether it was us. Of two at once, one wins. */
export async function createFileDurably(path: string, data: string | Uint8Array, mode = 0o600): Promise<boolean> {
  const temporary = await writeBeside(path, data, mode);
  try {
    await link(temporary, path);
    await syncDirectory(dirname(path));
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** The text of a file, or null when there is none. */
export async function readIfExists(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

export function isDiskFull(error: unknown): error is NodeJS.ErrnoException {
  return isErrno(error, "ENOSPC", "EDQUOT");
}

/** Throws `home_not_writable` or `disk_full` unless the directory exists (or can be made) and takes files. */
export async function prepareDirectory(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (isDiskFull(error)) throw new PromptlibError("disk_full", { cause: error });
    throw new PromptlibError("home_not_writable", {
      message: `The directory ${path} cannot be made or written${isErrno(error) ? ` (${error.code})` : ""}.`,
      cause: error,
    });
  }
}

/** Bytes that an ordinary program can still write on the disk of `path`. */
export async function freeSpace(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
