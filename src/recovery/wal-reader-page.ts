/** Whether bytes are the beginning of the segment whose name they carry. Pure. PostgreSQL: access/xlog_internal.h. */
import {
  formatLsn,
  type Lsn,
  lsn,
  parseSegmentName,
  SEGMENT_BYTES,
  segmentStart,
  type Timeline,
} from "../postgres/lsn.ts";

/** XLogLongPageHeaderData: magic u16, info u16, timeline u32, address u64, (rest u32), system u64, segment size u32. */
const LONG_HEADER = 40;
const IS_LONG = 0x0002;

export interface Expected {
  segment: string;
  systemId: string;
  /** Where its timeline began; null: unknown. */
  begins: Lsn | null;
}

/**
 * What is wrong, to follow on the name; null: nothing, or there are too few bytes to tell. The magic number is not
 * looked at: it differs from one major version to the next.
 */
export function faultOfFirstPage(bytes: Uint8Array, { segment, systemId, begins }: Expected): string | null {
  const position = parseSegmentName(segment);
  if (!position) return "is no segment";
  if (bytes.length < LONG_HEADER) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const address = view.getBigUint64(8, true);
  if (address !== position.lsn) return `holds the WAL from ${formatLsn(lsn(address))} on`;
  const timeline: Timeline = view.getUint32(4, true);
  // The segment in which a timeline begins was copied from the one before, headers and all.
  const copied =
    begins === null ||
    position.lsn < segmentStart(begins) ||
    (position.lsn === segmentStart(begins) && position.lsn < begins);
  if (copied ? timeline > position.timeline || timeline === 0 : timeline !== position.timeline) {
    return `holds WAL of timeline ${timeline}`;
  }
  if ((view.getUint16(2, true) & IS_LONG) === 0) return "does not begin as a segment does";
  const system = view.getBigUint64(24, true);
  if (system !== BigInt(systemId)) return `holds WAL of another database (system identifier ${system})`;
  const size = view.getUint32(32, true);
  return size === SEGMENT_BYTES ? null : `is of a cluster with segments of ${size} bytes`;
}
