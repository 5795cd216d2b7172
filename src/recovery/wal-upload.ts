/** Brings the spool's WAL to one location, independently of all others, for as long as the location lets us. */
import { once } from "node:events";
import { monotonic, sleep } from "../base/clock.ts";
import { DISK_AWAY, isErrno } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Lsn, WalPosition } from "../postgres/lsn.ts";
import { type Claimant, claimLocation, isNewest } from "./claims.ts";
import { type Claim, walFolder } from "./layout.ts";
import type { Location } from "./location.ts";
import type { Spool, SpoolSegment } from "./spool.ts";
import { UploadLine } from "./wal-upload-line.ts";

export interface UploadOptions {
  location: Location;
  claimant: Claimant;
  spool: Spool;
  /** How far PostgreSQL is on its own timeline; null: nobody knows yet. */
  server: () => WalPosition | null;
  /** The other locations that we may read from. */
  peers: () => readonly Location[];
  /** Claims that were read in the other locations. */
  knownClaims: () => readonly Claim[];
  /** More is durable, or we were fenced. */
  onProgress: () => void;
  onGap: (gap: { from: Lsn; to: Lsn }) => Promise<void>;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** How often somebody else's newer claim is looked for while all goes well. */
const CLAIMS_EVERY_MS = 30_000;
/** One object at most; a location that does not keep to it is shown as silent long before. */
const LONGEST_STEP_MS = 300_000;
const SILENT_AFTER_MS = 15_000;

export class WalUpload {
  readonly location: Location;
  readonly #options: UploadOptions;
  readonly #line: UploadLine;
  #claims: readonly Claim[] = [];
  #claimedAt: number | null = null;
  #stocked = false;
  #fenced = false;
  #failure: string | null = null;
  #busySince: number | null = null;

  constructor(options: UploadOptions) {
    const { location, claimant, spool, server, peers, onGap } = options;
    this.location = location;
    this.#options = options;
    this.#line = new UploadLine({ location, folder: walFolder(claimant.incarnation), spool, server, peers, onGap });
  }

  /** Null also while nobody knows yet what the location holds, or whether it is what PostgreSQL sent. */
  get durable(): Lsn | null {
    return this.#line.durable;
  }

  /** The newest that the location holds. */
  get position(): WalPosition | null {
    return this.#line.position;
  }

  /** Somebody else writes there: nothing more is stored. */
  get fenced(): boolean {
    return this.#fenced;
  }

  get claims(): readonly Claim[] {
    return this.#claims;
  }

  /** What the location holds was looked at since we started. */
  get known(): boolean {
    return this.#stocked || this.durable !== null;
  }

  get problem(): string | null {
    const busy = this.#busySince === null ? 0 : monotonic() - this.#busySince;
    if (busy > SILENT_AFTER_MS) return `The location has not answered for ${Math.round(busy / 1_000)} s.`;
    return this.#failure ?? this.#line.problem;
  }

  has(segment: SpoolSegment): boolean {
    return this.#line.has(segment);
  }

  /** Until the signal, or until we are fenced. Rejects only with what is a fault of this program. */
  async run(signal: AbortSignal): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted && !this.#fenced) {
      try {
        const { version } = this.#options.spool;
        const moved = await this.#limited(signal);
        pause = FIRST_PAUSE_MS;
        this.#failure = null;
        if (moved) this.#options.onProgress();
        else await this.#idle(version, signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#failed(error, pause, signal);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** One step; first, when it is time, whether we still may. */
  async #turn(signal: AbortSignal): Promise<boolean> {
    if (this.#claimedAt === null || monotonic() - this.#claimedAt >= CLAIMS_EVERY_MS) await this.#claim(signal);
    if (!this.#stocked) {
      await this.#line.takeStock(signal);
      this.#stocked = true;
      this.#options.onProgress();
    }
    return await this.#line.step(signal);
  }

  async #claim(signal: AbortSignal): Promise<void> {
    const { location, claimant, knownClaims } = this.#options;
    const ours = this.#claims.at(-1);
    const kept = this.#claimedAt !== null && ours && (await isNewest(location, ours, signal));
    if (!kept) this.#claims = await claimLocation(location, claimant, { known: knownClaims(), signal });
    this.#claimedAt = monotonic();
  }

  async #limited(signal: AbortSignal): Promise<boolean> {
    const limit = new AbortController();
    const stop = () => limit.abort();
    const timer = setTimeout(stop, LONGEST_STEP_MS);
    signal.addEventListener("abort", stop);
    this.#busySince = monotonic();
    try {
      return await this.#turn(limit.signal);
    } finally {
      this.#busySince = null;
      signal.removeEventListener("abort", stop);
      clearTimeout(timer);
    }
  }

  async #idle(version: number, signal: AbortSignal): Promise<void> {
    const { spool } = this.#options;
    if (spool.version !== version) return;
    const rest = CLAIMS_EVERY_MS - (monotonic() - (this.#claimedAt ?? 0));
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const grown = once(spool, "grown", { signal: either });
    await Promise.race([grown, sleep(Math.max(rest, 0), either)]).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    over.abort();
  }

  async #failed(error: unknown, pause: number, signal: AbortSignal): Promise<void> {
    this.#stocked = false;
    this.#claimedAt = null;
    if (isAbort(error)) this.#failure = "The location did not answer in time.";
    else if (error instanceof PromptlibError) this.#failure = error.message;
    else if (isErrno(error, ...DISK_AWAY, "EACCES", "EMFILE", "ENFILE"))
      this.#failure = `The spool cannot be read (${error.code}).`;
    else throw error;
    if (error instanceof PromptlibError && error.code === "fenced") {
      this.#fenced = true;
      this.#options.onProgress();
      return;
    }
    await sleep(pause, signal).catch(() => {});
  }
}

function isAbort(error: unknown): boolean {
  if (error instanceof PromptlibError) return error.code === "interrupted";
  return error instanceof Error && error.name === "AbortError";
}
