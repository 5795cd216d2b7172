/** What all deeds of a folder location share: what it knows of its disk, and what its errors mean. */
import type { FileHandle } from "node:fs/promises";
import { PromptlibError } from "../contract/errors.ts";
import { patiently } from "./folder-location-patience.ts";
import type { Location } from "./location.ts";

export interface Folder extends Pick<Location, "name" | "url"> {
  readonly path: string;
  readonly create: boolean;
  /** ms that one step may take: bytes move in small pieces, so one that takes longer hangs. */
  readonly patience: number;
  /** Directories whose own entry is known to be synced. */
  readonly durable: Set<string>;
  /** When leftovers were last looked for, on the monotonic clock; null: never. */
  cleaned: number | null;
  /** Something was stored here. */
  used: boolean;
}

const MEANING: Readonly<Record<string, string>> = {
  ENOSPC: "its disk is full",
  EDQUOT: "the quota of its disk is used up",
  EROFS: "its disk is mounted read-only",
  EIO: "its disk reports an input/output error",
  ENOENT: "the folder is not there; is its disk mounted?",
  ENOTDIR: "a file lies where a folder belongs",
  EISDIR: "a folder lies where a file belongs",
  EACCES: "this account may not read or write it",
  EPERM: "its file system refuses this (hard links are needed)",
  ENOTSUP: "its file system refuses this (hard links are needed)",
  EOPNOTSUPP: "its file system refuses this (hard links are needed)",
  EMLINK: "its file system refuses this (hard links are needed)",
  EXDEV: "it spans several file systems, and must be one",
  ESTALE: "the network share went away",
  ETIMEDOUT: "it does not answer; does its disk or network share hang?",
  EHOSTDOWN: "the network share does not answer",
};

/**
 * Does something with the folder's files; what the disk answers becomes `location_unavailable`, and that it does not
 * answer. `late`: does away with what came too late.
 */
export async function onDisk<T>(folder: Folder, deed: () => Promise<T>, late?: (value: T) => void): Promise<T> {
  const { path, patience } = folder;
  try {
    return await patiently(path, deed, { patience, late });
  } catch (error) {
    throw isSystemError(error) ? unavailable(folder, error) : error;
  }
}

/** Also where nobody waits for it any more. */
export async function closeOn(folder: Folder, handle: FileHandle): Promise<void> {
  const closing = handle.close();
  closing.catch(() => {});
  await onDisk(folder, () => closing);
}

/** An answer of the operating system, whichever. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && "syscall" in error;
}

export function unavailable(folder: Folder, error: NodeJS.ErrnoException): PromptlibError {
  const code = error.code ?? "unknown";
  return new PromptlibError("location_unavailable", {
    message: `The location ${folder.name} (${folder.url}) cannot be used: ${MEANING[code] ?? "its disk refuses"} (${code}).`,
    cause: error,
  });
}

export function stopWhenAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new PromptlibError("interrupted", { cause: signal.reason });
}
