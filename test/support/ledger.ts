/**
 * An application that never rests, and writes down what was acknowledged and how far PostgreSQL's WAL was then: whatever
 * a restore says that it reached, it must have every write from before.
 */
import type pg from "pg";
import { sleep, until } from "../../src/base/clock.ts";
import type { Home } from "../../src/base/config.ts";
import { type Lsn, parseLsn } from "../../src/postgres/lsn.ts";
import { connectAsSuperuser } from "../../src/postgres/roles.ts";

const NAME = "ledger";
const PAUSE_MS = 5;

interface Entry {
  text: string;
  version: number;
  /** WAL was flushed up to here after the write was acknowledged, so its commit lies before. null: nobody could ask. */
  flushed: Lsn | null;
}

export class Ledger {
  readonly #home: Home;
  readonly #url: string;
  readonly #headers: Record<string, string>;
  #entries: Entry[] = [];
  #count = 0;
  #going: Promise<void> | null = null;
  #over = false;
  #client: pg.Client | null = null;

  constructor(home: Home, url: string, key: string) {
    this.#home = home;
    this.#url = url;
    this.#headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  }

  get acknowledged(): number {
    return this.#entries.length;
  }

  start(): void {
    this.#over = false;
    this.#going = (async () => {
      for (; !this.#over; await sleep(PAUSE_MS)) await this.#once().catch(() => {});
    })();
  }

  async stop(): Promise<void> {
    this.#over = true;
    await this.#going;
    this.#client?.connection.stream.destroy();
    this.#client = null;
  }

  /** Until some more writes were acknowledged. */
  async more(count: number): Promise<void> {
    const { acknowledged } = this;
    const enough = await until(() => this.acknowledged >= acknowledged + count, { timeout: 60_000 });
    if (!enough) throw new Error(`only ${this.acknowledged - acknowledged} writes were acknowledged within a minute`);
  }

  /**
   * Compares what is there with what was acknowledged. Answers how many acknowledged writes are lost; each must lie
   * behind `reached`. Forgets what is lost.
   */
  async settle(reached: Lsn): Promise<{ lost: number; kept: number }> {
    const there = await this.#versions();
    const kept = this.#entries.filter(({ version, text }) => there.get(version) === text);
    const lost = this.#entries.filter((entry) => !kept.includes(entry));
    for (const { text, version, flushed } of lost) {
      if (flushed !== null && flushed <= reached) {
        throw new Error(`version ${version} (${text}) was flushed at ${flushed}, before ${reached}, and is not there`);
      }
    }
    // After a loss the numbers begin again where the restored state ends.
    const again = this.#entries.findIndex((entry, index) => entry.version <= (this.#entries[index - 1]?.version ?? 0));
    const before = again === -1 ? this.#entries : this.#entries.slice(0, again);
    const newest = Math.max(0, ...before.flatMap((entry) => (lost.includes(entry) ? [] : [entry.version])));
    const early = lost.find(({ version }) => version < newest);
    if (early) throw new Error(`version ${early.version} is lost although the later ${newest} is there`);
    this.#entries = kept;
    return { lost: lost.length, kept: kept.length };
  }

  async #once(): Promise<void> {
    this.#count += 1;
    const text = `entry ${this.#count}`;
    const response = await fetch(`${this.#url}/api/prompts`, {
      method: "POST",
      headers: this.#headers,
      body: JSON.stringify({ name: NAME, type: "text", text }),
      signal: AbortSignal.timeout(15_000),
    });
    if (!response.ok) return void (await response.text());
    const { version } = (await response.json()) as { version: number };
    this.#entries.push({ text, version, flushed: await this.#flushed() });
  }

  async #flushed(): Promise<Lsn | null> {
    try {
      this.#client ??= await connectAsSuperuser(this.#home);
      const { rows } = await this.#client.query<{ lsn: string }>("select pg_current_wal_flush_lsn()::text as lsn");
      return rows[0] ? parseLsn(rows[0].lsn) : null;
    } catch {
      this.#client?.connection.stream.destroy();
      this.#client = null;
      return null;
    }
  }

  /** Straight from the database. */
  async #versions(): Promise<Map<number, string>> {
    const client = await connectAsSuperuser(this.#home, "promptlib");
    try {
      const { rows } = await client.query<{ version: number; text: string }>(
        "select version, text from promptlib.versions join promptlib.prompts on id = prompt_id where name = $1",
        [NAME],
      );
      return new Map(rows.map(({ version, text }) => [version, text]));
    } finally {
      await client.end();
    }
  }
}
