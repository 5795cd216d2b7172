/** Between the socket and a consumer that is slower: a bounded queue, and a watch over silence. */
import type { Duplex } from "node:stream";
import { monotonic } from "../base/clock.ts";

/** With so many bytes queued the socket is not read any more; with so few it is again. */
export const FULL_BYTES = 4 * 1024 * 1024;
const ROOM_BYTES = FULL_BYTES / 2;

/** For one consumer. What had arrived before the end, or before a failure, is handed out first. */
export class Inbox<T> {
  readonly #stream: Duplex;
  #items: { item: T; bytes: number }[] = [];
  #queued = 0;
  #paused = false;
  #over: { error: Error | null } | null = null;
  #wake: (() => void) | null = null;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  get queuedBytes(): number {
    return this.#queued;
  }

  /** Nothing is read from the socket, so nothing can be heard. */
  get paused(): boolean {
    return this.#paused;
  }

  push(item: T, bytes: number): void {
    if (this.#over) return;
    this.#items.push({ item, bytes });
    this.#queued += bytes;
    if (this.#queued >= FULL_BYTES && !this.#paused) {
      this.#paused = true;
      this.#stream.pause();
    }
    this.#wake?.();
  }

  /** The next item; null when it has ended. */
  async take(): Promise<T | null> {
    await this.#something();
    const next = this.#items.shift();
    if (!next) return this.#ended();
    this.#taken(next.bytes);
    return next.item;
  }

  /** All there is, at least one; null when it has ended. */
  async takeAll(): Promise<T[] | null> {
    await this.#something();
    if (this.#items.length === 0) return this.#ended();
    const all = this.#items.splice(0);
    this.#taken(this.#queued);
    return all.map(({ item }) => item);
  }

  /** The first end counts. */
  end(error: Error | null): void {
    this.#over ??= { error };
    // Nothing more is to come but what the next command answers.
    this.#resume();
    this.#wake?.();
  }

  #ended(): null {
    if (this.#over?.error) throw this.#over.error;
    return null;
  }

  async #something(): Promise<void> {
    if (this.#items.length > 0 || this.#over) return;
    if (this.#wake) throw new Error("two consumers of one stream");
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = null;
  }

  #taken(bytes: number): void {
    this.#queued -= bytes;
    if (this.#queued < ROOM_BYTES) this.#resume();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#stream.resume();
  }
}

/**
 * Counts how long nothing was heard, and says so at every tick. Time in which we did not listen does not count: while
 * `deaf`, and what passed beyond two ticks, when this process itself stood still.
 */
export class Silence {
  readonly #timer: NodeJS.Timeout;
  #quiet = 0;
  #last = monotonic();

  constructor(tickMs: number, deaf: () => boolean, tick: (quietMs: number) => void) {
    this.#timer = setInterval(() => {
      const at = monotonic();
      this.#quiet = deaf() ? 0 : this.#quiet + Math.min(at - this.#last, 2 * tickMs);
      this.#last = at;
      tick(this.#quiet);
    }, tickMs);
    this.#timer.unref();
  }

  heard(): void {
    this.#quiet = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
