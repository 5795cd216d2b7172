/**
 * Words of the replication protocol, without a connection: the commands, and the messages inside the two copy streams.
 * PostgreSQL's manual, "Streaming Replication Protocol". All numbers are big-endian.
 */
import pg from "pg";
import { formatLsn, type Lsn, lsn, type WalPosition } from "./lsn.ts";

export interface BackupOptions {
  /** Goes into backup_label: printable ASCII. */
  label: string;
  /** `fast` begins at once, at the price of a burst of writes; `spread` takes its time, minutes. */
  checkpoint: "fast" | "spread";
  /** KiB a second, 32 to 1,048,576; null: as fast as it goes. */
  maxRateKiB: number | null;
}

/** Bytes are views into a buffer that the parser uses again: who keeps them copies them. */
export type BackupMessage =
  | { kind: "archive"; name: string; location: string }
  | { kind: "data"; view: Buffer }
  | { kind: "progress"; bytes: number }
  | { kind: "manifest" };

export type WalMessage =
  | { kind: "wal"; start: Lsn; serverEnd: Lsn; view: Buffer }
  | { kind: "keepalive"; serverEnd: Lsn; replyRequested: boolean }
  | { kind: "unknown" };

const POSTGRES_EPOCH = Date.UTC(2000, 0, 1);
const WAL_HEADER = 25;

/** The WAL that the backup needs comes along, so we do not wait until PostgreSQL has archived it, maybe for ever. */
export function baseBackupCommand({ label, checkpoint, maxRateKiB }: BackupOptions): string {
  const options = [
    `LABEL ${quote(label)}`,
    "PROGRESS",
    `CHECKPOINT '${checkpoint}'`,
    "WAL true",
    "WAIT false",
    ...(maxRateKiB === null ? [] : [`MAX_RATE ${maxRateKiB}`]),
    "TABLESPACE_MAP true",
    "MANIFEST 'yes'",
    "MANIFEST_CHECKSUMS 'SHA256'",
  ];
  return `BASE_BACKUP (${options.join(", ")})`;
}

export function startReplicationCommand(slot: string, start: WalPosition): string {
  const position = formatLsn(start.lsn);
  return `START_REPLICATION SLOT ${pg.escapeIdentifier(slot)} PHYSICAL ${position} TIMELINE ${start.timeline}`;
}

/** Throws for what it does not know: it could be data. */
export function decodeBackupMessage(payload: Buffer): BackupMessage {
  const kind = String.fromCharCode(payload[0] ?? 0);
  switch (kind) {
    case "d":
      return { kind: "data", view: payload.subarray(1) };
    case "p":
      return { kind: "progress", bytes: Number(payload.readBigInt64BE(1)) };
    case "m":
      return { kind: "manifest" };
    case "n": {
      const [name, location] = payload.toString("utf8", 1).split("\0");
      if (!name || location === undefined) throw new RangeError("an archive without a name");
      return { kind: "archive", name, location };
    }
    default:
      throw new RangeError(`a message of an unknown kind, ${JSON.stringify(kind)}`);
  }
}

/** What later versions may add is `unknown`, and of no consequence. Throws RangeError for what was cut short. */
export function decodeWalMessage(payload: Buffer): WalMessage {
  switch (String.fromCharCode(payload[0] ?? 0)) {
    case "w":
      return {
        kind: "wal",
        start: lsn(payload.readBigUInt64BE(1)),
        serverEnd: lsn(payload.readBigUInt64BE(9)),
        view: from(payload, WAL_HEADER),
      };
    case "k":
      return {
        kind: "keepalive",
        serverEnd: lsn(payload.readBigUInt64BE(1)),
        replyRequested: payload.readUInt8(17) !== 0,
      };
    default:
      return { kind: "unknown" };
  }
}

/** The whole CopyData message. Position 0 says nothing; `applied` is always 0, for nobody applies anything here. */
export function standbyStatus(flushed: Lsn, at: Date, replyNow: boolean): Buffer {
  const message = Buffer.alloc(39);
  message.write("d", 0, "latin1");
  message.writeUInt32BE(38, 1);
  message.write("r", 5, "latin1");
  message.writeBigUInt64BE(flushed, 6);
  message.writeBigUInt64BE(flushed, 14);
  message.writeBigUInt64BE(0n, 22);
  message.writeBigInt64BE(BigInt(at.getTime() - POSTGRES_EPOCH) * 1000n, 30);
  message.writeUInt8(replyNow ? 1 : 0, 38);
  return message;
}

export function copyDone(): Buffer {
  return Buffer.from([0x63, 0, 0, 0, 4]);
}

function from(payload: Buffer, offset: number): Buffer {
  if (payload.length < offset) throw new RangeError("a message that was cut short");
  return payload.subarray(offset);
}

/** These commands have no escapes in texts but the doubled quote, so pg.escapeLiteral would not do. */
function quote(text: string): string {
  if (!/^[\x20-\x7e]*$/.test(text)) throw new RangeError("a label is printable ASCII");
  return `'${text.replaceAll("'", "''")}'`;
}
