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

/** In maps of maps: to put three texts together for each fetch would cost more than all the rest. */
type Counts = Map<FetchCount["promptId"], Map<FetchCount["caller"], Map<FetchCount["label"], FetchCount>>>;

export class FetchCounts {
  readonly #backend: Backend;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  #counts: Counts = new Map();
  #size = 0;
  #writing: Promise<void> | null = null;

  constructor(backend: Backend, log: Log) {
    this.#backend = backend;
    this.#log = log;
    this.#timer = setInterval(() => void this.write(), WRITE_EVERY_MS);
  }

  /**
   * `promptId`: null where it is not known; a fetch by version is none of a label. `caller`: the id of a key, or the name
   * of somebody else.
   */
  fetched(promptId: string | null, { version, label = "latest" }: Selector, caller: string): void {
    if (promptId === null || version !== undefined) return;
    const at = now();
    const known = this.#counts.get(promptId)?.get(caller)?.get(label);
    if (known) {
      known.count += 1;
      known.lastAt = at;
    } else this.#add({ promptId, label, caller, count: 1, firstAt: at, lastAt: at });
  }

  #add(more: FetchCount): void {
    const ofPrompt = this.#counts.get(more.promptId) ?? new Map<string, Map<string, FetchCount>>();
    const ofCaller = ofPrompt.get(more.caller) ?? new Map<string, FetchCount>();
    const known = ofCaller.get(more.label);
    if (known) {
      known.count += more.count;
      if (more.firstAt < known.firstAt) known.firstAt = more.firstAt;
      if (more.lastAt > known.lastAt) known.lastAt = more.lastAt;
    } else if (this.#size < MOST) {
      this.#size += 1;
      this.#counts.set(more.promptId, ofPrompt.set(more.caller, ofCaller.set(more.label, more)));
    }
  }

  /** Writes what was counted; two never at once. */
  async write(): Promise<void> {
    await this.#writing;
    this.#writing = this.#writeAll();
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    if (!this.#backend.feed.isLive) return;
    const counts = [...this.#counts.values()].flatMap((callers) =>
      [...callers.values()].flatMap((labels) => [...labels.values()]),
    );
    this.#counts = new Map();
    this.#size = 0;
    let written = 0;
    try {
      for (; written < counts.length; written += PORTION) {
        await writeFetches(this.#backend.database.writes, counts.slice(written, written + PORTION).map(withName));
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

/** Ids of keys hold letters and digits alone. */
function withName(count: FetchCount): FetchCount {
  return count.caller.includes(":") ? count : { ...count, caller: `key:${count.caller}` };
}
