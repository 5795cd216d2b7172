/** One replication connection's life: from the slot to its end, everything that arrives goes into the spool. */
import { sleep } from "../base/clock.ts";
import { DISK_AWAY, isErrno } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import {
  addBytes,
  type Branch,
  formatLsn,
  type Lsn,
  parseHistory,
  parseLsn,
  SEGMENT_BYTES,
  type Timeline,
  type WalPosition,
} from "../postgres/lsn.ts";
import type { Replication, SystemIdentity } from "../postgres/replication.ts";
import type { WalBatch, WalStream } from "../postgres/replication-wal.ts";
import type { Origin } from "./layout.ts";
import { atSegment, type Loss, lossIn, renewSlot, SLOT, startAfter, takeSlot } from "./slot.ts";
import type { Spool } from "./spool.ts";

export interface ReceptionOptions {
  replication: Replication;
  server: SystemIdentity;
  spool: Spool;
  /** Where the incarnation began, if it is not the first. */
  origin: Origin | null;
  /** How the last connection found that WAL was lost. */
  loss: Loss | null;
  /** The newest position in any location, for when the spool is empty. */
  stored(): Promise<WalPosition | null>;
  /** Waits until the spool may take more. Rejects when the signal is aborted. */
  room(signal: AbortSignal): Promise<void>;
  /** The disk did not take it: room is to be made; null: it took it again. */
  onDisk(problem: string | null): Promise<void>;
  onStreaming(): void;
  onReceived(): void;
  onGap(gap: { from: Lsn; to: Lsn }): Promise<void>;
  onFork(fork: { at: Lsn; received: Lsn }): void;
}

const DISK_AGAIN_MS = 1_000;

export class Reception {
  readonly #options: ReceptionOptions;
  readonly #leaving = new AbortController();
  #stream: WalStream | null = null;
  #timeline: Timeline;
  #began: Lsn | null = null;
  #confirmed: Lsn | null = null;
  /** Up to here this stream's bytes were compared with what was received before, and stored. */
  #stored: Lsn | null = null;

  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#timeline = options.server.timeline;
  }

  get timeline(): Timeline {
    return this.#timeline;
  }

  /** How far PostgreSQL is, as it last said; null before the stream. */
  get serverEnd(): Lsn | null {
    return this.#stream?.serverEnd ?? null;
  }

  /** How far PostgreSQL is on its own timeline: it said so when it was asked who it is, and goes on saying so. */
  get place(): WalPosition {
    const { timeline, lsn } = this.#options.server;
    const end = this.serverEnd;
    if (end === null || this.#timeline < timeline) return { timeline, lsn };
    return { timeline: this.#timeline, lsn: this.#timeline === timeline && lsn > end ? lsn : end };
  }

  /** Where this stream began. */
  get began(): Lsn | null {
    return this.#began;
  }

  get confirmed(): Lsn | null {
    return this.#confirmed;
  }

  /** Until the connection ends, which it throws, or `leave`: `interrupted` then. */
  async run(): Promise<never> {
    try {
      return await this.#receive();
    } catch (error) {
      throw this.#leaving.signal.aborted ? new PromptlibError("interrupted", { cause: error }) : error;
    }
  }

  async #receive(): Promise<never> {
    let start = await this.#begin();
    for (;;) {
      const stream = await this.#options.replication.streamWal({ slot: SLOT, start });
      this.#stream = stream;
      this.#stored = start.lsn;
      this.#timeline = start.timeline;
      this.#began ??= start.lsn;
      this.#options.onStreaming();
      const next = await this.#drain(stream, start.timeline);
      await this.#keepHistories(next.timeline);
      start = atSegment(next);
    }
  }

  /** Told only once this stream has come so far: the slot of a server that sends other WAL must stay before it. */
  confirm(flushed: Lsn): void {
    this.#confirmed = flushed;
    if (this.#stored !== null && flushed <= this.#stored) this.#stream?.confirm(flushed);
  }

  async leave(): Promise<void> {
    this.#leaving.abort();
    await this.#stream?.close();
    await this.#options.replication.close();
  }

  /** Takes the slot, and answers where the stream is to begin. */
  async #begin(): Promise<WalPosition> {
    const { replication, server, spool, origin, loss, stored } = this.#options;
    const slot = await takeSlot(replication);
    if (slot.restart && slot.outcome === "exists" && loss !== "slot") await spool.vouch(slot.restart.lsn);
    const restart = slot.restart && loss !== "slot" ? slot.restart : await renewSlot(replication);
    const branches = await this.#keepHistories(server.timeline);
    const began = origin && { timeline: server.timeline, lsn: parseLsn(origin.lsn) };
    const received = spool.end ?? (await stored()) ?? began;
    if (!received) return atSegment(restart);
    if (loss === "wal") return await this.#skip(received, restart);
    const { position, forkedAt } = startAfter(received, server, branches);
    if (forkedAt !== null) this.#options.onFork({ at: forkedAt, received: received.lsn });
    return forkedAt === null && position.lsn === received.lsn ? this.#overlapping(position, restart) : position;
  }

  /**
   * At a segment's boundary nothing comes again that could be compared, and a server that was put back and has written
   * beyond it would be taken for ours: so the segment before is asked for, too, where PostgreSQL still has it for us.
   */
  #overlapping(position: WalPosition, restart: WalPosition): WalPosition {
    const newest = this.#options.spool.segments().at(-1);
    if (newest?.length !== SEGMENT_BYTES || addBytes(newest.start, SEGMENT_BYTES) !== position.lsn) return position;
    const kept = restart.timeline === position.timeline && restart.lsn < position.lsn;
    return kept && newest.timeline === position.timeline ? { ...position, lsn: newest.start } : position;
  }

  /** What came after `received` is removed: on with the oldest that PostgreSQL still has for us. */
  async #skip(received: WalPosition, restart: WalPosition): Promise<WalPosition> {
    const { replication, onGap } = this.#options;
    const next = atSegment(restart.lsn > received.lsn ? restart : await renewSlot(replication));
    if (next.lsn <= received.lsn) {
      throw new PromptlibError("replication_failed", {
        message: `PostgreSQL lacks WAL from ${formatLsn(received.lsn)} on that it is bound to keep.`,
      });
    }
    await onGap({ from: received.lsn, to: next.lsn });
    return next;
  }

  /** Answers the branches on the way to the timeline. Each history file is kept, where PostgreSQL still has it. */
  async #keepHistories(timeline: Timeline): Promise<Branch[]> {
    if (timeline === 1) return [];
    const { replication, spool } = this.#options;
    const { content } = await replication.timelineHistory(timeline);
    const branches = parseHistory(content);
    for (const { timeline: before } of branches) {
      if (before === 1 || spool.histories.has(before)) continue;
      try {
        await spool.keepHistory(before, (await replication.timelineHistory(before)).content);
      } catch (error) {
        // The newest one says all that the older ones do; a restored server may never have had them.
        if (lossIn(error) !== "wal") throw error;
      }
    }
    await spool.keepHistory(timeline, content);
    return branches;
  }

  async #drain(stream: WalStream, timeline: Timeline): Promise<WalPosition> {
    for (;;) {
      await this.#options.room(this.#leaving.signal);
      const batch = await stream.receive();
      if (batch.kind === "timeline-end") return batch.next;
      await this.#store(batch, timeline);
      this.#options.onReceived();
    }
  }

  /** Everything that has arrived, then one sync. A disk that takes nothing holds up the stream, not PostgreSQL. */
  async #store(batch: WalBatch, timeline: Timeline): Promise<void> {
    const { spool, onDisk } = this.#options;
    for (let failed = false; ; failed = true) {
      try {
        for (const { start, bytes } of batch.pieces) spool.write({ timeline, lsn: start }, bytes);
        await spool.sync();
        this.#stored = endOf(batch);
        if (failed) await onDisk(null);
        return;
      } catch (error) {
        if (!isErrno(error, ...DISK_AWAY, "EACCES")) throw error;
        await onDisk(`The spool's disk takes nothing (${error.code}), so receiving waits.`);
        await sleep(DISK_AGAIN_MS, this.#leaving.signal);
      }
    }
  }
}

function endOf({ pieces }: WalBatch): Lsn | null {
  const last = pieces.at(-1);
  return last ? addBytes(last.start, last.bytes.length) : null;
}
