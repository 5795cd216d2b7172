/**
 * Locations that this home has marked, remembered in the home: one whose mark is gone is a disk that is not mounted, or
 * was emptied, and must not be taken for a new one.
 */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createFileDurably, DISK_AWAY, isErrno, readIfExists } from "../base/files.ts";

/** `recovery`: <home>/recovery. */
export async function isKnown(recovery: string, url: string): Promise<boolean> {
  return (await readIfExists(memoryOf(recovery, url))) !== null;
}

/** A disk that does not take it now is asked again at the next claim. */
export async function remember(recovery: string, url: string): Promise<void> {
  const path = memoryOf(recovery, url);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await createFileDurably(path, `${JSON.stringify({ url })}\n`);
  } catch (error) {
    if (!isErrno(error, ...DISK_AWAY, "EACCES")) throw error;
  }
}

/** The file to remove when a location was emptied on purpose. What is said of a location behind `?` may change. */
export function memoryOf(recovery: string, location: string): string {
  const [url = location] = location.split("?");
  return join(recovery, "locations", `${createHash("sha256").update(url).digest("hex").slice(0, 16)}.json`);
}
