/**
 * One pass to many locations: what is written once goes to each, at its own pace within bounds. One that fails, or
 * that the others would have to wait for, is detached; it is filled afterwards from one that has everything.
 */
import { monotonic, sleep, until } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import { Lane } from "./fan-out-lane.ts";
import type { Location } from "./location.ts";

export interface FanOutOptions {
  signal?: AbortSignal;
  /** Bytes that a location may be behind. Queues share their bytes: in memory they are there once. */
  queueBytes?: number;
  /** A location that does not take a whole full queue within so long is detached, if another is well ahead of it. */
  lagMs?: number;
  /** A location that is waited for, be it the only one, and takes nothing for so long is detached. */
  patienceMs?: number;
}

export interface Detached {
  location: Location;
  reason: string;
}

export interface PartSink {
  /** Resolves when there is room for more. The bytes must not be changed afterwards. */
  write(chunk: Buffer): Promise<void>;
  /** Nothing follows. The part is stored where `settle` says so. */
  end(): Promise<void>;
}

const TICK = 250;
const FAREWELL = 10_000;

/** All methods throw `backup_failed` with the reasons when no location is left, and `interrupted` at the signal. */
export class FanOut {
  readonly #lanes: readonly Lane[];
  readonly #folder: string;
  readonly #limits: Required<Omit<FanOutOptions, "signal">>;
  readonly #signal: AbortSignal | undefined;
  #waiting: (() => void)[] = [];

  constructor(locations: readonly Location[], folder: string, { signal, ...limits }: FanOutOptions = {}) {
    this.#folder = folder;
    this.#signal = signal;
    this.#limits = { queueBytes: 64 * 1024 * 1024, lagMs: 10_000, patienceMs: 60_000, ...limits };
    this.#lanes = locations.map((location) => new Lane(location, folder, signal, () => this.#wake()));
  }

  /** Those that have everything so far, or will have it. */
  get attached(): Location[] {
    return this.#attached().map(({ location }) => location);
  }

  get detached(): Detached[] {
    return this.#lanes.flatMap(({ location, failure }) => (failure === null ? [] : [{ location, reason: failure }]));
  }

  startPart(name: string): PartSink {
    const bodies = this.#attached().map((lane) => ({ lane, body: lane.begin(name) }));
    const give = async (chunk: Buffer | null) => {
      for (const { lane, body } of bodies) lane.give(body, chunk);
      await this.#wait((lane) => lane.queued < this.#limits.queueBytes);
    };
    return { write: give, end: () => give(null) };
  }

  /** A small object, stored when this returns, behind everything that was written before it. */
  async putSmall(name: string, bytes: Uint8Array): Promise<void> {
    for (const lane of this.#attached()) lane.put(name, bytes);
    await this.settle();
  }

  /** Until every location that is left has stored everything. */
  async settle(): Promise<void> {
    await this.#wait((lane) => lane.open === 0);
  }

  /** Stops, and removes what was stored; answers where something may have been left, and why. */
  async abandon(): Promise<Detached[]> {
    for (const lane of this.#lanes) lane.fail("the backup was given up");
    const left = await Promise.all(this.#lanes.map((lane) => this.#discard(lane)));
    return left.flat();
  }

  async #discard(lane: Lane): Promise<Detached[]> {
    const { location } = lane;
    if (!(await until(() => lane.open === 0, { timeout: FAREWELL })))
      return [{ location, reason: "it does not answer" }];
    try {
      for (const name of lane.stored) await location.remove(`${this.#folder}${name}`, AbortSignal.timeout(FAREWELL));
      return [];
    } catch (error) {
      return [{ location, reason: error instanceof Error ? error.message : String(error) }];
    }
  }

  #attached(): Lane[] {
    return this.#lanes.filter((lane) => lane.failure === null);
  }

  async #wait(isDone: (lane: Lane) => boolean): Promise<void> {
    for (;;) {
      if (this.#signal?.aborted) throw new PromptlibError("interrupted", { cause: this.#signal.reason });
      const behind = this.#attached().filter((lane) => !isDone(lane));
      for (const lane of behind) this.#detachIfSlow(lane);
      if (this.#attached().length === 0) throw this.#failure();
      if (this.#attached().every(isDone)) return;
      await this.#change();
    }
  }

  #detachIfSlow(lane: Lane): void {
    const { queueBytes, lagMs, patienceMs } = this.#limits;
    const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
    const isAhead = (other: Lane) => other !== lane && other.queued < queueBytes / 2;
    if (monotonic() - lane.moved >= patienceMs) lane.fail(`it took nothing for ${seconds(patienceMs)}`);
    else if (lane.fullFor(queueBytes) >= lagMs && this.#attached().some(isAhead)) {
      lane.fail(`it is too slow: others had to wait for it for ${seconds(lagMs)}`);
    }
  }

  #failure(): PromptlibError {
    const reasons = this.detached.map(({ location, reason }) => `${location.name}: ${reason}`);
    return new PromptlibError("backup_failed", {
      message: `No location took the backup. ${reasons.join(" ")}`,
      details: { locations: this.detached.map(({ location, reason }) => ({ location: location.name, reason })) },
    });
  }

  /** Until something moved, or a moment has passed. */
  async #change(): Promise<void> {
    const stop = new AbortController();
    const end = () => stop.abort();
    this.#signal?.addEventListener("abort", end);
    const moved = new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      await Promise.race([moved, sleep(TICK, stop.signal).catch(() => {})]);
    } finally {
      this.#signal?.removeEventListener("abort", end);
      stop.abort();
      this.#wake();
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
