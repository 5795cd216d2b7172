/** What an ordinary connection tells each second while WAL is received; and the end of a segment that fills slowly. */
import pg from "pg";
import { monotonic } from "../base/clock.ts";
import { type Lsn, SEGMENT_BYTES } from "../postgres/lsn.ts";
import { Positions } from "./positions.ts";
import { PositionSampler } from "./positions-sampler.ts";
import type { Spool } from "./spool.ts";

export class ServerWatch {
  readonly positions = new Positions();
  readonly #sampler: PositionSampler;
  readonly #switchAfter: number;
  #sampledAt: string | null = null;
  #segment: { name: string; since: number } | null = null;
  #problem: string | null = null;

  /** `switchAfter`: so many ms after its first byte a segment is ended. */
  constructor(config: pg.ClientConfig, switchAfter: number) {
    this.#sampler = new PositionSampler(config);
    this.#switchAfter = switchAfter;
  }

  /** PostgreSQL's newest known position. */
  get position(): Lsn | null {
    return this.positions.newest?.position ?? null;
  }

  /** By PostgreSQL's clock; ISO 8601, UTC. */
  get sampledAt(): string | null {
    return this.#sampledAt;
  }

  /** At the last look PostgreSQL let nobody in. */
  get refused(): boolean {
    return this.#sampler.refused;
  }

  get keepBytes(): bigint {
    return this.#sampler.keepBytes;
  }

  get problem(): string | null {
    return this.#problem;
  }

  /** `spool`: null before there is one. */
  async look(spool: Spool | null): Promise<void> {
    const sample = await this.#sampler.sample();
    if (!sample) return;
    this.positions.add(sample);
    this.#sampledAt = sample.sampledAt;
    if (spool) await this.#endSegment(spool);
  }

  close(): void {
    this.#sampler.close();
  }

  /** A whole segment takes the place of its fragments, and an idle library is stored as compactly as a busy one. */
  async #endSegment(spool: Spool): Promise<void> {
    const newest = spool.segments().at(-1);
    if (!newest || newest.length === 0 || newest.length === SEGMENT_BYTES) return;
    if (this.#segment?.name !== newest.name) this.#segment = { name: newest.name, since: monotonic() };
    if (monotonic() - this.#segment.since < this.#switchAfter) return;
    this.#segment.since = monotonic();
    try {
      await this.#sampler.switchSegment();
      this.#problem = null;
    } catch (error) {
      // 42501: the login may not. Whatever else: PostgreSQL is away, and the next one tells.
      if (error instanceof pg.DatabaseError && error.code === "42501") {
        this.#problem = `A segment of WAL cannot be ended (grant execute on function pg_switch_wal() to it): ${error.message}.`;
      }
    }
  }
}
