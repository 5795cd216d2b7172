/** How figures of several rounds are said. */
import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import { median } from "./instance.ts";

/** 12.3 [11.9–13.0] */
export function spread(values: readonly number[], digits = 1): string {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits));
  return `${median(values).toFixed(digits)} [${low}–${high}]`;
}

/** By nearest rank. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

/** Another one begins each round, so that none always comes after the same. */
export function rotated<T>(all: readonly T[], round: number): T[] {
  const from = round % all.length;
  return [...all.slice(from), ...all.slice(0, from)];
}

/** Bytes of the files below a directory. */
export async function bytesBelow(directory: string): Promise<number> {
  let sum = 0;
  for await (const entry of await opendir(directory, { recursive: true })) {
    if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return sum;
}
