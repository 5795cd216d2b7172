/** WAL that was lost, remembered beside the spool: whoever makes the next backup must hear of it, also tomorrow. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readIfExists, writeFileDurably } from "../base/files.ts";
import type { Gap } from "./receive-status.ts";

const FILE = "gap.json";
const NOWHERE = "0/0";
const gapShape = z.object({ at: z.string(), from: z.string(), to: z.string() });

/** The newest gap, or null. One that cannot be understood is a gap, too: nobody knows any more where. */
export async function readGap(directory: string): Promise<Gap | null> {
  const path = join(directory, FILE);
  const text = await readIfExists(path);
  if (text === null) return null;
  try {
    return gapShape.parse(JSON.parse(text));
  } catch {
    return { at: (await stat(path)).mtime.toISOString(), from: NOWHERE, to: NOWHERE };
  }
}

export async function keepGap(directory: string, gap: Gap): Promise<void> {
  await writeFileDurably(join(directory, FILE), `${JSON.stringify(gap)}\n`);
}
