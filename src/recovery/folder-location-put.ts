/** Stores one object in a folder: written aside, synced, linked to its name, its directories synced. */
import { randomBytes } from "node:crypto";
import { type FileHandle, link, lstat, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { monotonic, now } from "../base/clock.ts";
import { isErrno, syncDirectory } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import { pieces } from "./folder-location-body.ts";
import { closeOn, type Folder, onDisk, stopWhenAborted } from "./folder-location-disk.ts";

const UNFINISHED = ".unfinished";
/** Written without waiting for the disk: more, and a disk that is too slow would show it only at the very end. */
const UNSYNCED = 32 * 1024 * 1024;
/** How often a directory may be removed, empty, between being made and being used. */
const RACES = 10;

const HOUR = 3_600_000;
/** What was not touched for so long is of a process that was killed. */
const LEFTOVER_AGE = 24 * HOUR;

/** See Location.put. The body is used up or destroyed in any case. */
export async function storeObject(
  folder: Folder,
  name: string,
  body: Uint8Array | Readable,
  signal: AbortSignal | undefined,
): Promise<"stored" | "exists"> {
  // Until it is read: an error meanwhile would be one that nobody hears, and end the process.
  if (body instanceof Readable) body.on("error", () => {});
  try {
    stopWhenAborted(signal);
    return await store(folder, join(folder.path, name), body, signal);
  } catch (error) {
    throw signal?.aborted ? new PromptlibError("interrupted", { cause: error }) : error;
  } finally {
    if (body instanceof Readable) body.destroy();
  }
}

async function store(folder: Folder, target: string, body: Uint8Array | Readable, signal: AbortSignal | undefined) {
  if (await onDisk(folder, () => isThere(target))) {
    await onDisk(folder, () => syncUp(folder, dirname(target)));
    return "exists";
  }
  await onDisk(folder, () => clean(folder));
  const { handle, path } = await onDisk(
    folder,
    () => openUnfinished(folder),
    (late) => void late.handle.close().catch(() => {}),
  );
  try {
    try {
      await write(folder, handle, pieces(body, signal));
    } finally {
      await closeOn(folder, handle);
    }
    stopWhenAborted(signal);
    return await onDisk(folder, () => giveName(folder, path, target));
  } finally {
    await onDisk(folder, () => rm(path, { force: true }));
  }
}

async function isThere(target: string): Promise<boolean> {
  try {
    if ((await lstat(target)).isDirectory())
      throw Object.assign(new Error(target), { code: "EISDIR", syscall: "link" });
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}

/** Errors of the body are thrown as they are: they are no fault of the location. */
async function write(folder: Folder, handle: FileHandle, body: AsyncIterable<Uint8Array>) {
  let unsynced = 0;
  for await (const piece of body) {
    await onDisk(folder, async () => {
      for (let at = 0; at < piece.length; ) at += (await handle.write(piece, at)).bytesWritten;
      unsynced += piece.length;
      if (unsynced < UNSYNCED) return;
      await handle.datasync();
      unsynced = 0;
    });
  }
  await onDisk(folder, () => handle.sync());
}

/** Of two at once one gets the name. What is there is durable in both cases. */
async function giveName(folder: Folder, path: string, target: string): Promise<"stored" | "exists"> {
  const answer = await linked(folder, path, target);
  await syncUp(folder, dirname(target));
  return answer;
}

async function linked(folder: Folder, path: string, target: string): Promise<"stored" | "exists"> {
  for (let attempt = 1; ; attempt++) {
    try {
      await link(path, target);
      return "stored";
    } catch (error) {
      if (isErrno(error, "EEXIST")) return "exists";
      if (!isErrno(error, "ENOENT") || attempt > RACES) throw error;
      await makeDirectories(folder, dirname(target));
    }
  }
}

/** Below the folder, never the folder itself. That somebody removes them again, empty, shows in the link. */
async function makeDirectories(folder: Folder, directory: string): Promise<void> {
  if (directory === folder.path) {
    await stat(folder.path);
    return;
  }
  await makeDirectories(folder, dirname(directory));
  try {
    await mkdir(directory, { mode: 0o700 });
    folder.durable.delete(directory);
  } catch (error) {
    if (!isErrno(error, "EEXIST", "ENOENT")) throw error;
  }
}

/** Syncs the directory, and those above it up to the folder as far as their entries may not be durable yet. */
async function syncUp(folder: Folder, directory: string): Promise<void> {
  await syncDirectory(directory);
  for (let path = directory; path !== folder.path && !folder.durable.has(path); path = dirname(path)) {
    await syncDirectory(dirname(path));
    // A bound for a process that runs for years.
    if (folder.durable.size > 10_000) folder.durable.clear();
    folder.durable.add(path);
  }
}

async function openUnfinished(folder: Folder): Promise<{ handle: FileHandle; path: string }> {
  const path = join(folder.path, UNFINISHED, `${randomBytes(8).toString("hex")}.tmp`);
  const handle = (await openIfThere(path)) ?? (await openAnew(folder, path));
  folder.used = true;
  return { handle, path };
}

/** null: the directory is not there. */
async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, "wx", 0o600);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

async function openAnew(folder: Folder, path: string): Promise<FileHandle> {
  if (folder.used && (await isBare(folder.path))) throw emptied(folder);
  if (folder.create) await makeFolder(folder.path);
  await mkdir(dirname(path), { mode: 0o700 }).catch((error: unknown) => {
    if (!isErrno(error, "EEXIST")) throw error;
  });
  return await open(path, "wx", 0o600);
}

async function isBare(path: string): Promise<boolean> {
  const names = await readdir(path).catch((error: unknown) => {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  });
  return names.length === 0;
}

/** What lies below a mount point while its disk is not mounted is no substitute for the disk. */
function emptied({ name, url }: Folder): PromptlibError {
  return new PromptlibError("location_unavailable", {
    message: `The location ${name} (${url}) cannot be used: all that was in it is gone; is its disk mounted?`,
  });
}

/** The folder of a location itself, durably. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
}

/** Removes what killed processes left behind: looked for now and then, it lies in one directory. */
async function clean(folder: Folder): Promise<void> {
  if (folder.cleaned !== null && monotonic() - folder.cleaned < HOUR) return;
  folder.cleaned = monotonic();
  const directory = join(folder.path, UNFINISHED);
  const names = await readdir(directory).catch((error: unknown) => {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  });
  for (const path of names.filter((name) => name.endsWith(".tmp")).map((name) => join(directory, name))) {
    const { mtimeMs } = await lstat(path).catch((error: unknown) => {
      if (isErrno(error, "ENOENT")) return { mtimeMs: Number.POSITIVE_INFINITY };
      throw error;
    });
    if (now().getTime() - mtimeMs > LEFTOVER_AGE) await rm(path, { force: true });
  }
}
