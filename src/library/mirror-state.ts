/** How far in the change feed a mirror is: a file in its folder. */
import { join } from "node:path";
import { now } from "../base/clock.ts";
import { readIfExists, writeFileDurably } from "../base/files.ts";
import type { Cursor } from "../database/changes.ts";

const STATE_FILE = ".mirror.json";

interface MirrorState extends Cursor {
  format: 1;
  /** When the position was reached. */
  at: string;
}

export async function readState(folder: string): Promise<MirrorState | null> {
  const text = await readIfExists(join(folder, STATE_FILE));
  if (text === null) return null;
  try {
    const state = JSON.parse(text) as Partial<MirrorState>;
    return state.format === 1 && state.epoch && state.tx && state.seq && state.at ? (state as MirrorState) : null;
  } catch {
    return null; // then everything is compared
  }
}

export async function writeState(folder: string, cursor: Cursor): Promise<void> {
  const state: MirrorState = { format: 1, ...cursor, at: now().toISOString() };
  await writeFileDurably(join(folder, STATE_FILE), JSON.stringify(state));
}
