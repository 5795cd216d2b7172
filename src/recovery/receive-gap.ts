/** WAL that was lost, remembered beside the spool: whoever makes the next backup must hear of it, also tomorrow. */
import { join } from "node:path";
import { z } from "zod";
import { readIfExists, writeFileDurably } from "../base/files.ts";
import type { Gap } from "./receive-status.ts";

const FILE = "gap.json";
const gapShape = z.object({ at: z.string(), from: z.string(), to: z.string() });

/** The newest gap, or null. */
export async function readGap(directory: string): Promise<Gap | null> {
  const text = await readIfExists(join(directory, FILE));
  if (text === null) return null;
  return gapShape.parse(JSON.parse(text));
}

export async function keepGap(directory: string, gap: Gap): Promise<void> {
  await writeFileDurably(join(directory, FILE), `${JSON.stringify(gap)}\n`);
}
