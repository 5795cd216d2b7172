/** What a location holds, by name; the names and shapes are a contract (docs/locations.md). Pure. */
import { SEGMENT_BYTES, type Timeline, timelineName } from "../postgres/lsn.ts";

export const FORMAT = 1;

/** promptlib.json: written once, when a location is first used. */
export interface LocationMark {
  format: typeof FORMAT;
  /** Of one library, through all its restores. */
  library: string;
}
export const MARK_NAME = "promptlib.json";

/**
 * claims/000007.json: from now on this incarnation writes here. Whoever finds a newer claim than its own stops.
 * An incarnation is one unbroken life of a database; a restore begins the next one.
 */
export interface Claim {
  number: number;
  library: string;
  incarnation: string;
  systemId: string;
  /** ISO 8601, UTC. */
  since: string;
  host: string;
  from: Origin | null;
}

/** Where an incarnation branched off the one before; null: it is the first. */
export interface Origin {
  incarnation: string;
  timeline: Timeline;
  /** Up to here, exclusively, the WAL of the one before counts. */
  lsn: string;
}

export const CLAIMS = "claims/";

export function claimName(number: number): string {
  return `${CLAIMS}${String(number).padStart(6, "0")}.json`;
}

export const BACKUPS = "backups/";
export const WAL = "wal/";
export const MANIFEST = "manifest.json";
/** PostgreSQL's own manifest of the data directory. */
export const POSTGRES_MANIFEST = "backup_manifest";
export const SUMS = "SHA256SUMS";
export const ATTESTED = "attested.json";

export type Compression = "zstd" | "gzip";

/** 20261122T060000Z-7f3a */
export function backupId(start: Date, random: string): string {
  return `${compactTime(start)}-${random}`;
}

export function backupFolder(id: string): string {
  return `${BACKUPS}${id}/`;
}

/** part-0001.tar.zst */
export function partName(number: number, compression: Compression): string {
  return `part-${String(number).padStart(4, "0")}.tar.${compression === "zstd" ? "zst" : "gz"}`;
}

/** 20261122T060000Z */
export function compactTime(time: Date): string {
  return time.toISOString().replaceAll(/[-:]|\.\d+/g, "");
}

/** One independently compressed piece of the archive. Pieces follow each other without gaps. */
export interface Frame {
  /** Bytes as stored. */
  stored: number;
  /** Bytes of the tar. */
  plain: number;
}

export interface Part {
  name: string;
  size: number;
  sha256: string;
  frames: Frame[];
}

/** backups/<id>/manifest.json: written last, its presence makes the backup exist. */
export interface BackupManifest {
  format: typeof FORMAT;
  id: string;
  library: string;
  incarnation: string;
  systemId: string;
  /** `18.4`, and whether the build says anything else that a restore needs to know. */
  postgres: { version: string; major: number; checksums: boolean };
  /** Sizes of the server that a recovery must not go below. */
  settings: Record<string, string>;
  /** ISO 8601, UTC, by PostgreSQL's clock: the data directory is as it was at `end`. */
  start: { at: string; timeline: Timeline; lsn: string };
  end: { at: string; timeline: Timeline; lsn: string };
  compression: Compression;
  /** Of the whole tar. */
  tar: { size: number; sha256: string };
  parts: Part[];
  /** Bytes of the data directory, and how many files it has. */
  database: { bytes: number; files: number };
  /** What PostgreSQL warned of while it was read. */
  warnings: string[];
  /** What is missing on purpose, a sentence each. */
  leftOut: string[];
  promptlib: string;
  reason: "schedule" | "manual" | "first" | "restored" | "wal_lost";
}

/** backups/<id>/attested.json: what exactly was in every table at a named restore point. */
export interface Attested {
  format: typeof FORMAT;
  backup: string;
  /** The restore point: recovery_target_name. */
  point: string;
  timeline: Timeline;
  /** Where the restore point's record ends. */
  lsn: string;
  at: string;
  /** Locks were needed, because writers never paused long enough without. */
  locked: boolean;
  databases: AttestedDatabase[];
}

export interface AttestedDatabase {
  name: string;
  tables: AttestedTable[];
  sequences: { name: string; value: string }[];
  /** What is there and was not compared, a sentence each. */
  notCompared: string[];
}

/** `hash`: see table-figures.ts. */
export interface AttestedTable {
  name: string;
  rows: string;
  hash: string;
}

/** wal/<system id>-<incarnation>/ */
export function walFolder({ systemId, incarnation }: { systemId: string; incarnation: string }): string {
  return `${WAL}${systemId}-${incarnation}/`;
}

/** A whole segment: wal/…/00000001/000000010000000000000004.zst */
export function segmentObject(folder: string, timeline: Timeline, segment: string): string {
  return `${folder}${timelineName(timeline)}/${segment}.zst`;
}

/** Bytes `from` to `to` (exclusively) of a segment: wal/…/00000001/000000010000000000000005/0-1048576.zst */
export function fragmentObject(
  folder: string,
  timeline: Timeline,
  segment: string,
  { from, to }: { from: number; to: number },
): string {
  return `${folder}${timelineName(timeline)}/${segment}/${from}-${to}.zst`;
}

/** wal/…/00000002.history */
export function historyObject(folder: string, timeline: Timeline): string {
  return `${folder}${timelineName(timeline)}.history`;
}

export type WalObject =
  | { kind: "segment"; timeline: Timeline; segment: string }
  | { kind: "fragment"; timeline: Timeline; segment: string; from: number; to: number }
  | { kind: "history"; timeline: Timeline };

/** What the object below `folder` is, or null: nothing of ours. */
export function parseWalObject(folder: string, name: string): WalObject | null {
  if (!name.startsWith(folder)) return null;
  const rest = name.slice(folder.length);
  const history = /^([0-9A-F]{8})\.history$/.exec(rest);
  if (history?.[1]) return { kind: "history", timeline: Number.parseInt(history[1], 16) };
  const found = /^([0-9A-F]{8})\/(\1[0-9A-F]{16})(?:\/(\d{1,8})-(\d{1,8}))?\.zst$/.exec(rest);
  if (!found?.[1] || !found[2]) return null;
  const place = { timeline: Number.parseInt(found[1], 16), segment: found[2] };
  if (found[3] === undefined || found[4] === undefined) return { kind: "segment", ...place };
  const [from, to] = [Number(found[3]), Number(found[4])];
  return from < to && to <= SEGMENT_BYTES ? { kind: "fragment", ...place, from, to } : null;
}
