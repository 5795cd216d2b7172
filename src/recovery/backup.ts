/**
 * Making a backup, in one pass and constant memory: PostgreSQL's base backup and the readable files of the home, into
 * every location at once. The manifest is written last: only then does the backup exist.
 */
import { randomBytes } from "node:crypto";
import type pg from "pg";
import { now } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { version } from "../base/version.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Progress } from "../contract/recovery.ts";
import { formatLsn, type WalPosition } from "../postgres/lsn.ts";
import { openReplication, type Replication } from "../postgres/replication.ts";
import type { BaseBackup } from "../postgres/replication-base-backup.ts";
import { ArchiveWriter, sumsFile, type WrittenArchive } from "./archive-writer.ts";
import { addDatabase, type DatabaseSummary } from "./backup-database.ts";
import { addFiles, type FileSet } from "./backup-files.ts";
import { describeServer, type ServerDescription, serverTime } from "./backup-server.ts";
import { type Claimant, claimLocation } from "./claims.ts";
import { FanOut } from "./fan-out.ts";
import { ensureIncarnation, type Incarnation } from "./incarnation.ts";
import {
  type BackupManifest,
  backupFolder,
  backupId,
  type Compression,
  FORMAT,
  MANIFEST,
  POSTGRES_MANIFEST,
  SUMS,
} from "./layout.ts";
import type { Location } from "./location.ts";

export interface BackupSource {
  /** A login with REPLICATION. */
  replication: pg.ClientConfig;
  /** The same login on an ordinary connection. */
  sql: pg.ClientConfig;
  /** <home>/recovery */
  recovery: string;
  /** Directories of the home that come along. */
  files: readonly FileSet[];
  /** What does not, a sentence each. */
  leftOut: readonly string[];
}

export interface BackupSettings {
  locations: readonly Location[];
  compression: Compression;
  /** KiB a second; null: no limit. */
  maxRate: number | null;
  reason: BackupManifest["reason"];
  host: string;
  log: Log;
  signal: AbortSignal;
  progress(progress: Progress): void;
}

export interface MadeBackup {
  manifest: BackupManifest;
  /** Names of the locations that hold it whole, and why others do not. */
  in: string[];
  missing: { location: string; reason: string }[];
  /** Files of the home that could not be read, a sentence each. They are in `leftOut` of the manifest, too. */
  unread: string[];
  /** Names of the locations that let us write: what these missed may be filled in. */
  claimed: string[];
}

/**
 * Errors: `backup_failed` (no location took it, or PostgreSQL did not give a whole one), `replication_failed`,
 * `location_unavailable`, `fenced`, `interrupted`. Nothing that counts is left behind then.
 */
export async function makeBackup(source: BackupSource, settings: BackupSettings): Promise<MadeBackup> {
  settings.progress({ phase: "checkpoint", done: null, total: null });
  const replication = await openReplication(source.replication, "promptlib backup");
  const cancel = () => replication.destroy();
  settings.signal.addEventListener("abort", cancel, { once: true });
  try {
    const { systemId } = await replication.identifySystem();
    const incarnation = await ensureIncarnation(source.recovery, systemId);
    const { locations, refused } = await claimed(settings, {
      incarnation,
      host: settings.host,
      recovery: source.recovery,
    });
    const server = await describeServer(source.sql);
    const base = await replication.baseBackup({
      label: "promptlib",
      checkpoint: settings.reason === "schedule" ? "spread" : "fast",
      maxRateKiB: settings.maxRate,
    });
    refuseTablespaces(base);
    const made = await store(source, { ...settings, locations }, { replication, base, incarnation, server });
    return { ...made, missing: [...refused, ...made.missing], claimed: locations.map(({ name }) => name) };
  } catch (error) {
    throw settings.signal.aborted ? new PromptlibError("interrupted", { cause: error }) : error;
  } finally {
    settings.signal.removeEventListener("abort", cancel);
    await replication.close();
  }
}

interface Running {
  replication: Replication;
  base: BaseBackup;
  incarnation: Incarnation;
  server: ServerDescription;
}

async function store(
  source: BackupSource,
  settings: BackupSettings,
  running: Running,
): Promise<Omit<MadeBackup, "claimed">> {
  const id = backupId(now(), randomBytes(2).toString("hex"));
  const fanOut = new FanOut(settings.locations, backupFolder(id), { signal: settings.signal });
  try {
    const startedAt = await serverTime(source.sql);
    const database = await writeArchive(source, settings, { ...running, fanOut, id });
    const end = { ...position(running.base.end()), at: await serverTime(source.sql) };
    const start = { ...position(running.base.start), at: startedAt };
    const manifest = manifestOf(source, settings, { ...running, id, start, end, ...database });
    settings.progress({ phase: "manifest", done: null, total: null });
    await fanOut.putSmall(SUMS, Buffer.from(sumsFile(manifest.parts)));
    await fanOut.putSmall(POSTGRES_MANIFEST, database.postgresManifest);
    await fanOut.putSmall(MANIFEST, Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`));
    const missing = fanOut.detached.map(({ location, reason }) => ({ location: location.name, reason }));
    for (const what of database.unread) settings.log.warn({ id, what }, "the backup was made without it");
    return { manifest, in: fanOut.attached.map(({ name }) => name), missing, unread: database.unread };
  } catch (error) {
    const left = await fanOut.abandon();
    for (const { location, reason } of left) {
      settings.log.warn({ location: location.name, reason, id }, "an unfinished backup was left there");
    }
    throw error;
  }
}

async function writeArchive(
  source: BackupSource,
  settings: BackupSettings,
  { base, incarnation, server, fanOut, id }: Running & { fanOut: FanOut; id: string },
): Promise<DatabaseSummary & { unread: string[]; archive: WrittenArchive }> {
  let done = 0;
  const archive = new ArchiveWriter(fanOut, {
    compression: settings.compression,
    onBytes(bytes) {
      done += bytes;
      const total = base.estimatedBytes;
      settings.progress({ phase: "copy", done, total: total === null ? null : Math.max(total, done) });
    },
  });
  const head = { format: FORMAT, id, library: incarnation.library, systemId: incarnation.systemId, ...server };
  await addInnerManifest(archive, head);
  const database = await addDatabase(archive, base);
  const unread: string[] = [];
  for (const set of source.files) unread.push(...(await addFiles(archive, set, settings)));
  return { ...database, unread, archive: await archive.finish() };
}

/** So that whoever unpacks the archive by hand finds out what it is. */
async function addInnerManifest(archive: ArchiveWriter, head: object): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(head, null, 2)}\n`);
  const file = { name: MANIFEST, size: bytes.length, mode: 0o600, mtime: now() };
  await archive.addFile(
    file,
    (async function* () {
      yield bytes;
    })(),
  );
}

function manifestOf(
  source: BackupSource,
  settings: BackupSettings,
  made: Running &
    DatabaseSummary & {
      id: string;
      start: BackupManifest["start"];
      end: BackupManifest["end"];
      archive: WrittenArchive;
      unread: readonly string[];
    },
): BackupManifest {
  const { library, incarnation, systemId } = made.incarnation;
  return {
    format: FORMAT,
    id: made.id,
    library,
    incarnation,
    systemId,
    ...made.server,
    start: made.start,
    end: made.end,
    compression: settings.compression,
    ...made.archive,
    database: { bytes: made.bytes, files: made.files },
    warnings: [...made.replication.warnings],
    leftOut: [...source.leftOut, ...made.unread],
    promptlib: version,
    reason: settings.reason,
  };
}

/** A location that another installation writes to, or that is away, does not stop the backup into the others. */
async function claimed({ locations, signal }: BackupSettings, claimant: Claimant) {
  const usable: Location[] = [];
  const refused: { location: string; reason: string }[] = [];
  for (const location of locations) {
    try {
      await claimLocation(location, claimant, { signal });
      usable.push(location);
    } catch (error) {
      if (!(error instanceof PromptlibError) || error.code === "interrupted") throw error;
      refused.push({ location: location.name, reason: error.message });
      if (locations.length === 1) throw error;
    }
  }
  if (usable.length === 0) {
    const reasons = refused.map(({ location, reason }) => `${location}: ${reason}`).join(" ");
    throw new PromptlibError("backup_failed", { message: `No location takes a backup. ${reasons}` });
  }
  return { locations: usable, refused };
}

function refuseTablespaces({ tablespaces }: BaseBackup): void {
  if (tablespaces.length === 0) return;
  const where = tablespaces.map(({ location }) => location).join(", ");
  throw new PromptlibError("backup_failed", {
    message: `The database has tablespaces of its own (${where}), which are not backed up.`,
    hint: "Move their tables into pg_default (ALTER TABLE … SET TABLESPACE pg_default) and drop them.",
  });
}

function position({ timeline, lsn }: WalPosition) {
  return { timeline, lsn: formatLsn(lsn) };
}
