/** BASE_BACKUP: the whole data directory as tar archives, and PostgreSQL's own manifest of them. */
import type pg from "pg";
import { parseLsn, type WalPosition } from "./lsn.ts";
import { Inbox, Silence } from "./replication-inbox.ts";
import type { Link } from "./replication-link.ts";
import { type BackupOptions, baseBackupCommand, decodeBackupMessage } from "./replication-messages.ts";

/** Data after `archive` is of that tar; data after `manifest` is the manifest. */
export type BackupEvent =
  | { kind: "archive"; name: string; location: string }
  | { kind: "data"; bytes: Buffer }
  /** Of all archives so far, as PostgreSQL counts, before any compression. */
  | { kind: "progress"; bytes: number }
  | { kind: "manifest" };

export interface BaseBackup {
  readonly start: WalPosition;
  /** What PostgreSQL reckons the archives will have, roughly; the WAL in them is not counted. */
  readonly estimatedBytes: number | null;
  /** Of users: directories outside of the data directory. The caller refuses them. */
  readonly tablespaces: readonly { oid: number; location: string }[];
  /**
   * In order, for one consumer; the bytes are its own. Throws `replication_failed` with what PostgreSQL said, which may
   * be after all data has come (a page whose checksum is wrong: XX001), so only what ended is a backup. Leaving the
   * loop early ends the connection.
   */
  readonly events: AsyncIterable<BackupEvent>;
  /** Bytes that arrived and were not yet taken: at most some 5 MiB. */
  readonly queuedBytes: number;
  /** Up to here WAL must be replayed. Known once the events have ended. */
  end(): WalPosition;
}

/** Messages come in 32 KiB; put together, they cost a consumer less. */
const BLOCK_BYTES = 512 * 1024;
/** What an event weighs that carries no data. */
const EVENT_BYTES = 256;

type Stage = "start" | "tablespaces" | "copy" | "end" | "complete";

/** Answers come in this order: a row with the start, rows of tablespaces, the copy, a row with the end. */
const NEXT: Readonly<Record<Stage, Stage | null>> = {
  start: "tablespaces",
  tablespaces: "copy",
  copy: "end",
  end: "complete",
  complete: null,
};

/** What `pg` is given in place of a query: it calls the methods that begin with `handle`. */
export class BackupRun implements BaseBackup, pg.Submittable {
  readonly #link: Link;
  readonly #command: string;
  readonly #inbox: Inbox<BackupEvent>;
  readonly #silence: Silence;
  readonly #started = Promise.withResolvers<void>();
  readonly tablespaces: { oid: number; location: string }[] = [];
  #stage: Stage = "start";
  #start: WalPosition | null = null;
  #end: WalPosition | null = null;
  #kibibytes: number | null = null;
  #block: { bytes: Buffer; filled: number } | null = null;
  #over = false;

  /** `startMs`: how long the checkpoint may take. */
  constructor(link: Link, options: BackupOptions, startMs: number) {
    this.#link = link;
    this.#command = baseBackupCommand(options);
    this.#inbox = new Inbox(link.client.connection.stream);
    const limit = () => (this.#stage === "start" ? startMs : link.patience.backupSilence);
    this.#silence = new Silence(
      Math.min(1_000, link.patience.backupSilence / 4),
      () => this.#inbox.paused,
      (quiet) => {
        if (quiet >= limit()) this.#giveUp(new Error(`PostgreSQL sent nothing for ${Math.round(quiet / 1_000)} s`));
      },
    );
  }

  /** Answers when PostgreSQL has made its checkpoint and begins to send. */
  async begin(): Promise<void> {
    this.#link.client.query(this);
    await this.#started.promise;
  }

  /** Nothing of it is on the connection any more. */
  get over(): boolean {
    return this.#over;
  }

  get start(): WalPosition {
    return known(this.#start);
  }

  get estimatedBytes(): number | null {
    return this.#kibibytes === null ? null : this.#kibibytes * 1024;
  }

  get queuedBytes(): number {
    return this.#inbox.queuedBytes + (this.#block?.filled ?? 0);
  }

  end(): WalPosition {
    if (this.#stage !== "complete") throw new Error("the backup has not ended");
    return known(this.#end);
  }

  get events(): AsyncIterable<BackupEvent> {
    return this.#read();
  }

  async *#read(): AsyncGenerator<BackupEvent> {
    try {
      for (let event = await this.#inbox.take(); event; event = await this.#inbox.take()) yield event;
    } finally {
      if (!this.#over) this.#giveUp(new Error("the backup was given up"));
    }
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#command);
  }

  handleRowDescription(): void {
    this.#silence.heard();
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    this.#silence.heard();
    this.#guarded(() => {
      if (this.#stage === "start") this.#start = position(fields);
      else if (this.#stage === "tablespaces") this.#tablespace(fields);
      else this.#end = position(fields);
    });
  }

  handleCommandComplete(): void {
    this.#silence.heard();
    this.#stage = NEXT[this.#stage] ?? "complete";
    if (this.#stage === "copy") this.#started.resolve();
  }

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    this.#silence.heard();
    this.#guarded(() => {
      const message = decodeBackupMessage(chunk);
      if (message.kind === "data") return this.#append(message.view);
      this.#flush();
      this.#inbox.push(message, EVENT_BYTES);
    });
  }

  handleReadyForQuery(): void {
    this.#guarded(() => {
      if (this.#stage !== "complete" || !this.#end) throw new Error("an end before the end");
      this.#flush();
      this.#finish(null);
    });
  }

  handleError(error: Error): void {
    this.#flush();
    this.#finish(this.#link.failed("PostgreSQL did not make the base backup", error));
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
    this.#finish(this.#link.failed("The base backup ended early", reason));
    this.#link.cut(reason);
  }

  #finish(error: Error | null): void {
    this.#over = true;
    this.#silence.stop();
    this.#inbox.end(error);
    if (error) this.#started.reject(error);
  }

  /** The last row stands for the data directory itself. */
  #tablespace([oid, location, size]: (string | null)[]): void {
    if (oid && location) this.tablespaces.push({ oid: Number(oid), location });
    if (size) this.#kibibytes = (this.#kibibytes ?? 0) + Number(size);
  }

  /** Copies: the parser uses its buffer again. */
  #append(view: Buffer): void {
    for (let from = 0; from < view.length; ) {
      this.#block ??= { bytes: Buffer.allocUnsafeSlow(BLOCK_BYTES), filled: 0 };
      const copied = view.copy(this.#block.bytes, this.#block.filled, from);
      this.#block.filled += copied;
      from += copied;
      if (this.#block.filled === BLOCK_BYTES) this.#flush();
    }
  }

  #flush(): void {
    if (!this.#block) return;
    const { bytes, filled } = this.#block;
    this.#block = null;
    const full = bytes.subarray(0, filled);
    // A block that is nearly empty would hold on to its whole memory.
    this.#inbox.push({ kind: "data", bytes: filled < BLOCK_BYTES / 2 ? Buffer.from(full) : full }, filled);
  }
}

function position([at, timeline]: (string | null)[]): WalPosition {
  return { timeline: Number(timeline), lsn: parseLsn(at ?? "") };
}

function known<T>(value: T | null): T {
  if (value === null) throw new Error("a position is missing");
  return value;
}
