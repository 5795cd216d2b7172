/** How often labels are fetched: counted in memory, written once a minute, so that a fetch asks no database for it. */
import { now } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Selector } from "../library/find.ts";
import { type FetchCount, writeFetches } from "../library/label-fetches.ts";
import type { Backend } from "./backend.ts";

const WRITE_EVERY_MS = 60_000;
/** Counts in one statement. */
const PORTION = 5_000;
/** Prompts, labels and callers remembered while nothing can be written; what is new beyond that is not counted. */
const MOST = 50_000;

export class FetchCounts {
  readonly #backend: Backend;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  #counts = new Map<string, FetchCount>();
  #writing: Promise<void> | null = null;

  constructor(backend: Backend, log: Log) {
    this.#backend = backend;
    this.#log = log;
    this.#timer = setInterval(() => void this.write(), WRITE_EVERY_MS);
  }

  /** `promptId`: null where it is not known; a fetch by version is none of a label. */
  fetched(promptId: string | null, { version, label = "latest" }: Selector, caller: string): void {
    if (promptId === null || version !== undefined) return;
    const at = now();
    this.#add({ promptId, label, caller, count: 1, firstAt: at, lastAt: at });
  }

  #add(more: FetchCount): void {
    const key = `${more.promptId} ${more.label} ${more.caller}`;
    const known = this.#counts.get(key);
    if (known) {
      known.count += more.count;
      if (more.firstAt < known.firstAt) known.firstAt = more.firstAt;
      if (more.lastAt > known.lastAt) known.lastAt = more.lastAt;
    } else if (this.#counts.size < MOST) this.#counts.set(key, more);
  }

  /** Writes what was counted; two never at once. */
  async write(): Promise<void> {
    await this.#writing;
    this.#writing = this.#writeAll();
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    if (!this.#backend.feed.isLive) return;
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    let written = 0;
    try {
      for (; written < counts.length; written += PORTION) {
        await writeFetches(this.#backend.database.writes, counts.slice(written, written + PORTION));
      }
    } catch (error) {
      for (const count of counts.slice(written)) this.#add(count);
      this.#log.warn({ err: error }, "how often labels were fetched could not be written; tried again in a minute");
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.write();
  }
}
