/**
 * Data at risk without writing anything: where PostgreSQL was, sampled each second, against what a location holds.
 * Pure.
 */
import type { Lsn } from "../postgres/lsn.ts";

export interface Sample {
  /** Everything before it was flushed by PostgreSQL. */
  position: Lsn;
  /** Milliseconds of our own monotonic clock, from before PostgreSQL was asked: its own clock may be another. */
  at: number;
}

/** Distinct positions that are remembered. An hour of writing each second, then ever coarser. */
const CAPACITY = 3600;

/** Samples in ascending order. A position that did not move takes no room. */
export class Positions {
  readonly #capacity: number;
  #samples: Sample[] = [];

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  get newest(): Sample | null {
    return this.#samples.at(-1) ?? null;
  }

  add(sample: Sample): void {
    const last = this.newest;
    // A server behind the last one is another server (a failover): what the old one said says nothing any more.
    if (last && sample.position < last.position) this.#samples = [];
    if (last?.position === sample.position) this.#samples.pop();
    this.#samples.push(sample);
    if (this.#samples.length > this.#capacity) this.#thin();
  }

  /** Of the older half every second goes: what is told of it can only get worse than it was, never better. */
  #thin(): void {
    const half = Math.floor(this.#samples.length / 2);
    this.#samples = this.#samples.filter((_, index) => index >= half || index % 2 === 0);
  }
}

/**
 * Seconds of work that would be lost if all but the WAL before `durable` were gone now: since the newest sample at or
 * below it. 0 when that is PostgreSQL's newest known position; null when nobody can tell, because it was passed before
 * the first sample.
 */
export function riskSeconds(samples: readonly Sample[], durable: Lsn | null, now: number): number | null {
  if (durable === null) return null;
  const index = samples.findLastIndex(({ position }) => position <= durable);
  const sample = samples[index];
  if (!sample) return null;
  return index === samples.length - 1 ? 0 : Math.max(0, now - sample.at) / 1000;
}
