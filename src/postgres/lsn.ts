/**
 * Positions in the write-ahead log: a timeline and a byte since the cluster was made, and the names of segment files.
 * PostgreSQL's manual, "WAL internals".
 */

declare const lsnBrand: unique symbol;
/** A byte position in the WAL. Compared with < and >, like any bigint. */
export type Lsn = bigint & { readonly [lsnBrand]: true };

export type Timeline = number;

export interface WalPosition {
  timeline: Timeline;
  lsn: Lsn;
}

/** The size that initdb gives and that we work with: others are refused where WAL is received. */
export const SEGMENT_BYTES = 16 * 1024 * 1024;

export function lsn(value: bigint): Lsn {
  if (value < 0n || value >= 1n << 64n) throw new RangeError(`${value} is no position in the WAL`);
  return value as Lsn;
}

/** `0/3000028`, as PostgreSQL writes it. Throws RangeError for anything else. */
export function parseLsn(text: string): Lsn {
  const found = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text);
  if (!found) throw new RangeError(`${text} is no position in the WAL, such as 0/3000028`);
  return lsn((BigInt(`0x${found[1]}`) << 32n) | BigInt(`0x${found[2]}`));
}

export function formatLsn(position: Lsn): string {
  return `${(position >> 32n).toString(16)}/${(position & 0xffffffffn).toString(16)}`.toUpperCase();
}

export function addBytes(position: Lsn, bytes: number | bigint): Lsn {
  return lsn(position + BigInt(bytes));
}

export function segmentStart(position: Lsn): Lsn {
  return lsn(position - (position % BigInt(SEGMENT_BYTES)));
}

/** Bytes from the start of its segment. */
export function segmentOffset(position: Lsn): number {
  return Number(position % BigInt(SEGMENT_BYTES));
}

/** The segment file that holds the byte at `lsn`, as in pg_wal: 000000010000000000000004. */
export function segmentName({ timeline, lsn: position }: WalPosition): string {
  const number = position / BigInt(SEGMENT_BYTES);
  const perFile = 0x1_0000_0000n / BigInt(SEGMENT_BYTES);
  return [BigInt(timeline), number / perFile, number % perFile].map(eightHex).join("");
}

/** Where the segment begins, or null when the name is none of a segment. */
export function parseSegmentName(name: string): WalPosition | null {
  const found = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/.exec(name);
  if (!found) return null;
  const [timeline, high, low] = found.slice(1).map((part) => BigInt(`0x${part}`)) as [bigint, bigint, bigint];
  const perFile = 0x1_0000_0000n / BigInt(SEGMENT_BYTES);
  if (low >= perFile || timeline === 0n) return null;
  return { timeline: Number(timeline), lsn: lsn((high * perFile + low) * BigInt(SEGMENT_BYTES)) };
}

/** 00000002, as in names of segments, of history files and of our directories. */
export function timelineName(timeline: Timeline): string {
  return eightHex(BigInt(timeline));
}

/** Where a timeline branched off: one line of a history file. */
export interface Branch {
  /** The timeline that was left. */
  timeline: Timeline;
  /** Up to here, exclusively, its WAL counts. */
  lsn: Lsn;
}

/** The lines of NNNNNNNN.history: the way to a timeline from the first one on, oldest first. */
export function parseHistory(content: string): Branch[] {
  return content.split("\n").flatMap((line) => {
    const found = /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/i.exec(line);
    return found?.[1] && found[2] ? [{ timeline: Number(found[1]), lsn: parseLsn(found[2]) }] : [];
  });
}

function eightHex(value: bigint): string {
  return value.toString(16).toUpperCase().padStart(8, "0");
}
