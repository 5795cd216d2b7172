/**
 * One location's share of the WAL: strictly in order, segment by segment, so that its newest object says what is
 * missing. The segment that is being written goes there in fragments, and as a whole once it is.
 */
import { monotonic, sleep } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import { addBytes, type Lsn, SEGMENT_BYTES, type Timeline, timelineName, type WalPosition } from "../postgres/lsn.ts";
import { fragmentObject, historyObject, segmentObject } from "./layout.ts";
import type { ByteRange, Location } from "./location.ts";
import type { Spool, SpoolSegment } from "./spool.ts";
import { otherBytes, putHistory, putWal, readIfWhole, readWal } from "./wal-upload-objects.ts";
import { beyondServer, nameAt, nextPoint, positionOf, takeStock, type UploadPoint } from "./wal-upload-stock.ts";

interface LineOptions {
  location: Location;
  /** Of the incarnation: wal/<system id>-<incarnation>/ */
  folder: string;
  spool: Spool;
  /** How far PostgreSQL is on its own timeline; null: nobody knows yet. */
  server: () => WalPosition | null;
  /** Other locations, which may have what the spool let go of. */
  peers: () => readonly Location[];
  /** WAL that is neither in the spool nor in another location, so this one will never have it. */
  onGap: (gap: { from: Lsn; to: Lsn }) => Promise<void>;
  /** For tests: ms between two fragments, and how long peers that are away are waited for. */
  fragmentEvery?: number;
  peersPatience?: number;
}

/** At most four fragments a second: what is committed in between shares the next one. */
const FRAGMENT_EVERY_MS = 250;
/** One object takes the place of more than these. */
const MOST_FRAGMENTS = 64;
/** A location that is away may have what is missing here: so long the WAL after it waits. */
const PEERS_PATIENCE_MS = 60_000;
/** Names that could not be removed and are tried again; what is forgotten is found at the next start. */
const MOST_LEFTOVERS = 1_000;

export class UploadLine {
  readonly #options: LineOptions;
  readonly #histories = new Set<Timeline>();
  #point: UploadPoint | null = null;
  #durable: Lsn | null = null;
  #unverified = false;
  /** What was there before us was compared with what PostgreSQL sends, as far as it can be: until then nothing counts. */
  #trusted = false;
  #nextFragmentAt = 0;
  #lackingSince: { name: string; at: number } | null = null;
  #leftovers: string[] = [];
  #sweepProblem: string | null = null;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  /**
   * The location holds everything before it, as far as it was received in this incarnation; null: nothing yet, or nobody
   * knows whether it is what PostgreSQL sent.
   */
  get durable(): Lsn | null {
    return this.#trusted && !this.#beyond() ? this.#durable : null;
  }

  /** Where it goes on, or null: nothing is stored yet, nobody has looked, or it is not PostgreSQL's. */
  get position(): WalPosition | null {
    if (this.#durable === null || !this.#point || this.#beyond()) return null;
    return { timeline: this.#point.timeline, lsn: positionOf(this.#point) };
  }

  /** What does not keep it from going on. */
  get problem(): string | null {
    return this.#beyond() ?? this.#sweepProblem;
  }

  /** Whether all of the segment is stored. */
  has(segment: SpoolSegment): boolean {
    if (!this.#point || !segment.closed || !this.#trusted || this.#beyond()) return false;
    const name = nameAt(this.#point);
    return name > segment.name || (name === segment.name && this.#point.done >= segment.length);
  }

  /** Looks at what is there: at the start, and after a failure of which nobody knows what it did. */
  async takeStock(signal: AbortSignal): Promise<void> {
    const { location, folder } = this.#options;
    const known = this.#point;
    const prefix = known ? `${folder}${timelineName(known.timeline)}/${nameAt(known)}` : folder;
    const names = (await location.list(prefix, signal)).map(({ name }) => name);
    const { point, leftovers } = takeStock(folder, names);
    const found = point ?? (known && { ...known, done: 0, fragments: [] });
    this.#point = found;
    this.#unverified = (found?.done ?? 0) > 0;
    // What somebody took away counts no more.
    if (found && known && nameAt(found) === nameAt(known) && found.done < known.done) this.#durable = positionOf(found);
    else if (point) this.#reached(positionOf(point));
    await this.#sweep(leftovers, signal);
  }

  /** Stores the next object. Answers false when there is nothing to do before the spool grows. */
  async step(signal: AbortSignal): Promise<boolean> {
    const { spool } = this.#options;
    if (this.#beyond()) return false;
    if (!this.#trusted) await this.#compareBefore(signal);
    const segment = this.#point ? spool.from(nameAt(this.#point)) : (spool.segments()[0] ?? null);
    if (!segment) return false;
    const point = this.#point ?? beginning(segment);
    if (segment.name !== nameAt(point)) {
      // A newer timeline repeats the segment in which it left the older one; else something in between is missing.
      if (segment.start > point.start) await this.#fill(point, segment, signal);
      else this.#point = beginning(segment);
      this.#trusted = true;
      return true;
    }
    this.#point = point;
    return await this.#follow(point, segment, signal);
  }

  async #follow(point: UploadPoint, segment: SpoolSegment, signal: AbortSignal): Promise<boolean> {
    if (this.#unverified) {
      if (segment.length < point.done && !segment.closed) return false;
      await this.#verify(point, segment, signal);
    }
    this.#trusted = true;
    if (segment.length > 0) await this.#putHistories(point.timeline, signal);
    if (segment.length === SEGMENT_BYTES) {
      const bytes = await this.#options.spool.read(segment, 0, SEGMENT_BYTES);
      await this.#putWhole(point, bytes, signal);
      return true;
    }
    if (segment.length > point.done) return await this.#putFragment(point, segment, signal);
    return this.#leave(segment);
  }

  /** On to the segment after one that nothing is added to any more. */
  #leave(segment: SpoolSegment): boolean {
    const next = segment.closed && this.#options.spool.segments().find(({ name }) => name > segment.name);
    if (!next) return false;
    this.#point = beginning(next);
    return true;
  }

  async #putWhole(point: UploadPoint, bytes: Buffer, signal: AbortSignal): Promise<void> {
    const { location, folder } = this.#options;
    await putWal(location, segmentObject(folder, point.timeline, nameAt(point)), bytes, signal);
    this.#point = nextPoint(point);
    this.#reached(this.#point.start);
    await this.#sweep(this.#fragmentNames(point, point.fragments), signal);
  }

  async #putFragment(point: UploadPoint, segment: SpoolSegment, signal: AbortSignal): Promise<boolean> {
    const wait = this.#nextFragmentAt - monotonic();
    if (wait > 0) {
      await sleep(wait, signal);
      return true;
    }
    this.#nextFragmentAt = monotonic() + (this.#options.fragmentEvery ?? FRAGMENT_EVERY_MS);
    const range = { from: point.done, to: segment.length };
    await this.#put(point, segment, range, signal);
    point.done = range.to;
    point.fragments = [...point.fragments, range];
    this.#reached(positionOf(point));
    if (point.fragments.length > MOST_FRAGMENTS) await this.#cover(point, segment, signal);
    return true;
  }

  async #cover(point: UploadPoint, segment: SpoolSegment, signal: AbortSignal): Promise<void> {
    const range = { from: 0, to: point.done };
    await this.#put(point, segment, range, signal);
    const covered = this.#fragmentNames(point, point.fragments);
    point.fragments = [range];
    await this.#sweep(covered, signal);
  }

  async #put(point: UploadPoint, segment: SpoolSegment, range: ByteRange, signal: AbortSignal): Promise<void> {
    const { location, spool } = this.#options;
    const bytes = await spool.read(segment, range.from, range.to);
    for (const name of this.#fragmentNames(point, [range])) await putWal(location, name, bytes, signal);
  }

  /** What an earlier life left here is compared once with what PostgreSQL sends now. */
  async #verify(point: UploadPoint, segment: SpoolSegment, signal: AbortSignal): Promise<void> {
    const { location, spool } = this.#options;
    for (const range of point.fragments) {
      const [name] = this.#fragmentNames(point, [range]);
      const to = Math.min(range.to, segment.length);
      if (!name || range.from >= to) continue;
      const stored = await readWal(location, name, signal);
      const bytes = await spool.read(segment, range.from, to);
      const agrees = stored.length === range.to - range.from && stored.subarray(0, bytes.length).equals(bytes);
      if (!agrees) throw otherBytes(location, name);
    }
    this.#unverified = false;
  }

  /** At a segment's boundary the one before is all that can be compared, once the spool has come as far. */
  async #compareBefore(signal: AbortSignal): Promise<void> {
    const { location, folder, spool } = this.#options;
    const point = this.#point;
    if (point && point.done > 0) return;
    const all = spool.segments();
    const before =
      point &&
      all.find(({ timeline, start, length }) => {
        return timeline === point.timeline && addBytes(start, length) === point.start && length === SEGMENT_BYTES;
      });
    if (before) {
      const name = segmentObject(folder, before.timeline, before.name);
      const stored = await readIfWhole(location, name, signal);
      if (stored && !stored.equals(await spool.read(before, 0, SEGMENT_BYTES))) throw otherBytes(location, name);
    }
    const newest = all.at(-1);
    this.#trusted = !point || before !== undefined || (newest !== undefined && newest.name >= nameAt(point));
  }

  /** It would be taken for the keeper of WAL that it never got. */
  #beyond(): string | null {
    return beyondServer(this.#options.location.name, this.#point, this.#options.server());
  }

  /** Before the WAL of a timeline comes the way to it. */
  async #putHistories(timeline: Timeline, signal: AbortSignal): Promise<void> {
    const { location, folder, spool } = this.#options;
    for (const [of, content] of spool.histories) {
      if (of > timeline || this.#histories.has(of)) continue;
      await putHistory(location, historyObject(folder, of), content, signal);
      this.#histories.add(of);
    }
  }

  /** The spool goes on at `next`: what is missing before is taken from a location that has it. */
  async #fill(point: UploadPoint, next: SpoolSegment, signal: AbortSignal): Promise<void> {
    const found = await this.#askPeers(point, signal);
    if (found) {
      await this.#putWhole(point, found, signal);
    } else {
      await this.#options.onGap({ from: positionOf(point), to: next.start });
      this.#point = beginning(next);
    }
    this.#unverified = false;
    this.#lackingSince = null;
  }

  async #askPeers(point: UploadPoint, signal: AbortSignal): Promise<Buffer | null> {
    const name = nameAt(point);
    if (this.#lackingSince?.name !== name) this.#lackingSince = { name, at: monotonic() };
    const object = segmentObject(this.#options.folder, point.timeline, name);
    let away: unknown = null;
    for (const peer of this.#options.peers()) {
      try {
        const bytes = await readWal(peer, object, signal);
        if (bytes.length === SEGMENT_BYTES) return bytes;
      } catch (error) {
        if (!(error instanceof PromptlibError)) throw error;
        if (error.code === "location_unavailable") away = error;
        else if (error.code !== "object_not_found" && error.code !== "backup_damaged") throw error;
      }
    }
    const patience = this.#options.peersPatience ?? PEERS_PATIENCE_MS;
    if (away && monotonic() - this.#lackingSince.at < patience) throw away;
    return null;
  }

  #reached(position: Lsn): void {
    if (this.#durable === null || position > this.#durable) this.#durable = position;
  }

  #fragmentNames(point: UploadPoint, ranges: readonly ByteRange[]): string[] {
    return ranges.map((range) => fragmentObject(this.#options.folder, point.timeline, nameAt(point), range));
  }

  /** Removes what is covered by others. A store that refuses it costs room, not safety: said, and tried again. */
  async #sweep(names: readonly string[], signal: AbortSignal): Promise<void> {
    const all = [...this.#leftovers, ...names];
    this.#leftovers = [];
    this.#sweepProblem = null;
    for (const name of all) {
      try {
        await this.#options.location.remove(name, signal);
      } catch (error) {
        if (!(error instanceof PromptlibError) || signal.aborted) throw error;
        this.#leftovers = [...this.#leftovers, name].slice(-MOST_LEFTOVERS);
        this.#sweepProblem = `Pieces of WAL that are no longer needed cannot be removed: ${error.message}`;
      }
    }
  }
}

function beginning({ timeline, start }: SpoolSegment): UploadPoint {
  return { timeline, start, done: 0, fragments: [] };
}
