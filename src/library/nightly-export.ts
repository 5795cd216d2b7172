/**
 * The nightly export: every project as lines of JSON in files that share no byte with PostgreSQL. A folder of its own
 * each time, which gets its name when all of it was read back; only then older ones go.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { now, sleep } from "../base/clock.ts";
import { exportName, readExports } from "../base/export-folder.ts";
import { freeSpace, prepareDirectory, syncDirectory, writeFileDurably } from "../base/files.ts";
import { takeLock } from "../base/lock.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Database } from "../database/database.ts";
import { exportPrompts } from "./export.ts";
import type { ProjectRef } from "./find.ts";
import { checkPlaces, checkVersions } from "./import/export-checks.ts";
import { readExport } from "./import/export-lines.ts";
import { linesOf } from "./import/json-lines.ts";
import { exportsToRemove, SUMS, sizedExport } from "./nightly-keep.ts";

interface NightlyOptions {
  folder: string;
  /** How many are kept. */
  keep: number;
  /** Bytes that stay free on the disk. */
  floor: number;
  signal: AbortSignal;
}

export interface NightlyExport {
  /** Path of its folder. */
  folder: string;
  projects: number;
  prompts: number;
  versions: number;
}

type Counted = Pick<NightlyExport, "prompts" | "versions">;

const UNFINISHED = ".part";
const PIECE = 256 * 1024;
/** So much is written before the free space is looked at again. */
const LOOK_EVERY = 8 * 1024 * 1024;

/** Errors: `export_failed`, `disk_full`, `database_unavailable`, `home_not_writable`, `interrupted`. */
export async function makeNightlyExport(database: Database, options: NightlyOptions): Promise<NightlyExport> {
  const { folder, keep } = options;
  await prepareDirectory(folder, 0o700);
  const lock = await takeLock(join(folder, "lock"));
  if (!("release" in lock)) {
    throw new PromptlibError("export_failed", { message: `Process ${lock.heldBy.pid} is making one already.` });
  }
  try {
    await clearUnfinished(folder);
    const made = join(folder, await freeName(folder));
    const part = `${made}${UNFINISHED}`;
    await mkdir(part, { mode: 0o700 });
    const counted = await writeAll(database, part, options);
    await rename(part, made);
    await syncDirectory(folder);
    await removeOldest(folder, keep);
    return { folder: made, ...counted };
  } catch (error) {
    await clearUnfinished(folder);
    throw options.signal.aborted ? new PromptlibError("interrupted", { cause: error }) : error;
  } finally {
    await lock.release();
  }
}

/** Two begin in the same second only where someone is in a hurry. */
async function freeName(folder: string): Promise<string> {
  for (;;) {
    const name = exportName(now());
    if (!(await readExports(folder)).whole.includes(name)) return name;
    await sleep(100);
  }
}

/** Only whoever holds the lock makes any, so these are of one that was killed. */
async function clearUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.endsWith(UNFINISHED)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function writeAll(database: Database, part: string, options: NightlyOptions) {
  const projects = await database.reads.selectFrom("projects").select(["id", "name"]).orderBy("id").execute();
  const seen = { prompts: 0, versions: 0 };
  const sums: string[] = [];
  for (const project of projects) {
    const file = `${project.name}.ndjson.gz`;
    const hash = await writeOne(database, project, join(part, file), options);
    const { prompts, versions } = await readBack(join(part, file), hash, options.signal);
    seen.prompts += prompts;
    seen.versions += versions;
    sums.push(`${hash}  ${file}\n`);
  }
  await writeFileDurably(join(part, SUMS), sums.join(""));
  return { projects: projects.length, ...seen };
}

/** Answers the SHA-256 of the file. */
async function writeOne(database: Database, project: ProjectRef, path: string, options: NightlyOptions) {
  const hash = createHash("sha256");
  async function* watched(pieces: AsyncIterable<Buffer>) {
    let unseen = LOOK_EVERY;
    for await (const piece of pieces) {
      unseen += piece.length;
      if (unseen >= LOOK_EVERY) {
        await requireSpace(options);
        unseen = 0;
      }
      hash.update(piece);
      yield piece;
    }
  }
  const file = createWriteStream(path, { flags: "wx", mode: 0o600, flush: true });
  await pipeline(linesIn(database, project), createGzip(), watched, file, { signal: options.signal });
  return hash.digest("hex");
}

async function* linesIn(database: Database, project: ProjectRef): AsyncGenerator<string> {
  let piece = "";
  for await (const line of exportPrompts(database, project)) {
    piece += `${JSON.stringify(line)}\n`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = "";
  }
  yield piece;
}

/** The disk is PostgreSQL's, too: it needs the rest more. */
async function requireSpace({ folder, floor }: NightlyOptions): Promise<void> {
  const free = await freeSpace(folder);
  if (free >= floor) return;
  const [is, must] = [free, floor].map((bytes) => Math.floor(bytes / 1048576));
  throw new PromptlibError("disk_full", { message: `${is} MiB are free on its disk, and ${must} MiB must stay free.` });
}

/** As an import would, but for the library that it goes into: every line, every content against its hash, the counts. */
async function readBack(path: string, expected: string, signal: AbortSignal): Promise<Counted> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash, { signal });
  if (hash.digest("hex") !== expected) throw unreadable("the disk gives other bytes than it was given");
  const file = createReadStream(path);
  const bytes = file.pipe(createGunzip());
  file.on("error", (error) => bytes.destroy(error));
  try {
    return await countWhole(bytes, signal);
  } finally {
    file.destroy();
  }
}

async function countWhole(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Counted> {
  const seen: Counted = { prompts: 0, versions: 0 };
  for await (const read of readExport(linesOf(bytes))) {
    signal.throwIfAborted();
    if ("reason" in read) throw unreadable(`line ${read.line}: ${read.reason}`);
    if (!("prompt" in read)) continue;
    const { prompt, versions, line } = read;
    const checked = checkVersions(prompt, versions);
    const fault = "reason" in checked ? checked.reason : checkPlaces(prompt, versions);
    if (fault !== null) throw unreadable(`line ${line}, ${prompt.name}: ${fault}`);
    seen.prompts += 1;
    seen.versions += versions.length;
  }
  return seen;
}

function unreadable(why: string): PromptlibError {
  return new PromptlibError("export_failed", { message: `Read back, it is not what was written: ${why}.` });
}

/** First it loses its name: what has one is whole. */
async function removeOldest(folder: string, keep: number): Promise<void> {
  const { whole } = await readExports(folder);
  const sized = await Promise.all(whole.map((name) => sizedExport(folder, name)));
  for (const name of exportsToRemove(sized, keep)) {
    const going = join(folder, `${name}${UNFINISHED}`);
    await rename(join(folder, name), going);
    await rm(going, { recursive: true, force: true });
  }
}
