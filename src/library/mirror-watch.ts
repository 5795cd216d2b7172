/**
 * Whether a mirror that another server is to write is kept current. Where two servers share a folder it is; a home that
 * was copied shares the lock with the one that it was copied from, and its mirror is written by nobody.
 */
import { monotonic } from "../base/clock.ts";
import { type Cursor, currentCursor } from "../database/changes.ts";
import type { Queries } from "../database/database.ts";
import { readState } from "./mirror-state.ts";

export class MirrorWatch {
  readonly #folder: string;
  /** What the mirror did not hold, and when the database had it. */
  #lacking: { cursor: Cursor; since: number } | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Milliseconds. */
  get lackingFor(): number {
    return this.#lacking === null ? 0 : monotonic() - this.#lacking.since;
  }

  async look(db: Queries): Promise<void> {
    const since = monotonic();
    const state = await readState(this.#folder);
    if (this.#lacking && !holds(state, this.#lacking.cursor)) return;
    const cursor = await currentCursor(db);
    // While somebody writes all the time it always lacks the newest, but another each time.
    this.#lacking = holds(state, cursor) ? null : { cursor, since };
  }
}

function holds(state: Cursor | null, { epoch, tx, seq }: Cursor): boolean {
  if (state?.epoch !== epoch) return false;
  const [ours, its] = [BigInt(state.tx), BigInt(tx)];
  return ours > its || (ours === its && BigInt(state.seq) >= BigInt(seq));
}
