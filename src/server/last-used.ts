/** When keys were last used: noted in memory, written once a minute. */
import { now } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { writeLastUsed } from "../library/keys.ts";
import type { Backend } from "./backend.ts";

const WRITE_EVERY_MS = 60_000;

export class LastUsed {
  readonly #backend: Backend;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  #used = new Map<string, Date>();

  constructor(backend: Backend, log: Log) {
    this.#backend = backend;
    this.#log = log;
    this.#timer = setInterval(() => void this.write(), WRITE_EVERY_MS);
  }

  used(keyId: string): void {
    // One Date a key and minute is enough: the column is not finer.
    if (!this.#used.has(keyId)) this.#used.set(keyId, now());
  }

  async write(): Promise<void> {
    if (!this.#backend.feed.isLive) return;
    const used = this.#used;
    this.#used = new Map();
    try {
      await writeLastUsed(this.#backend.database.writes, used);
    } catch (error) {
      for (const [id, at] of used) this.#used.set(id, at);
      this.#log.warn({ err: error }, "when keys were last used could not be written; tried again in a minute");
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.write();
  }
}
