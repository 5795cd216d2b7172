/**
 * A running PostgreSQL from what locations hold: the backup unpacked, the WAL laid beside it, both replayed by a
 * scratch server. Restores put its data directory in place; drills throw it away.
 */
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { now } from "../base/clock.ts";
import { syncDirectory } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Account } from "../postgres/account.ts";
import { timelineName } from "../postgres/lsn.ts";
import { clearScratch, type Scratch, startScratch } from "../postgres/scratch.ts";
import type { RecoveryTarget } from "../postgres/scratch-settings.ts";
import { extractArchive } from "./archive-extract.ts";
import { DATA_PREFIX } from "./backup-database.ts";
import type { Gathered } from "./info-recoverable.ts";
import { backupFolder, compactTime } from "./layout.ts";
import type { Location } from "./location.ts";
import type { Phases } from "./phases.ts";
import type { RestorePlan } from "./restore-plan-shapes.ts";

/** Where it is made, and with what. */
export interface Site {
  /** A directory that `account` can pass through, on the disk where the result is wanted. */
  root: string;
  account: Account | null;
  /** The directory with `postgres`, of the major version of the backup. */
  bin: string;
  locations: readonly Location[];
  log: Log;
  signal: AbortSignal;
}

export interface Workplace {
  /** Below root. */
  name: string;
  path: string;
  data: string;
  wal: string;
  scratch: string;
}

const PREFIX = "rebuild-";

/** Makes a workplace, and removes those that a killed restore or drill left behind. */
export async function makeWorkplace({ root, account }: Site): Promise<Workplace> {
  await clearWorkplaces(root);
  const name = `${PREFIX}${compactTime(now())}-${randomBytes(3).toString("hex")}`;
  const path = join(root, name);
  const place = { name, path, data: join(path, "data"), wal: join(path, "wal"), scratch: join(path, "scratch") };
  await mkdir(path);
  await chmod(path, account ? 0o711 : 0o700);
  for (const directory of [place.data, place.wal]) {
    await mkdir(directory, { mode: 0o700 });
    if (account) await chown(directory, account.uid, account.gid);
  }
  return place;
}

export async function removeWorkplace({ path, data }: Workplace): Promise<void> {
  await clearScratch(data);
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
}

/** One job goes on at a time, so whatever lies there belongs to nobody. A swap that was begun is finished before. */
export async function clearWorkplaces(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(root, name);
    await removeWorkplace({ name, path, data: join(path, "data"), wal: "", scratch: "" });
  }
}

/**
 * Answers the scratch server at the state that the plan leads to; it is the caller's to stop. Errors:
 * `backup_damaged`, `location_unavailable`, `restore_failed`, `disk_full`, `interrupted`.
 */
export async function rebuild(
  { plan, gathered }: { plan: RestorePlan; gathered: Gathered },
  place: Workplace,
  site: Site,
  phases: Phases,
): Promise<Scratch> {
  await phases.run("fetch backup", plan.backup.tar.size, async (more) => await fetchBackup(plan, place, site, more));
  const bytes = plan.walNeeded.length * 16 * 1024 * 1024;
  await phases.run("fetch WAL", bytes, async (more) => await fetchWal({ plan, gathered }, place, site, more));
  return await phases.run("replay", null, async () => await replay(plan, place, site));
}

/** From the first location that gives it whole: what one has lost or spoilt, another may have. */
async function fetchBackup(plan: RestorePlan, place: Workplace, site: Site, more: (bytes: number) => void) {
  const failures: string[] = [];
  for (const name of plan.locations) {
    const location = site.locations.find((one) => one.name === name);
    if (!location) continue;
    try {
      await extractArchive(location, backupFolder(plan.backup.id), plan.backup, {
        select: (entry) => (entry.startsWith(DATA_PREFIX) ? join(place.data, entry.slice(DATA_PREFIX.length)) : null),
        owner: site.account,
        signal: site.signal,
        onBytes: more,
      });
      return;
    } catch (error) {
      if (!(error instanceof PromptlibError) || !isOfTheLocation(error)) throw error;
      failures.push(error.message);
      site.log.warn({ err: error, location: name }, "this copy of the backup cannot be used");
      await emptied(place.data, site.account);
    }
  }
  throw new PromptlibError("backup_damaged", {
    message: `No location gave the backup ${plan.backup.id} whole. ${failures.join(" ")}`,
  });
}

function isOfTheLocation({ code }: PromptlibError): boolean {
  return code === "backup_damaged" || code === "location_unavailable" || code === "object_not_found";
}

async function emptied(directory: string, account: Account | null): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { mode: 0o700 });
  if (account) await chown(directory, account.uid, account.gid);
}

async function fetchWal(
  { plan, gathered }: { plan: RestorePlan; gathered: Gathered },
  place: Workplace,
  { account, signal, log }: Site,
  more: (bytes: number) => void,
): Promise<void> {
  for (const needed of plan.walNeeded) {
    const target = join(place.wal, needed.segment);
    const { findings } = await gathered.wal.fetchSegment(needed, target, { owner: account, signal });
    for (const finding of findings)
      log.warn({ ...finding }, "WAL that could not be used was made up for by another copy");
    more(16 * 1024 * 1024);
  }
  if (plan.history) {
    const path = join(place.wal, `${timelineName(plan.recovery.timeline)}.history`);
    await writeFile(path, plan.history.content, { mode: 0o600 });
    if (account) await chown(path, account.uid, account.gid);
  }
  await syncDirectory(place.wal);
}

async function replay(plan: RestorePlan, place: Workplace, site: Site): Promise<Scratch> {
  const start = async (target: RecoveryTarget) =>
    await startScratch({
      data: place.data,
      directory: place.scratch,
      bin: site.bin,
      account: site.account,
      recovery: { walDirectory: place.wal, timeline: plan.recovery.timeline, target },
      settings: plan.backup.settings,
      log: site.log,
      signal: site.signal,
    });
  try {
    return await start(plan.recovery.target);
  } catch (error) {
    if (plan.recovery.unreached !== "end" || !isUnreached(error)) throw error;
    // Everything that was committed until the time asked for has been replayed: PostgreSQL only misses what comes after.
    return await start(null);
  }
}

function isUnreached(error: unknown): boolean {
  if (!(error instanceof PromptlibError) || error.code !== "restore_failed") return false;
  const { details } = error;
  return (
    typeof details === "object" && details !== null && "reason" in details && details.reason === "target_not_reached"
  );
}
