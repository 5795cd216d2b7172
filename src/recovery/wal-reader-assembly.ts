/** Puts one segment together from the pieces that several sources hold of it. */
import { PromptlibError } from "../contract/errors.ts";
import { type Lsn, SEGMENT_BYTES } from "../postgres/lsn.ts";
import { isAway } from "./backups.ts";
import { coveredBytes, coveringPieces, type WalPiece } from "./wal-coverage.ts";
import { faultOfFirstPage } from "./wal-reader-page.ts";
import type { WalOf, WalSource } from "./wal-reader-sources.ts";

export interface WalFinding {
  location: string;
  object: string;
  problem: string;
}

/** A piece and who has it. */
export interface Held extends WalPiece {
  source: WalSource;
}

/** One try to put a segment together. What fails is left out, and the rest is looked at again. */
export class Assembly {
  readonly damaged: Held[] = [];
  gone = false;
  readonly #of: WalOf & { segment: string };
  readonly #begins: Lsn | null;
  readonly #findings: WalFinding[] = [];
  readonly #read = new Map<Held, Buffer>();
  #pool: readonly Held[];

  constructor(of: WalOf & { segment: string }, begins: Lsn | null, pieces: readonly Held[]) {
    this.#of = of;
    this.#begins = begins;
    this.#pool = pieces;
  }

  async run(signal?: AbortSignal): Promise<{ bytes: Buffer; length: number; findings: WalFinding[] } | PromptlibError> {
    const wanted = coveredBytes(this.#pool);
    if (wanted === 0) {
      return new PromptlibError("object_not_found", { message: `Nobody holds the WAL segment ${this.#of.segment}.` });
    }
    for (;;) {
      const cover = coveringPieces(this.#pool);
      if ((cover.at(-1)?.to ?? 0) < wanted) return this.#failure(cover.at(-1)?.to ?? 0);
      if (await this.#readAll(cover, signal)) return this.#joined(cover, wanted);
    }
  }

  /** false: one of them cannot be used and was taken out. */
  async #readAll(cover: readonly Held[], signal?: AbortSignal): Promise<boolean> {
    for (const piece of cover) {
      if (this.#read.has(piece)) continue;
      const problem = await this.#problemOf(piece, signal);
      if (problem === null) continue;
      this.#findings.push({ location: piece.source.name, object: piece.object, problem });
      this.#pool = this.#pool.filter((other) => other !== piece);
      return false;
    }
    return true;
  }

  async #problemOf(piece: Held, signal?: AbortSignal): Promise<string | null> {
    try {
      const bytes = await piece.source.read(piece, signal);
      const expected = { segment: this.#of.segment, systemId: this.#of.systemId, begins: this.#begins };
      const fault = piece.from === 0 ? faultOfFirstPage(bytes, expected) : null;
      if (fault === null) this.#read.set(piece, bytes);
      else this.damaged.push(piece);
      return fault;
    } catch (error) {
      if (!(error instanceof PromptlibError)) throw error;
      if (error.code === "backup_damaged") this.damaged.push(piece);
      else if (error.code === "object_not_found") this.gone = true;
      else if (!isAway(error)) throw error;
      return error.message;
    }
  }

  #joined(cover: readonly Held[], length: number) {
    const bytes = Buffer.alloc(SEGMENT_BYTES);
    let end = 0;
    for (const piece of cover) {
      const own = this.#read.get(piece) ?? Buffer.alloc(0);
      const known = Math.min(Math.max(0, end - piece.from), own.length);
      if (!own.subarray(0, known).equals(bytes.subarray(piece.from, piece.from + known))) {
        return new PromptlibError("backup_damaged", {
          message: `${piece.object} in ${piece.source.name} holds other bytes than what overlaps with it in the segment ${this.#of.segment}.`,
        });
      }
      own.copy(bytes, piece.from + known, known);
      end = Math.max(end, piece.from + own.length);
    }
    return { bytes, length, findings: this.#findings };
  }

  #failure(covered: number): PromptlibError {
    const problems = this.#findings.map(({ location, object, problem }) => `${object} in ${location}: ${problem}`);
    return new PromptlibError(this.damaged.length > 0 || this.gone ? "backup_damaged" : "location_unavailable", {
      message: `The WAL segment ${this.#of.segment} can only be read up to byte ${covered}. ${problems.join(" ")}`,
      details: { segment: this.#of.segment, findings: this.#findings },
    });
  }
}
