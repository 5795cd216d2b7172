/**
 * A made-up past of a database for tests of the plan: what was written, on which branches, what of it was received, and
 * what PostgreSQL makes of a plan. Positions are whole MiB here; every MiB ends with a commit, five minutes after the
 * one before.
 */
import {
  formatLsn,
  type Lsn,
  lsn,
  parseHistory,
  parseLsn,
  parseSegmentName,
  SEGMENT_BYTES,
  segmentName,
} from "../../postgres/lsn.ts";
import type { ListedBackup } from "../backups.ts";
import type { BackupManifest, Claim } from "../layout.ts";
import { lineageOf } from "../lineage.ts";
import type { TimelineHistory } from "../lineage-line.ts";
import { planRestore } from "../restore-plan.ts";
import type { Impossible, PlanInput, RestorePlan, RestoreTarget } from "../restore-plan-shapes.ts";
import { WalCoverage, type WalPiece } from "../wal-coverage.ts";

const MIB = 1024 * 1024;
export const PER_SEGMENT = SEGMENT_BYTES / MIB;
const STEP_MS = 5 * 60_000;
const FIRST = Date.parse("2026-11-01T00:00:00.000Z");
const SYSTEM = "7300000000000000001";

export function at(mib: number): Lsn {
  return lsn(BigInt(mib) * BigInt(MIB));
}

export function mib(position: Lsn): number {
  return Number(position) / MIB;
}

/** A timeline as it was really written: from its fork on, and in its first segment what it took over. */
export interface Branch {
  incarnation: string;
  timeline: number;
  parent: Branch | null;
  from: number;
  /** MiB that were written. */
  to: number;
  /** When the MiB that ends here was committed: `began` + (mib - from) steps. */
  began: number;
}

export class World {
  readonly claims: Claim[] = [];
  readonly backups: ListedBackup[] = [];
  readonly branches: Branch[] = [];
  readonly histories: TimelineHistory[] = [];
  readonly #pieces = new Map<string, WalPiece[]>();
  #clock = FIRST;

  /** A new incarnation, restored up to `from` of the parent; it then writes up to `to`. */
  live(incarnation: string, to: number, origin: { parent: Branch; from: number } | null = null): Branch {
    this.#clock += 60 * 60_000;
    const { parent, from } = origin ?? { parent: null, from: 0 };
    this.claims.push({
      number: this.claims.length + 1,
      library: "library",
      incarnation,
      systemId: SYSTEM,
      since: new Date(this.#clock).toISOString(),
      host: "host",
      from: parent && { incarnation: parent.incarnation, timeline: parent.timeline, lsn: formatLsn(at(from)) },
    });
    return this.#branch({ incarnation, timeline: (parent?.timeline ?? 0) + 1, parent, from, to });
  }

  /** A failover at `from`: the same incarnation goes on with the next timeline. */
  promote(parent: Branch, from: number, to: number): Branch {
    this.#clock += 60 * 60_000;
    return this.#branch({ incarnation: parent.incarnation, timeline: parent.timeline + 1, parent, from, to });
  }

  #branch(branch: Omit<Branch, "began">): Branch {
    const made = { ...branch, began: this.#clock };
    this.branches.push(made);
    if (made.timeline > 1) {
      const line = lineOf(made);
      const branches = line
        .slice(0, -1)
        .map((before, index) => ({ timeline: before.timeline, lsn: at(line[index + 1]?.from ?? 0) }));
      const { incarnation, timeline } = made;
      this.histories.push({ incarnation, timeline, branches, stored: new Date(this.#clock + 1000) });
    }
    this.#clock += (made.to - made.from + 1) * STEP_MS;
    return made;
  }

  /** Received and stored `lag` ms after it was written, in one object a segment. */
  receive({ incarnation, timeline, ...branch }: Branch, from: number, to: number, lag = 500): void {
    for (let start = from; start < to; ) {
      const segment = start - (start % PER_SEGMENT);
      const end = Math.min(to, segment + PER_SEGMENT);
      const name = segmentName({ timeline, lsn: at(segment) });
      const modified = new Date(timeOf({ incarnation, timeline, ...branch }, Math.max(end, branch.from)) + lag);
      const held = { timeline, segment: name, from: (start - segment) * MIB, to: (end - segment) * MIB };
      const pieces = this.#pieces.get(incarnation) ?? [];
      this.#pieces.set(incarnation, [...pieces, { ...held, object: `${name}/${start}-${end}`, modified }]);
      start = end;
    }
  }

  backup(
    branch: Branch,
    end: number,
    changes: { id?: string; state?: ListedBackup["state"]; major?: number; start?: number } = {},
  ): ListedBackup {
    const { incarnation, timeline } = branch;
    const moment = (position: number) => ({
      at: new Date(timeOf(branch, position) + 1).toISOString(),
      timeline,
      lsn: formatLsn(at(position)),
    });
    const { state = "whole", major = 18, start = Math.max(0, end - 1) } = changes;
    const id =
      changes.id ??
      `${new Date(timeOf(branch, end)).toISOString().replaceAll(/[-:]|\.\d+/g, "")}-${incarnation.slice(0, 4)}`;
    const manifest: BackupManifest = { ...MANIFEST, id, incarnation, start: moment(start), end: moment(end) };
    manifest.postgres = { ...manifest.postgres, major };
    const problems =
      state === "damaged" ? [{ location: "primary", object: "part-0001.tar.zst", problem: "is missing" }] : [];
    const made: ListedBackup = {
      id,
      state,
      manifest: state === "unfinished" ? null : manifest,
      attested: null,
      attestedIn: [],
      in: state === "whole" ? ["primary", "secondary"] : [],
      stored: 0,
      problems,
    };
    this.backups.push(made);
    this.backups.sort((one, other) => (one.id < other.id ? -1 : 1));
    return made;
  }

  attest(backup: ListedBackup, branch: Branch, position: number): string {
    const point = `promptlib_${backup.id}`;
    backup.attested = {
      format: 1,
      backup: backup.id,
      point,
      timeline: branch.timeline,
      lsn: formatLsn(at(position)),
      at: new Date(timeOf(branch, position)).toISOString(),
      locked: false,
      databases: [],
    };
    return point;
  }

  coverage(incarnation: string): WalCoverage {
    return new WalCoverage(this.#pieces.get(incarnation) ?? []);
  }

  plan(target: RestoreTarget, changes: Partial<PlanInput> = {}): RestorePlan | Impossible {
    return planRestore({
      backups: this.backups,
      lineage: lineageOf([this.claims]),
      coverages: new Map(this.claims.map(({ incarnation }) => [incarnation, this.coverage(incarnation)])),
      histories: this.histories,
      target,
      only: null,
      now: new Date(this.#clock),
      majors: [18],
      free: null,
      ...changes,
    });
  }

  /**
   * What PostgreSQL does with the plan, MiB by MiB from the backup's end: it reads each segment from what it is given,
   * the newest timeline of the history first, else from what the backup brought. Answers whose MiB it replayed.
   */
  recover(plan: RestorePlan): { end: number; replayed: string[]; reached: boolean } {
    const { end } = plan.backup;
    const history = [...parseHistory(plan.history?.content ?? ""), { timeline: plan.recovery.timeline, lsn: null }];
    const files = new Map(plan.walNeeded.map((needed) => [needed.segment, this.#given(needed)]));
    const replayed: string[] = [];
    let position = mib(parseLsn(end.lsn));
    for (;;) {
      if (this.#stops(plan, position)) return { end: position, replayed, reached: true };
      const owner = this.#next(history, files, position);
      if (owner === null) return { end: position, replayed, reached: plan.recovery.target === null };
      const { target } = plan.recovery;
      const time = target && "time" in target ? Date.parse(target.time) : null;
      if (time !== null && timeOf(owner, position + 1) > time) return { end: position, replayed, reached: true };
      replayed.push(nameOf(owner));
      position += 1;
    }
  }

  #stops({ recovery: { target }, reaches }: RestorePlan, position: number): boolean {
    if (target === null || "time" in target) return false;
    return position === mib(parseLsn("lsn" in target ? target.lsn : reaches.lsn));
  }

  #next(
    history: { timeline: number; lsn: Lsn | null }[],
    files: Map<string, (Branch | null)[]>,
    position: number,
  ): Branch | null {
    const segment = position - (position % PER_SEGMENT);
    for (const [index, { timeline }] of [...history.entries()].reverse()) {
      const begins = history[index - 1]?.lsn ?? lsn(0n);
      if (mib(begins) >= segment + PER_SEGMENT) continue;
      const file = files.get(segmentName({ timeline, lsn: at(segment) }));
      if (file) return file[position - segment] ?? null;
    }
    return null;
  }

  /** Whose MiB the segment holds that the plan asks for, as the reader puts it together. */
  #given({ incarnation, timeline, segment, upTo }: RestorePlan["walNeeded"][number]): (Branch | null)[] {
    const branch = this.branches.find((one) => one.incarnation === incarnation && one.timeline === timeline);
    const start = parseSegmentName(segment)?.lsn;
    if (!branch || start === undefined) throw new Error(`${segment} of ${incarnation} was never written`);
    const known = mib(this.coverage(incarnation).coveredFrom({ timeline, lsn: start }));
    return Array.from({ length: PER_SEGMENT }, (_, index) => {
      const position = mib(start) + index;
      return position < known && index < upTo / MIB ? ownerOf(branch, position) : null;
    });
  }
}

/** From the first branch to this one. */
export function lineOf(branch: Branch): Branch[] {
  return branch.parent ? [...lineOf(branch.parent).filter(({ from }) => from < branch.from), branch] : [branch];
}

/** Who wrote the MiB that begins here, on the way to the end of the branch. */
export function ownerOf(branch: Branch, position: number): Branch {
  return branch.parent && position < branch.from ? ownerOf(branch.parent, position) : branch;
}

/** When the MiB that ends here was committed, ms since 1970. */
export function timeOf(branch: Branch, position: number): number {
  if (branch.parent && position <= branch.from) return timeOf(branch.parent, position);
  return branch.began + (position - branch.from) * STEP_MS;
}

export function nameOf({ incarnation, timeline }: Branch): string {
  return `${incarnation}/${timeline}`;
}

const MANIFEST: BackupManifest = {
  format: 1,
  id: "",
  library: "library",
  incarnation: "",
  systemId: SYSTEM,
  postgres: { version: "18.4", major: 18, checksums: true },
  settings: {},
  start: { at: "", timeline: 1, lsn: "" },
  end: { at: "", timeline: 1, lsn: "" },
  compression: "zstd",
  tar: { size: 50_000_000, sha256: "0".repeat(64) },
  parts: [{ name: "part-0001.tar.zst", size: 1, sha256: "0".repeat(64), frames: [{ stored: 1, plain: 50_000_000 }] }],
  database: { bytes: 40_000_000, files: 900 },
  warnings: [],
  leftOut: [],
  promptlib: "0.1.0",
  reason: "schedule",
};
