/** What each recovery verb does, here, in this process: the engine's conductors with the home's configuration. */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { monotonic, now } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import { DISK_AWAY, freeSpace, isErrno } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import { PromptlibError } from "../contract/errors.ts";
import type {
  BackupOptions,
  DrillOptions,
  JobRequest,
  Progress,
  RestoreOptions,
  VerifyOptions,
} from "../contract/recovery.ts";
import { postgresAccount } from "../postgres/account.ts";
import { findBinaries, installProgram } from "../postgres/binaries.ts";
import { DATABASE, postgresConnection } from "../postgres/connection.ts";
import { markCluster } from "../postgres/data-directory.ts";
import { parseLsn } from "../postgres/lsn.ts";
import { existingPlace, preparePlace } from "../postgres/place.ts";
import { type BackupSource, makeBackup } from "../recovery/backup.ts";
import { attestBackup } from "../recovery/backup-attest.ts";
import { listBackups } from "../recovery/backups.ts";
import { configuredLocations } from "../recovery/configured-locations.ts";
import { drillDatabaseFailure } from "../recovery/drill.ts";
import { fillIn } from "../recovery/fill.ts";
import { fillInWal } from "../recovery/fill-wal.ts";
import { type Attested, walFolder } from "../recovery/layout.ts";
import type { Patient } from "../recovery/patient.ts";
import { keepReport } from "../recovery/reports.ts";
import { makePlan, type RestoreContext, type RestoreRequest, restore } from "../recovery/restore.ts";
import type { Impossible, RestorePlan, RestoreTarget } from "../recovery/restore-plan-shapes.ts";
import { verifyEverywhere } from "../recovery/verify-everywhere.ts";
import { notVerifiedLines, type VerifiedEverywhere } from "../recovery/verify-shapes.ts";

export interface WorkContext {
  config: Config;
  log: Log;
  signal: AbortSignal;
  progress(progress: Progress): void;
  patient: Patient;
}

/** The databases of the embedded cluster that hold anything. */
const DATABASES = [DATABASE] as const;

/** Answers what `--json` prints. Errors: those of the conductors. */
export async function work(request: JobRequest, context: WorkContext): Promise<unknown> {
  switch (request.verb) {
    case "backup":
      return await backup(request.options, context);
    case "restore":
      return await restoreWork(request.options, context);
    case "drill":
      return await drill(request.options, context);
    case "verify":
      return await verify(request.options, context);
  }
}

async function backup({ reason }: BackupOptions, context: WorkContext) {
  const { config, signal, progress } = context;
  const begun = monotonic();
  const locations = await configuredLocations(config, { make: true });
  const source = await sourceOf(config);
  const { backup: settings } = config;
  const made = await makeBackup(source, { ...context, ...settings, locations, reason, host: hostname() });
  const holding = locations.filter(({ name }) => made.in.includes(name));
  progress({ phase: "attest", done: null, total: null });
  const databases = { sql: source.sql, databases: DATABASES };
  const attest = await attestBackup(made.manifest.id, databases, { locations: holding, signal }).catch(
    // The backup is there and whole whatever comes of its figures; readiness tells that it has none.
    (error: Error) => {
      if (signal.aborted) throw error;
      return { notAttested: error.message };
    },
  );
  progress({ phase: "fill in", done: null, total: null });
  // Also into those that were too slow for the others. Not into those that were refused: an empty folder may be a disk
  // that is not mounted.
  const claimed = locations.filter(({ name }) => made.claimed.includes(name));
  // What a slow location misses must not keep the next backup from being made.
  const mayBegin = () => monotonic() - begun < settings.interval * 1000;
  const filled = await fillIn((await listBackups(claimed, signal)).backups, claimed, { signal, mayBegin });
  const wal = await fillInWal(walFolder(made.manifest), claimed, { signal, mayBegin });
  const caughtUp = filled.filled.flatMap((one) => (one.backup === made.manifest.id ? [one.location] : []));
  const missing = [...made.missing, ...("missing" in attest ? attest.missing : [])];
  const { parts, ...manifest } = made.manifest;
  return {
    ...manifest,
    stored: parts.reduce((sum, { size }) => sum + size, 0),
    parts: parts.length,
    in: [...new Set([...made.in, ...caughtUp])],
    unread: made.unread,
    missing: missing.filter(({ location }) => !caughtUp.includes(location)),
    attested: "attested" in attest ? told(attest.attested) : null,
    notAttested: "notAttested" in attest ? attest.notAttested : null,
    filledIn: filled.filled,
    notFilledIn: filled.failed,
    walFilledIn: wal.filled,
    walNotFilledIn: wal.failed,
  };
}

function told({ point, at, lsn }: Attested) {
  return { point, at, lsn };
}

async function sourceOf(config: Config): Promise<BackupSource> {
  const { home } = config;
  const { client } = await postgresConnection(config, "guard");
  return {
    replication: client,
    sql: client,
    recovery: home.recovery,
    files: [
      { directory: home.prompts, prefix: "data/prompts/" },
      { directory: home.logs, prefix: "logs/" },
    ],
    leftOut: [
      "Secrets (keys/ of the home, data/access.json): a backup that is not encrypted must not hold them. Without them people sign in anew, and API keys go on working.",
    ],
  };
}

async function restoreWork(options: RestoreOptions, context: WorkContext) {
  if (options.plan) return await toldPlan(options, context);
  const prepared = await restoreContext(context, { make: true });
  return await restore({ ...prepared.request, target: targetOf(options) }, prepared);
}

/** Makes nothing, not even the place where a restore would go. */
async function planOf(
  options: RestoreOptions,
  { config, log, signal }: WorkContext,
): Promise<RestorePlan | Impossible> {
  refuseOthers(config);
  const { home } = config;
  const { major } = await findBinaries(config.postgresBin);
  const root = (await existingPlace(home))?.root ?? home.root;
  const locations = await configuredLocations(config, { make: false });
  const request = { target: targetOf(options), major, databases: DATABASES, free: await freeSpaceAt(root) };
  const ground = { root, recovery: home.recovery };
  const { plan } = await makePlan(request, { site: { root, account: null, bin: "", locations, log, signal }, ground });
  return plan;
}

async function toldPlan(options: RestoreOptions, context: WorkContext) {
  const plan = await planOf(options, context);
  if (plan.kind === "impossible") return plan;
  const { parts, ...manifest } = plan.backup;
  return { ...plan, backup: { ...manifest, parts: parts.length }, walNeeded: plan.walNeeded.length };
}

function targetOf({ backup, at, lsn, point, timeline }: RestoreOptions): RestoreTarget {
  if ([backup, at, lsn, point].filter((one) => one !== undefined).length > 1) {
    throw new PromptlibError("usage", { message: "A restore has one target: a backup, --at, --lsn or --point." });
  }
  if (timeline !== undefined && at === undefined && lsn === undefined) {
    throw new PromptlibError("usage", { message: "--timeline is a number, and goes with --at or --lsn." });
  }
  if (at !== undefined) return { kind: "time", time: at, timeline: timeline ?? null };
  if (lsn !== undefined) return { kind: "lsn", lsn: parseLsn(lsn), timeline: timeline ?? null };
  if (point !== undefined) return { kind: "point", name: point };
  return backup === undefined ? { kind: "latest" } : { kind: "backup", id: backup };
}

/** Before anything is made for a restore. Errors: `restore_impossible`. */
export async function refuseImpossible(options: RestoreOptions, context: WorkContext): Promise<void> {
  const plan = await planOf(options, context);
  if (plan.kind === "plan") return;
  const { message, hint, ...details } = plan;
  throw new PromptlibError(plan.code, { message, hint, details });
}

/** Where it lies, or will: on the disk of the nearest directory above that is there. */
async function freeSpaceAt(path: string): Promise<number> {
  for (let at = path; ; at = dirname(at)) if (existsSync(at)) return await freeSpace(at);
}

async function drill(_options: DrillOptions, context: WorkContext) {
  const { request, ...prepared } = await restoreContext(context, { make: false });
  return await drillDatabaseFailure({ ...prepared, major: request.major, free: request.free });
}

/** What a restore needs of this machine; also where the database, or all of the home, is gone. */
async function restoreContext(
  context: WorkContext,
  { make }: { make: boolean },
): Promise<RestoreContext & { request: Omit<RestoreRequest, "target"> }> {
  const { config, log, signal, progress, patient } = context;
  const { home } = config;
  refuseOthers(config);
  const binaries = await findBinaries(config.postgresBin);
  const existing = await existingPlace(home);
  const account = await postgresAccount(existing && existsSync(existing.data) ? existing.data : null);
  const place = await preparePlace(home, account);
  // Whatever becomes of the restore: that there was a database here is not forgotten.
  if (existing?.lost) await markCluster(place, binaries.major);
  const bin = await installProgram(binaries, place.root, account);
  const locations = await configuredLocations(config, { make });
  return {
    site: { root: place.root, account, bin, locations, log, signal },
    ground: { root: place.root, recovery: home.recovery },
    patient,
    progress,
    request: { major: binaries.major, databases: DATABASES, free: await freeSpace(place.root) },
  };
}

function refuseOthers({ database }: Config): void {
  if (!database) return;
  throw new PromptlibError("restore_impossible", {
    message: "The PostgreSQL is not ours (DATABASE_URL): restoring into it is not there yet.",
  });
}

/** Of one backup, or the newest, in every location that has it. */
async function verify({ backup: id }: VerifyOptions, context: WorkContext) {
  const { config, signal, progress } = context;
  const locations = await configuredLocations(config, { make: false });
  const verified = await verifyEverywhere(locations, id ?? null, {
    signal,
    onProgress: (location, { phase, done, total }) => progress({ phase: `${location}: ${phase}`, done, total }),
  });
  const { reports, notVerified, ...told } = verified;
  await keepVerification(context, { ...told, locations: reports.map(({ location }) => location), notVerified });
  if (verified.ok) return verified;
  throw new PromptlibError("backup_damaged", {
    message: `The backup ${verified.backup} is not whole everywhere.`,
    details: { reports, notVerified, lastLines: [...findingLines(reports), ...notVerifiedLines(verified)] },
  });
}

/** Not for somebody who looks at locations from a machine that has no home. */
async function keepVerification(
  { config: { home }, log }: Pick<WorkContext, "config" | "log">,
  told: Omit<VerifiedEverywhere, "reports"> & { locations: string[] },
): Promise<void> {
  if (!existsSync(home.recovery)) return;
  try {
    await keepReport(home.recovery, "verifications", { at: now().toISOString(), ...told });
  } catch (error) {
    if (!isErrno(error, ...DISK_AWAY, "EACCES")) throw error;
    log.warn({ err: error, ...told }, "a backup was read back, and the report of that could not be kept");
  }
}

function findingLines(
  reports: readonly { location: string; findings: { object: string; problem: string }[] }[],
): string[] {
  return reports.flatMap(({ location, findings }) =>
    findings.map(({ object, problem }) => `${location}: ${object} ${problem}`),
  );
}
