/** Which nightly exports go when a new one is whole. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export interface SizedExport {
  name: string;
  /** Of its files. */
  bytes: number;
}

/** So many times as much as any that is kept anyway. */
const CLEARLY_MORE = 2;

/**
 * Of all, oldest first, those beyond the last `keep`; but the newest among them that holds clearly more than any of the
 * last: so many exports of a library that was emptied must not push out what it held.
 */
export function exportsToRemove(all: readonly SizedExport[], keep: number): string[] {
  const largest = Math.max(0, ...all.slice(-keep).map(({ bytes }) => bytes));
  const older = all.slice(0, -keep);
  const last = older.findLast(({ bytes }) => bytes > CLEARLY_MORE * largest);
  return older.filter((one) => one !== last).map(({ name }) => name);
}

export async function sizedExport(folder: string, name: string): Promise<SizedExport> {
  const files = await readdir(join(folder, name));
  const stats = await Promise.all(files.map((file) => stat(join(folder, name, file))));
  return { name, bytes: stats.reduce((sum, { size }) => sum + size, 0) };
}
