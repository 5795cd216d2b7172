/** What was received of one incarnation, and who has it: the spool, and an upload for each location. */
import { join } from "node:path";
import { monotonic, now, sleep, until } from "../base/clock.ts";
import { DISK_AWAY, isErrno } from "../base/files.ts";
import { formatLsn, type Lsn, parseLsn, type WalPosition } from "../postgres/lsn.ts";
import type { Incarnation } from "./incarnation.ts";
import type { Location } from "./location.ts";
import { keepGap, readGap } from "./receive-gap.ts";
import type { Gap } from "./receive-status.ts";
import { Spool } from "./spool.ts";
import { makeRoom } from "./spool-room.ts";
import { WalUpload } from "./wal-upload.ts";

export interface HoldingsOptions {
  /** <home>/recovery */
  recoveryDirectory: string;
  incarnation: Incarnation;
  locations: readonly Location[];
  host: string;
  /** Bytes that the spool may have. */
  spoolCap: number;
  /** How far PostgreSQL is on its own timeline; null: nobody knows yet. */
  server: () => WalPosition | null;
  /** A location has more, or fenced us. */
  onProgress: () => void;
}

/** With an empty spool: so long it is asked what locations have before the slot alone decides. */
const STORED_PATIENCE_MS = 5_000;
/** A location that hangs is left to itself. */
const LAST_STEP_MS = 2_000;
const ROOM_AGAIN_MS = 500;

export class Holdings {
  readonly incarnation: Incarnation;
  readonly spool: Spool;
  readonly uploads: readonly WalUpload[];
  readonly #directory: string;
  readonly #cap: number;
  #gap: Gap | null;
  #keptGap: Gap | null;
  #full = false;
  #ended = false;

  static async open(options: HoldingsOptions): Promise<Holdings> {
    const directory = join(options.recoveryDirectory, "spool", options.incarnation.incarnation);
    const spool = await Spool.open(directory);
    return new Holdings(options, spool, directory, await readGap(directory));
  }

  private constructor(options: HoldingsOptions, spool: Spool, directory: string, gap: Gap | null) {
    const { incarnation, locations, host, server, onProgress } = options;
    const claimant = { incarnation, host, recovery: options.recoveryDirectory };
    this.incarnation = incarnation;
    this.spool = spool;
    this.#directory = directory;
    this.#cap = options.spoolCap;
    this.#gap = this.#keptGap = gap;
    this.uploads = locations.map((location) => {
      const others = () => this.uploads.filter((other) => other.location !== location);
      return new WalUpload({
        location,
        claimant,
        spool,
        server,
        peers: () => others().flatMap((other) => (other.fenced ? [] : [other.location])),
        knownClaims: () => others().flatMap(({ claims }) => claims),
        onProgress,
        onGap: async (lost) => await this.noteGap(lost),
      });
    });
  }

  get gap(): Gap | null {
    return this.#gap;
  }

  /** Somebody else writes to every location. */
  get fenced(): boolean {
    return this.uploads.length > 0 && this.uploads.every(({ fenced }) => fenced);
  }

  get problem(): string | null {
    if (!this.#full) return null;
    return "The spool is full and no location has what is in it, so receiving waits.";
  }

  /** All uploads, until the signal. Rejects with what is a fault of this program. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => {
      this.#ended = true;
    });
    const running = Promise.all(this.uploads.map((upload) => upload.run(signal)));
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => void sleep(LAST_STEP_MS).then(resolve), { once: true });
    });
    await Promise.race([running, stopped]);
  }

  /** The newest position that any location has, as far as they answer in time. */
  async stored(): Promise<WalPosition | null> {
    const answered = () => this.#ended || this.uploads.every(({ known, fenced }) => known || fenced);
    await until(answered, { timeout: STORED_PATIENCE_MS });
    const positions = this.uploads.flatMap(({ position }) => position ?? []);
    const order = (a: WalPosition, b: WalPosition) => a.timeline - b.timeline || (a.lsn < b.lsn ? -1 : 1);
    return positions.sort(order).at(-1) ?? null;
  }

  /** Every location that we write to has all before it. */
  durableEverywhere(position: Lsn): boolean {
    return this.uploads.every(({ durable, fenced }) => fenced || (durable !== null && durable >= position));
  }

  /** Waits until the spool may take more. */
  async room(signal: AbortSignal): Promise<void> {
    for (const start = monotonic(); !(await makeRoom(this.spool, this.uploads, this.#cap)); ) {
      this.#full = monotonic() > start;
      await sleep(ROOM_AGAIN_MS, signal);
    }
    this.#full = false;
  }

  /** Lets go of all that at least one location has: the disk is full. */
  async shrink(): Promise<void> {
    await makeRoom(this.spool, this.uploads, 0);
  }

  /** Kept when it answers, unless the disk refuses it: then `tidy` tries again. */
  async noteGap({ from, to }: { from: Lsn; to: Lsn }): Promise<void> {
    // The one whom PostgreSQL told us of is found again by each location's upload.
    const known = this.#gap;
    if (known && parseLsn(known.from) <= from && to <= parseLsn(known.to)) return;
    this.#gap = { at: now().toISOString(), from: formatLsn(from), to: formatLsn(to) };
    await this.#refusable(() => this.#keepGap());
  }

  /** Each second: what need not stay leaves the spool. */
  async tidy(): Promise<void> {
    await this.#refusable(async () => {
      await makeRoom(this.spool, this.uploads, this.#cap);
      await this.#keepGap();
    });
  }

  async #keepGap(): Promise<void> {
    const gap = this.#gap;
    if (!gap || gap === this.#keptGap) return;
    await keepGap(this.#directory, gap);
    this.#keptGap = gap;
  }

  /** What a full disk refuses is tried again by the next `tidy`. */
  async #refusable(deed: () => Promise<void>): Promise<void> {
    try {
      await deed();
    } catch (error) {
      if (!isErrno(error, ...DISK_AWAY, "EACCES")) throw error;
    }
  }
}
