/** Which nightly exports go when a new one is whole. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export interface SizedExport {
  name: string;
  /** Bytes of each of its files, by the file's name: one a project. */
  files: Readonly<Record<string, number>>;
}

/** Beside the files of the projects. */
export const SUMS = "SHA256SUMS";

/** So many times as much as any that is kept anyway. */
const CLEARLY_MORE = 2;

/**
 * Of all, oldest first, those beyond the last `keep`; but for each project the newest among them that holds clearly more
 * of it than any of the last: so many exports of a project that was emptied must not push out what it held.
 */
export function exportsToRemove(all: readonly SizedExport[], keep: number): string[] {
  const older = all.slice(0, -keep);
  const files = new Set(older.flatMap((one) => Object.keys(one.files)));
  const kept = [...files].map((file) => {
    const largest = Math.max(0, ...all.slice(-keep).map((one) => one.files[file] ?? 0));
    return older.findLast((one) => (one.files[file] ?? 0) > CLEARLY_MORE * largest);
  });
  return older.filter((one) => !kept.includes(one)).map(({ name }) => name);
}

export async function sizedExport(folder: string, name: string): Promise<SizedExport> {
  const files = await readdir(join(folder, name));
  const sizes = await Promise.all(
    files.map(async (file) => [file, (await stat(join(folder, name, file))).size] as const),
  );
  // The sums stand for no project.
  return { name, files: Object.fromEntries(sizes.filter(([file]) => file !== SUMS)) };
}
