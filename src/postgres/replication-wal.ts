/** START_REPLICATION: the WAL as it is written. */
import type pg from "pg";
import { monotonic, now } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import { addBytes, formatLsn, type Lsn, lsn, parseLsn, type WalPosition } from "./lsn.ts";
import { Inbox, Silence } from "./replication-inbox.ts";
import type { Link } from "./replication-link.ts";
import { copyDone, decodeWalMessage, standbyStatus, startReplicationCommand } from "./replication-messages.ts";

export interface WalPiece {
  start: Lsn;
  bytes: Buffer;
}

export interface WalBatch {
  kind: "wal";
  /** One after the other, without a hole, from where the last batch ended. */
  pieces: WalPiece[];
  /** How far PostgreSQL itself was when it sent the last of them, or later. */
  serverEnd: Lsn;
}

export interface WalStream {
  /** How far PostgreSQL is, as it last said. */
  readonly serverEnd: Lsn;
  /** Bytes that arrived and were not yet received: at most some 4 MiB. */
  readonly queuedBytes: number;
  /**
   * Everything that has arrived, at least one piece; waits for it. `timeline-end`: PostgreSQL has left this timeline;
   * stream again from the start of the segment that holds `next`. One caller at a time. Throws `replication_failed`
   * (`sqlstateOf` tells PostgreSQL's code, the connection may go on), and `interrupted` once `close` was called.
   */
  receive(): Promise<WalBatch | { kind: "timeline-end"; next: WalPosition }>;
  /**
   * All before `flushed` is safe: the slot lets go of it. Told to PostgreSQL at once and at every status. A position
   * that is lower than the last, or that has not arrived on this stream yet, is not told.
   */
  confirm(flushed: Lsn): void;
  /** Ends the stream; the connection can be used for others. Never hangs: then the connection ends with it. */
  close(): Promise<void>;
}

const NOTHING = lsn(0n);
/** What a piece weighs besides its bytes. */
const PIECE_BYTES = 256;

/** What `pg` is given in place of a query: it calls the methods that begin with `handle`. */
export class WalRun implements WalStream, pg.Submittable {
  readonly #link: Link;
  readonly #command: string;
  readonly #inbox: Inbox<WalPiece>;
  readonly #silence: Silence;
  readonly #started = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<void>();
  /** Up to here it has arrived. */
  #arrived: Lsn;
  #serverEnd: Lsn;
  #confirmed: Lsn = NOTHING;
  #told: Lsn = NOTHING;
  #toldAt = monotonic();
  #asked = false;
  #next: WalPosition | null = null;
  /** From START_REPLICATION's answer to either side's CopyDone. */
  #copying = false;
  #closing = false;
  #over = false;

  constructor(link: Link, slot: string, start: WalPosition) {
    this.#link = link;
    this.#command = startReplicationCommand(slot, start);
    this.#arrived = start.lsn;
    this.#serverEnd = start.lsn;
    this.#inbox = new Inbox(link.client.connection.stream);
    const { status, walSilence } = link.patience;
    const tick = Math.min(1_000, status / 2, walSilence / 4);
    this.#silence = new Silence(
      tick,
      () => this.#inbox.paused,
      (quiet) => this.#tick(quiet),
    );
  }

  /** Throws `replication_failed`, with 55006 when someone else streams from this slot. */
  async begin(): Promise<void> {
    this.#link.client.query(this);
    await this.#started.promise;
  }

  /** Nothing of it is on the connection any more. */
  get over(): boolean {
    return this.#over;
  }

  get serverEnd(): Lsn {
    return this.#serverEnd;
  }

  get queuedBytes(): number {
    return this.#inbox.queuedBytes;
  }

  async receive(): Promise<WalBatch | { kind: "timeline-end"; next: WalPosition }> {
    const pieces = await this.#inbox.takeAll();
    if (pieces) return { kind: "wal", pieces, serverEnd: this.#serverEnd };
    if (!this.#next) throw new Error("a stream of WAL that ended without a reason");
    return { kind: "timeline-end", next: this.#next };
  }

  confirm(flushed: Lsn): void {
    if (flushed <= this.#confirmed) return;
    this.#confirmed = flushed;
    this.#tell(false);
  }

  async close(): Promise<void> {
    if (!this.#closing && !this.#over) {
      this.#closing = true;
      this.#inbox.end(new PromptlibError("interrupted"));
      this.#tell(false);
      this.#endCopy();
    }
    const { farewell } = this.#link.patience;
    const timer = setTimeout(() => this.#giveUp(new Error("PostgreSQL did not end the stream")), farewell);
    await this.#finished.promise;
    clearTimeout(timer);
  }

  submit(connection: pg.Connection): void {
    connection.on("replicationStart", this.#onStart);
    connection.on("copyDone", this.#onCopyDone);
    connection.query(this.#command);
  }

  readonly #onStart = (): void => {
    this.#copying = true;
    this.#silence.heard();
    this.#started.resolve();
  };

  readonly #onCopyDone = (): void => this.#endCopy();

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    this.#silence.heard();
    this.#asked = false;
    if (this.#closing) return;
    this.#guarded(() => {
      const message = decodeWalMessage(chunk);
      if (message.kind === "unknown") return;
      this.#serverEnd = message.serverEnd;
      if (message.kind === "wal") this.#arrive(message.start, message.view);
      else if (message.replyRequested) this.#tell(false);
    });
  }

  handleRowDescription(): void {}

  /** The only row there is: which timeline comes next. */
  handleDataRow({ fields: [timeline, at] }: { fields: (string | null)[] }): void {
    this.#guarded(() => {
      this.#next = { timeline: Number(timeline), lsn: parseLsn(at ?? "") };
    });
  }

  /** In the middle of the stream it is PostgreSQL's farewell: it shuts down, and has sent all. */
  handleCommandComplete(): void {
    if (this.#copying) this.#giveUp(new Error("PostgreSQL shut down"));
  }

  handleReadyForQuery(): void {
    this.#finish(
      this.#next ? null : this.#link.failed("PostgreSQL ended the stream of WAL", new Error("no reason given")),
    );
  }

  handleError(error: Error): void {
    this.#finish(this.#link.failed("PostgreSQL does not send WAL", error));
  }

  #arrive(start: Lsn, view: Buffer): void {
    if (start !== this.#arrived) {
      throw new RangeError(`WAL from ${formatLsn(start)} where ${formatLsn(this.#arrived)} was to come`);
    }
    // Copied: the parser uses its buffer again.
    const bytes = Buffer.from(view);
    this.#arrived = addBytes(start, bytes.length);
    this.#inbox.push({ start, bytes }, bytes.length + PIECE_BYTES);
  }

  #tick(quiet: number): void {
    const { status, walSilence } = this.#link.patience;
    if (quiet >= walSilence) {
      this.#giveUp(new Error(`PostgreSQL was silent for ${Math.round(quiet / 1_000)} s`));
    } else if (quiet >= walSilence / 2 && !this.#asked) {
      this.#asked = true;
      this.#tell(true);
    } else if (monotonic() - this.#toldAt >= status) {
      this.#tell(false);
    }
  }

  #tell(replyNow: boolean): void {
    if (!this.#copying) return;
    // Overlapping bytes come again after a reconnect. Told now, the slot would be ahead of this stream; told the lesser
    // position, it would go back.
    if (this.#confirmed <= this.#arrived) this.#told = this.#confirmed;
    this.#toldAt = monotonic();
    this.#send(standbyStatus(this.#told, now(), replyNow));
  }

  #endCopy(): void {
    if (!this.#copying) return;
    this.#copying = false;
    this.#send(copyDone());
  }

  #send(message: Buffer): void {
    const { stream } = this.#link.client.connection;
    if (stream.writable) stream.write(message);
  }

  /** What is thrown here would end the process: we are called by a socket. */
  #guarded(work: () => void): void {
    if (this.#over) return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#giveUp(new Error(`PostgreSQL sent what is not understood (${error.message})`));
    }
  }

  #giveUp(reason: Error): void {
    if (this.#over) return;
    this.#finish(this.#link.failed("The stream of WAL broke", reason));
    this.#link.cut(reason);
  }

  #finish(error: Error | null): void {
    this.#over = true;
    this.#copying = false;
    this.#silence.stop();
    const { connection } = this.#link.client;
    connection.off("replicationStart", this.#onStart);
    connection.off("copyDone", this.#onCopyDone);
    this.#inbox.end(error);
    // Where the timeline ended at the very start, there was no stream.
    if (error) this.#started.reject(error);
    else this.#started.resolve();
    this.#finished.resolve();
  }
}
