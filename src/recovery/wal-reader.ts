/** Reads WAL back from wherever it is: puts segments together from all locations and the spool. */
import { open, rename, rm } from "node:fs/promises";
import { PromptlibError } from "../contract/errors.ts";
import { type Lsn, lsn, parseHistory, parseSegmentName, SEGMENT_BYTES, type Timeline } from "../postgres/lsn.ts";
import { isAway } from "./backups.ts";
import type { TimelineHistory } from "./lineage-line.ts";
import type { Location } from "./location.ts";
import { WalCoverage } from "./wal-coverage.ts";
import { Assembly, type Held, type WalFinding } from "./wal-reader-assembly.ts";
import { locationSource, type StoredHistory, spoolSource, type WalOf, type WalSource } from "./wal-reader-sources.ts";

export interface WalSources {
  locations: readonly Location[];
  /** recovery/spool of the home; null: there is none. */
  spool: string | null;
}

export interface FetchedSegment {
  /** So many bytes from its start are WAL; the rest of the file is zeros. */
  bytes: number;
  /** What would have done and did not, although others made up for it. */
  findings: WalFinding[];
}

interface Listing {
  pieces: Held[];
  histories: (StoredHistory & { source: WalSource })[];
}

export function readWal(sources: WalSources): WalReader {
  return new WalReader(sources);
}

export class WalReader {
  /** Locations that could not be listed, and why; each once. */
  readonly unreachable: { location: string; problem: string }[] = [];
  readonly #sources: WalSource[];
  readonly #listings = new Map<string, Promise<Listing>>();
  /** Source and object of what turned out to be damaged: it covers nothing any more. */
  readonly #damaged = new Set<string>();

  constructor({ locations, spool }: WalSources) {
    this.#sources = [...(spool === null ? [] : [spoolSource(spool)]), ...locations.map(locationSource)];
  }

  /**
   * All that the sources hold together, but for what was found to be damaged since. Asks each location once. Locations
   * that are away hold nothing and are noted; throws `location_unavailable` when no source can be read.
   */
  async coverage(of: WalOf, signal?: AbortSignal): Promise<WalCoverage> {
    return new WalCoverage((await this.#list(of, signal)).pieces.filter((piece) => !this.#damaged.has(keyOf(piece))));
  }

  /** The history files in the folder of the incarnation: of its timelines and of those before. */
  async histories(of: WalOf, signal?: AbortSignal): Promise<TimelineHistory[]> {
    const { histories } = await this.#list(of, signal);
    const found: TimelineHistory[] = [];
    for (const [timeline, copies] of Map.groupBy(histories, (history) => history.timeline)) {
      const content = await this.#readHistory(of, timeline, copies, signal);
      if (content === null) continue;
      const stored = new Date(Math.min(...copies.map((copy) => copy.stored.getTime())));
      found.push({ incarnation: of.incarnation, timeline, branches: parseHistory(content), stored });
    }
    return found.sort((one, other) => one.timeline - other.timeline);
  }

  /**
   * Writes the segment to `target`, whole or not at all: as many bytes from its start as the sources hold together, at
   * most `upTo`, then zeros up to 16 MiB; synced. `owner`: whose file it is to be.
   * Throws `backup_damaged` where something is damaged that nothing else makes up for, or where two sources hold
   * different bytes; `object_not_found` where nobody has its beginning; `location_unavailable`.
   */
  async fetchSegment(
    needed: WalOf & { segment: string; upTo?: number },
    target: string,
    { owner = null, signal }: { owner?: { uid: number; gid: number } | null; signal?: AbortSignal } = {},
  ): Promise<FetchedSegment> {
    const found = await this.#assemble(needed, signal);
    const length = Math.min(found.length, needed.upTo ?? SEGMENT_BYTES);
    found.bytes.fill(0, length);
    const temporary = `${target}.tmp`;
    try {
      const file = await open(temporary, "w", 0o600);
      try {
        await file.writeFile(found.bytes);
        if (owner) await file.chown(owner.uid, owner.gid);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
    } finally {
      await rm(temporary, { force: true });
    }
    return { bytes: length, findings: found.findings };
  }

  async #assemble(of: WalOf & { segment: string }, signal?: AbortSignal) {
    const begins = await this.#beginOf(of, signal);
    for (let tries = 1; ; tries++) {
      const { pieces } = await this.#list(of, signal);
      const attempt = new Assembly(
        of,
        begins,
        pieces.filter((piece) => piece.segment === of.segment),
      );
      const result = await attempt.run(signal);
      for (const piece of attempt.damaged) this.#damaged.add(keyOf(piece));
      // Fragments make room for one that covers them, or for the whole segment, while we read.
      if (attempt.gone && tries < 3) {
        this.#listings.delete(of.incarnation);
        continue;
      }
      if (result instanceof PromptlibError) throw result;
      return result;
    }
  }

  async #beginOf(of: WalOf & { segment: string }, signal?: AbortSignal): Promise<Lsn | null> {
    const timeline = parseSegmentName(of.segment)?.timeline;
    if (timeline === 1) return lsn(0n);
    const history = (await this.histories(of, signal)).find((one) => one.timeline === timeline);
    return history?.branches.at(-1)?.lsn ?? null;
  }

  #list(of: WalOf, signal?: AbortSignal): Promise<Listing> {
    const known = this.#listings.get(of.incarnation);
    if (known) return known;
    const listing = this.#ask(of, signal);
    this.#listings.set(of.incarnation, listing);
    listing.catch(() => this.#listings.delete(of.incarnation));
    return listing;
  }

  async #ask(of: WalOf, signal?: AbortSignal): Promise<Listing> {
    const listing: Listing = { pieces: [], histories: [] };
    let away: PromptlibError | null = null;
    let answered = false;
    for (const source of this.#sources) {
      try {
        const { pieces, histories } = await source.list(of, signal);
        listing.pieces.push(...pieces.map((piece) => ({ ...piece, source })));
        listing.histories.push(...histories.map((history) => ({ ...history, source })));
        answered = true;
      } catch (error) {
        if (!isAway(error)) throw error;
        away = error;
        if (this.unreachable.some(({ location }) => location === source.name)) continue;
        this.unreachable.push({ location: source.name, problem: error.message });
      }
    }
    if (away && !answered) throw away;
    return listing;
  }

  async #readHistory(of: WalOf, timeline: Timeline, copies: readonly { source: WalSource }[], signal?: AbortSignal) {
    for (const { source } of copies) {
      try {
        const content = await source.readHistory(of, timeline, signal);
        if (parseHistory(content).length > 0) return content;
      } catch (error) {
        if (!(error instanceof PromptlibError) || error.code === "interrupted") throw error;
      }
    }
    return null;
  }
}

function keyOf({ source, object }: Held): string {
  return `${source.name}:${object}`;
}
