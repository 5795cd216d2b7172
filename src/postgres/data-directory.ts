/** The data directory: made once, beside, and renamed when whole; never made again where one was. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { now } from "../base/clock.ts";
import { createFileDurably, readIfExists, syncDirectory } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Account } from "./account.ts";
import type { Place } from "./place.ts";

/** What `cluster.json` says. Fields are added, never renamed. */
interface Marker {
  format: 1;
  major: number;
  created: string;
}

export interface Making {
  bin: string;
  major: number;
  account: Account | null;
  superuserPassword: string;
  /** false: nothing is synced to disk. For tests. */
  durable: boolean;
  signal: AbortSignal;
}

/**
 * Whether there is a data directory of `major`.
 * Errors: `postgres_version_mismatch`; `postgres_start_failed` where one was and is gone, or is something else.
 */
export async function hasDataDirectory(place: Place, major: number): Promise<boolean> {
  const version = (await readIfExists(join(place.data, "PG_VERSION")))?.trim() ?? null;
  if (version !== null) {
    if (version === String(major)) return true;
    throw new PromptlibError("postgres_version_mismatch", {
      message: `The data directory ${place.data} was made by PostgreSQL ${version}; the binaries are of PostgreSQL ${major}.`,
      details: { dataDirectory: place.data, found: version, binaries: String(major) },
    });
  }
  const names = await readdir(place.root);
  const lost = names.includes("data") || names.includes("cluster.json");
  if (!lost) return false;
  throw new PromptlibError("postgres_start_failed", {
    message: names.includes("data")
      ? `The directory ${place.data} holds no PostgreSQL cluster (PG_VERSION is missing).`
      : `The data directory ${place.data} is gone, and there was one: ${place.marker} says so.`,
    hint: "Bring the data directory back (is a disk not mounted?), or restore a backup. Nothing new was made in its place.",
  });
}

/** initdb. Errors: `postgres_start_failed` with its words in details, `disk_full`, `interrupted`. */
export async function makeDataDirectory(place: Place, making: Making): Promise<void> {
  for (const name of await readdir(place.root)) {
    // What a start left behind that was killed half way
    if (name.startsWith("data~")) await rm(join(place.root, name), { recursive: true, force: true, maxRetries: 5 });
  }
  const temporary = join(place.root, `data~${randomBytes(6).toString("hex")}.tmp`);
  await mkdir(temporary, { mode: 0o700 });
  try {
    await initialize(temporary, making);
    await rename(join(temporary, "data"), place.data);
    await syncDirectory(place.root);
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Written when the data directory is whole; of several times, the first counts. */
export async function markCluster(place: Place, major: number): Promise<void> {
  const marker: Marker = { format: 1, major, created: now().toISOString() };
  await createFileDurably(place.marker, `${JSON.stringify(marker)}\n`);
}

async function initialize(temporary: string, making: Making): Promise<void> {
  const { account, bin, major, durable } = making;
  const passwordFile = join(temporary, "password");
  await writeFile(passwordFile, `${making.superuserPassword}\n`, { mode: 0o600 });
  if (account) for (const path of [temporary, passwordFile]) await chown(path, account.uid, account.gid);
  const locale =
    major >= 17 ? ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] : ["--locale=C.UTF-8"];
  const args = [
    `--pgdata=${join(temporary, "data")}`,
    "--username=postgres",
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    ...locale,
    "--data-checksums",
    "--no-instructions",
    ...(durable ? [] : ["--no-sync"]),
  ];
  const { code, words } = await run(join(bin, "initdb"), args, temporary, making);
  if (making.signal.aborted) throw new PromptlibError("interrupted");
  if (code !== 0) throw startFailed("PostgreSQL could not make its data directory (initdb).", words);
  if (durable) await syncFile(join(temporary, "data", "PG_VERSION"));
}

async function run(
  command: string,
  args: string[],
  cwd: string,
  { account, signal }: Making,
): Promise<{ code: number | null; words: string }> {
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: {},
      stdio: ["ignore", "pipe", "pipe"],
      signal,
      ...(account ? { uid: account.uid, gid: account.gid } : {}),
    });
    let words = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data: Buffer) => {
        words = (words + data.toString()).slice(-20_000);
      });
    }
    child.once("error", (error) => {
      if (!signal.aborted) reject(error);
    });
    child.once("close", (code) => resolve({ code, words }));
  });
}

/** PostgreSQL's own last words go into details, and decide what it was. */
export function startFailed(message: string, words: string): PromptlibError {
  const lastLines = words.trim().split("\n").slice(-20);
  if (/No space left on device|Disk quota exceeded/.test(words)) {
    return new PromptlibError("disk_full", { details: { lastLines } });
  }
  return new PromptlibError("postgres_start_failed", { message, details: { lastLines } });
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
