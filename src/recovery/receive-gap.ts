/** WAL that was lost, remembered beside the spool: whoever makes the next backup must hear of it, also tomorrow. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { now } from "../base/clock.ts";
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
    const { mtime } = await stat(path);
    // Where the clock was set back since, no backup would ever be younger.
    const at = new Date(Math.min(mtime.getTime(), now().getTime()));
    return { at: at.toISOString(), from: NOWHERE, to: NOWHERE };
  }
}

export async function keepGap(directory: string, gap: Gap): Promise<void> {
  await writeFileDurably(join(directory, FILE), `${JSON.stringify(gap)}\n`);
}
