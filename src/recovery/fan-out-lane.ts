/** The way of one location in a fan-out: a queue of objects, stored one after the other as their bytes come. */
import { Readable } from "node:stream";
import { monotonic } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Location } from "./location.ts";

export class Lane {
  readonly location: Location;
  /** Names of what it has stored, without the folder. */
  readonly stored: string[] = [];
  /** Bytes given and not yet taken. */
  queued = 0;
  /** Objects begun and not yet stored. */
  open = 0;
  /** Why it is no longer served. */
  failure: string | null = null;
  /** When it last took something, or was given something to take. */
  moved = 0;
  /** When it was full, and what it must have taken for the queue of that time to be gone. */
  #mark: { at: number; taken: number } | null = null;
  #taken = 0;
  #last: Promise<void> = Promise.resolve();
  readonly #folder: string;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #bodies = new Set<LaneBody>();
  readonly #changed: () => void;

  constructor(location: Location, folder: string, signal: AbortSignal | undefined, changed: () => void) {
    this.location = location;
    this.#folder = folder;
    this.#signal = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
    this.#changed = changed;
  }

  /** Begins an object; its bytes follow. */
  begin(name: string): LaneBody {
    const body = new LaneBody((bytes) => this.#took(bytes));
    this.#bodies.add(body);
    this.#store(name, body, () => this.#bodies.delete(body));
    return body;
  }

  put(name: string, bytes: Uint8Array): void {
    this.#store(name, bytes, () => {});
  }

  give(body: LaneBody, chunk: Buffer | null): void {
    if (this.failure !== null) return;
    if (this.queued === 0) this.moved = monotonic();
    this.queued += chunk?.length ?? 0;
    body.give(chunk);
  }

  /** Since how many milliseconds the queue that was full then has not been taken; 0: it was not full. */
  fullFor(limit: number): number {
    if (this.queued >= limit) this.#mark ??= { at: monotonic(), taken: this.#taken + this.queued };
    return this.#mark ? monotonic() - this.#mark.at : 0;
  }

  /** Ends it for good: what was under way is dropped, what is stored stays. */
  fail(reason: string): void {
    if (this.failure !== null) return;
    this.failure = reason;
    this.queued = 0;
    this.#stop.abort();
    for (const body of this.#bodies) body.cut();
    this.#changed();
  }

  #store(name: string, body: LaneBody | Uint8Array, ended: () => void): void {
    if (this.open === 0) this.moved = monotonic();
    this.open += 1;
    const before = this.#last;
    this.#last = (async () => {
      await before;
      await this.#put(name, body);
      ended();
      this.open -= 1;
      this.moved = monotonic();
      this.#changed();
    })();
  }

  async #put(name: string, body: LaneBody | Uint8Array): Promise<void> {
    if (this.failure !== null) return;
    try {
      const answer = await this.location.put(`${this.#folder}${name}`, body, this.#signal);
      if (answer === "stored") this.stored.push(name);
      else this.fail(`it already holds ${this.#folder}${name}`);
    } catch (error) {
      this.fail(error instanceof PromptlibError ? error.message : String(error));
    }
  }

  #took(bytes: number): void {
    this.#taken += bytes;
    this.queued -= bytes;
    this.moved = monotonic();
    if (this.#mark && this.#taken >= this.#mark.taken) this.#mark = null;
    this.#changed();
  }
}

/** The bytes of one object on their way to one location. What they are taken from is shared between the locations. */
export class LaneBody extends Readable {
  #chunks: (Buffer | null)[] = [];
  #wanted = false;
  readonly #took: (bytes: number) => void;

  constructor(took: (bytes: number) => void) {
    // One chunk ahead: what the stream holds itself is in no queue that somebody counts. As objects, since chunks are
    // large and a stream of bytes copies them together.
    super({ objectMode: true, highWaterMark: 1 });
    this.#took = took;
    // Whoever puts it hears its errors; when nobody does, they still must not end the process.
    this.on("error", () => {});
  }

  give(chunk: Buffer | null): void {
    this.#chunks.push(chunk);
    if (this.#wanted) this.#next();
  }

  cut(): void {
    this.#chunks = [];
    this.destroy(new Error("the location is no longer served"));
  }

  override _read(): void {
    this.#wanted = true;
    this.#next();
  }

  #next(): void {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return;
    this.#wanted = false;
    if (chunk) this.#took(chunk.length);
    this.push(chunk);
  }
}
