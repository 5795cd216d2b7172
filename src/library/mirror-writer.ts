/**
 * Writes the mirror: follows the change feed from where its state file says, on a connection of its own that also
 * holds the lock by which several servers on one folder agree who writes.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import pg from "pg";
import { monotonic, now, sleep } from "../base/clock.ts";
import { createFileDurably, readIfExists } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import { type Cursor, canContinue, currentCursor, readChanges, readUnsettled } from "../database/changes.ts";
import { abandon, type Queries, queriesOn, type RecordedChange, sessionOptions } from "../database/database.ts";
import type { AccessList } from "./access.ts";
import { writeAccessFile } from "./access-file.ts";
import { compareAll } from "./mirror-compare.ts";
import { writePrompts } from "./mirror-prompts.ts";
import { readState, writeState } from "./mirror-state.ts";
import { MirrorWatch } from "./mirror-watch.ts";

const LOOK_EVERY_MS = 500;
/** Changes that are read at once. */
const AT_ONCE = 1_000;
const RETRY_MS = 300;
const LOCK_CLASS = 7_016_002;

export interface MirrorOptions {
  client: pg.ClientConfig;
  role: string | null;
  /** data/prompts */
  folder: string;
  /** recovery/beyond: what the mirror knows and the database does not. */
  beyond: string;
  accessFile: string;
  access: AccessList;
  jwtSecret: string;
  /** These are in the files now. */
  onWritten(changes: readonly RecordedChange[]): void;
  log: Log;
}

export class MirrorWriter {
  readonly #options: MirrorOptions;
  #closed = false;
  #wake: () => void = () => {};
  #running: Promise<void> | null = null;
  #accessWritten = -1;
  #caughtUpAt: number | null = null;
  #writes = false;
  #failing = false;
  /** While another server is to write it. */
  #watch: MirrorWatch | null = null;
  #paused = true;
  #stop: () => void = () => {};

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  /** Milliseconds since it held everything that was committed; null: never, or another server writes it. */
  get age(): number | null {
    return this.#caughtUpAt === null ? null : monotonic() - this.#caughtUpAt;
  }

  get isWriter(): boolean {
    return this.#writes;
  }

  /** Milliseconds that it has lacked something while another server is to write it; 0 while it is kept current. */
  get unwrittenFor(): number {
    return this.#watch?.lackingFor ?? 0;
  }

  /** It was to be written and could not be: a full disk, say. It is tried again and again. */
  get isFailing(): boolean {
    return this.#failing;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** There may be something to write: the database is there, or something was committed. */
  wake(): void {
    this.#paused = false;
    this.#wake();
  }

  /** The database is away: no use to try before it is woken again. */
  pause(): void {
    this.#paused = true;
    this.#stop();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    this.#stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      if (this.#paused) {
        await this.#nextWake();
        continue;
      }
      try {
        await this.#withConnection((client) => this.#write(client));
      } catch (error) {
        if (this.#closed || this.#paused) continue;
        if (!this.#failing) this.#options.log.warn({ err: error }, "the mirror cannot be written");
        this.#failing = true;
        await sleep(RETRY_MS);
      } finally {
        this.#writes = false;
      }
    }
  }

  async #withConnection(work: (client: pg.Client) => Promise<void>): Promise<void> {
    const client = new pg.Client({
      ...this.#options.client,
      options: sessionOptions(this.#options.role),
      connectionTimeoutMillis: 2_000,
      query_timeout: 10_000,
      keepAlive: true,
    });
    client.on("error", () => this.#wake());
    this.#stop = () => abandon(client);
    try {
      await client.connect();
      await work(client);
    } finally {
      this.#stop = () => {};
      abandon(client);
    }
  }

  async #write(client: pg.Client): Promise<void> {
    const key = await mirrorKey(this.#options.folder);
    this.#watch = new MirrorWatch(this.#options.folder);
    while (!this.#closed) {
      const { rows } = await client.query("select pg_try_advisory_lock($1, $2) as mine", [LOCK_CLASS, key]);
      if (rows[0]?.mine) break;
      await this.#watch.look(queriesOn(client));
      await Promise.race([this.#nextWake(), sleep(2_000)]);
    }
    this.#watch = null;
    this.#writes = true;
    const db = queriesOn(client);
    let cursor = await this.#startingPoint(db);
    let early: string | null = null;
    while (!this.#closed) {
      const woken = this.#nextWake();
      // Also what is not settled yet, because somebody's older transaction still runs; it comes again in its place.
      const { changes, snapshot } = await readUnsettled(db, early);
      await this.#writeChanged(db, changes);
      early = snapshot;
      cursor = await this.#follow(db, cursor);
      await this.#writeAccess();
      await Promise.race([woken, sleep(LOOK_EVERY_MS)]);
    }
  }

  async #startingPoint(db: Queries): Promise<Cursor> {
    const state = await readState(this.#options.folder);
    const current = await currentCursor(db);
    if (state && (await canContinue(db, state, current))) return state;
    // A prompt that changes while everything is compared comes again through the feed: `current` was read before.
    const { moved } = await compareAll(db, this.#options.folder, this.#options.beyond, now());
    if (moved > 0)
      this.#options.log.warn({ moved, to: this.#options.beyond }, "the mirror knew more than the database");
    await writeState(this.#options.folder, current);
    return current;
  }

  async #follow(db: Queries, from: Cursor): Promise<Cursor> {
    let cursor = from;
    for (;;) {
      const asked = monotonic();
      const found = await readChanges(db, cursor, AT_ONCE);
      await this.#writeChanged(db, found.changes);
      // While somebody writes all the time there is always more; all that was there when we asked is in the files now.
      if (found.changes.length < AT_ONCE) this.#holdsAllOf(asked);
      if (found.changes.length === 0) return cursor;
      await writeState(this.#options.folder, found.cursor);
      cursor = found.cursor;
    }
  }

  #holdsAllOf(moment: number): void {
    this.#caughtUpAt = moment;
    if (this.#failing) this.#options.log.info("the mirror holds everything again");
    this.#failing = false;
  }

  async #writeChanged(db: Queries, changes: readonly RecordedChange[]): Promise<void> {
    await writePrompts(db, this.#options.folder, promptIds(changes));
    this.#options.onWritten(changes);
  }

  async #writeAccess(): Promise<void> {
    const { access, accessFile, jwtSecret } = this.#options;
    if (access.revision === this.#accessWritten) return;
    const { revision } = access;
    await writeAccessFile(accessFile, jwtSecret, access.snapshot(now()));
    this.#accessWritten = revision;
  }

  #nextWake(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function promptIds(changes: readonly RecordedChange[]): string[] {
  return [...new Set(changes.filter(({ kind }) => kind === "prompt").map(({ subject }) => subject))];
}

/** Names the folder, wherever it is mounted: servers that share it share the lock. */
async function mirrorKey(folder: string): Promise<number> {
  const path = join(folder, ".mirror-id");
  await createFileDurably(path, randomUUID());
  const id = (await readIfExists(path)) ?? "";
  return Number.parseInt(id.replaceAll("-", "").slice(0, 8), 16) | 0;
}
