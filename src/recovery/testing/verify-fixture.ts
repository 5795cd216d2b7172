/** Locations of the test's own with small backups and made-up WAL in them, as the product stores them. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "../../../test/support/cluster.ts";
import { parseSegmentName, SEGMENT_BYTES } from "../../postgres/lsn.ts";
import { ArchiveWriter, sumsFile } from "../archive-writer.ts";
import { FanOut } from "../fan-out.ts";
import { openFolderLocation } from "../folder-location.ts";
import {
  ATTESTED,
  type Attested,
  type BackupManifest,
  backupFolder,
  type Claim,
  claimName,
  fragmentObject,
  MANIFEST,
  SUMS,
  segmentObject,
  walFolder,
} from "../layout.ts";
import type { Location } from "../location.ts";
import { putWal } from "../wal-upload-objects.ts";

export const SYSTEM = "7300000000000000001";
export const OF = { systemId: SYSTEM, incarnation: "0a1b2c3d" };
const never = new AbortController().signal;

export interface Place {
  root: string;
  location: Location;
  /** The file of an object. */
  path(object: string): string;
  /** Turns one bit round. */
  spoil(object: string, at?: number): Promise<void>;
}

export async function makePlaces(
  names: readonly string[],
): Promise<{ directory: string; places: Place[]; remove(): Promise<void> }> {
  const directory = await temporaryDirectory();
  const places = names.map((name): Place => {
    const root = join(directory, name);
    const location = openFolderLocation({
      path: root,
      url: `file://${root}`,
      name,
      domain: "host",
      required: false,
      create: true,
    });
    const path = (object: string) => join(root, object);
    return {
      root,
      location,
      path,
      async spoil(object, at = 40) {
        const bytes = await readFile(path(object));
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        await writeFile(path(object), bytes);
      },
    };
  });
  for (const { root } of places) await mkdir(root);
  return { directory, places, remove: async () => await rm(directory, { recursive: true, force: true }) };
}

/** A folder that is away when it is not there, as one on a disk that has to be mounted. */
export function asMounted({ root, location: { url, name } }: Place): Location {
  return openFolderLocation({ path: root, url, name, domain: "host", required: false });
}

/** The bytes of a segment with the header that PostgreSQL gives its first page; else random. */
export function walBytes(
  segment: string,
  { timeline, systemId = SYSTEM }: { timeline?: number; systemId?: string } = {},
): Buffer {
  const start = parseSegmentName(segment);
  if (!start) throw new Error(`${segment} is no segment`);
  const bytes = randomBytes(SEGMENT_BYTES);
  bytes.writeUInt16LE(0xd118, 0);
  bytes.writeUInt16LE(0x0002, 2);
  bytes.writeUInt32LE(timeline ?? start.timeline, 4);
  bytes.writeBigUInt64LE(start.lsn, 8);
  bytes.writeUInt32LE(0, 16);
  bytes.writeBigUInt64LE(BigInt(systemId), 24);
  bytes.writeUInt32LE(SEGMENT_BYTES, 32);
  bytes.writeUInt32LE(8192, 36);
  return bytes;
}

/** Stores the segment, or the piece of it. Answers the name of the object. */
export async function storeWal(
  { location }: Place,
  segment: string,
  bytes: Buffer,
  piece?: { from: number; to: number },
): Promise<string> {
  const timeline = parseSegmentName(segment)?.timeline ?? 0;
  const name = piece
    ? fragmentObject(walFolder(OF), timeline, segment, piece)
    : segmentObject(walFolder(OF), timeline, segment);
  await putWal(location, name, piece ? bytes.subarray(piece.from, piece.to) : bytes, never);
  return name;
}

export async function storeClaim({ location }: Place, claim: Partial<Claim> & Pick<Claim, "number">): Promise<void> {
  const whole: Claim = {
    library: "library",
    ...OF,
    since: "2026-11-22T05:00:00.000Z",
    host: "host",
    from: null,
    ...claim,
  };
  await location.put(claimName(claim.number), Buffer.from(JSON.stringify(whole)));
}

/** A whole backup of a few small files in two parts or more, in all the places. Its end lies 256 bytes into the third segment. */
export async function storeBackup(
  places: readonly Place[],
  changes: Partial<BackupManifest> & { id: string },
): Promise<BackupManifest> {
  const folder = backupFolder(changes.id);
  const fanOut = new FanOut(
    places.map(({ location }) => location),
    folder,
  );
  const writer = new ArchiveWriter(fanOut, { compression: "zstd", frameBytes: 64 * 1024, partBytes: 100_000 });
  const mtime = new Date("2026-11-22T06:00:00Z");
  for (const name of ["database/pgdata/PG_VERSION", "database/pgdata/base/1/112"]) {
    const body = randomBytes(150_000);
    await writer.addFile({ name, size: body.length, mode: 0o600, mtime }, chunksOf(body));
  }
  const manifest: BackupManifest = {
    format: 1,
    library: "library",
    ...OF,
    postgres: { version: "18.4", major: 18, checksums: true },
    settings: {},
    start: { at: "2026-11-22T06:00:00.000000Z", timeline: 1, lsn: "0/2000028" },
    end: { at: "2026-11-22T06:00:02.000000Z", timeline: 1, lsn: "0/2000100" },
    compression: "zstd",
    database: { bytes: 300_000, files: 2 },
    warnings: [],
    leftOut: [],
    promptlib: "0.1.0",
    reason: "schedule",
    ...(await writer.finish()),
    ...changes,
  };
  for (const { location } of places) {
    await location.put(`${folder}${SUMS}`, Buffer.from(sumsFile(manifest.parts)));
    await location.put(`${folder}${MANIFEST}`, Buffer.from(JSON.stringify(manifest)));
  }
  return manifest;
}

export async function storeAttested({ location }: Place, backup: string, lsn: string): Promise<Attested> {
  const attested: Attested = {
    format: 1,
    backup,
    point: `promptlib_${backup}_5f`,
    timeline: 1,
    lsn,
    at: "2026-11-22T06:00:03.000000Z",
    locked: false,
    databases: [],
  };
  await location.put(`${backupFolder(backup)}${ATTESTED}`, Buffer.from(JSON.stringify(attested)));
  return attested;
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
