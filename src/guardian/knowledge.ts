/** What the guardian knows of backups and of what was tried: read from locations and reports, not asked at each look. */
import { monotonic, now } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import { exportProblemOf } from "../base/export-folder.ts";
import { DISK_AWAY, isErrno } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { BackupOptions, Job } from "../contract/recovery.ts";
import { type BackupList, type ListedBackup, listBackups } from "../recovery/backups.ts";
import { configuredLocations } from "../recovery/configured-locations.ts";
import type { BackupManifest } from "../recovery/layout.ts";
import type { Location } from "../recovery/location.ts";
import { isLostBehind, type LostWal } from "../recovery/lost-wal.ts";
import { positionOf } from "../recovery/manifest-shapes.ts";
import type { ReadinessInput } from "../recovery/readiness.ts";
import type { ReceiverStatus } from "../recovery/receive-status.ts";
import { readReports } from "../recovery/reports.ts";
import type { ScheduleState } from "./schedule.ts";

/** Somebody else (a copy by hand, an expiry) may change locations, too. */
const READ_EVERY_MS = 300_000;

type Reports = Awaited<ReturnType<typeof readReports>>;

export class Knowledge {
  readonly #config: Config;
  readonly #log: Log;
  #locations: Location[] = [];
  #list: BackupList | null = null;
  #reports: { drills: Reports; restores: Reports } = { drills: [], restores: [] };
  #exportProblem: string | null = null;
  #readAt = Number.NEGATIVE_INFINITY;
  readonly #first = Promise.withResolvers<void>();
  #hasLooked = false;
  #failed: { at: Date; times: number; message: string } | null = null;
  /** The last backup that was made since the guardian runs. `began` by the clock that only goes forward, in ms. */
  #made: { id: string; reason: string; began: number } | null = null;

  constructor(config: Config, log: Log) {
    this.#config = config;
    this.#log = log;
  }

  /** Resolves when locations were read for the first time, or could not be; null: that is over. */
  get firstLook(): Promise<void> | null {
    return this.#hasLooked ? null : this.#first.promise;
  }

  /** Whether locations could be read at all: else nobody knows whether a backup is due. */
  get isKnown(): boolean {
    return this.#list !== null && this.#list.unreachable.length < this.#locations.length;
  }

  /** The newest backup that is whole somewhere. */
  get newest(): BackupManifest | null {
    return this.#whole().at(-1)?.manifest ?? null;
  }

  async refreshIfOld(): Promise<void> {
    if (monotonic() - this.#readAt < READ_EVERY_MS) return;
    this.#readAt = monotonic();
    try {
      this.#locations = await configuredLocations(this.#config, { make: true });
      this.#list = await listBackups(this.#locations);
      const { recovery } = this.#config.home;
      this.#reports = {
        drills: await readReports(recovery, "drills"),
        restores: await readReports(recovery, "restores"),
      };
    } catch (error) {
      if (!(error instanceof PromptlibError) && !isErrno(error, ...DISK_AWAY, "EACCES")) throw error;
      this.#log.error({ err: error }, "the locations of backups cannot be read");
      this.#list = null;
    } finally {
      this.#hasLooked = true;
      this.#first.resolve();
    }
  }

  /** Of the nightly exports, which the server makes. */
  async refreshExports(): Promise<void> {
    this.#exportProblem = (await exportProblemOf(this.#config))?.whole ?? null;
  }

  jobEnded(job: Job, isTakenBack = false): void {
    const { verb, state, error } = job;
    this.#readAt = Number.NEGATIVE_INFINITY;
    if (verb !== "backup" || isTakenBack) return;
    if (state === "done") {
      this.#failed = null;
      this.#made = madeBy(job);
    } else this.#failed = { at: now(), times: (this.#failed?.times ?? 0) + 1, message: error?.message ?? "" };
  }

  /** What the schedule goes by, for the life of the database that runs now. */
  schedule(incarnation: string): Pick<ScheduleState, "newest" | "any" | "made" | "failed"> {
    const whole = this.#whole();
    const newest = furthest(whole.filter(({ manifest }) => manifest?.incarnation === incarnation))?.manifest;
    return {
      newest: newest ? { start: new Date(newest.start.at), lsn: positionOf(newest.start) } : null,
      any: whole.length > 0,
      made: whole.some(({ id }) => id === this.#made?.id) ? this.#madeAgo() : null,
      failed: this.#failed,
    };
  }

  #madeAgo(): ScheduleState["made"] {
    return this.#made && { seconds: (monotonic() - this.#made.began) / 1000, reason: this.#made.reason };
  }

  /** `lost`: WAL of this life that nothing can be replayed across; null: none. */
  facts(
    receiver: ReceiverStatus | null,
    lost: LostWal | null = null,
  ): Pick<
    ReadinessInput,
    "locations" | "backupsKnown" | "backup" | "lastFailure" | "lastDrill" | "drill" | "restore" | "exportProblem"
  > {
    const incarnation = receiver?.incarnation ?? null;
    const own = this.#whole().filter(({ manifest }) => incarnation === null || manifest?.incarnation === incarnation);
    const newest = incarnation === null ? own.at(-1) : furthest(own);
    // One that can only be brought up to a gap is no copy of what is there now.
    const current = own.filter(({ manifest }) => manifest && !(lost && isLostBehind(lost, beginning(manifest), now())));
    const { drills, restores } = this.#reports;
    const lastDrill = drills.at(-1);
    return {
      locations: this.#locations.map((location) => this.#locationFacts(location, current, receiver)),
      backupsKnown: this.isKnown,
      backup: newest?.manifest
        ? {
            id: newest.id,
            end: new Date(newest.manifest.end.at),
            endLsn: positionOf(newest.manifest.end),
            attested: newest.attested !== null,
            warnings: newest.manifest.warnings.length,
          }
        : null,
      lastFailure: this.#failed,
      lastDrill: lastDrill ? { at: new Date(lastDrill.at), ok: lastDrill.ok === true } : null,
      drill: newestMeasured(drills, "timeToRecover"),
      restore: newestMeasured(restores, "seconds"),
      exportProblem: this.#exportProblem,
    };
  }

  #locationFacts({ name, url, domain }: Location, current: readonly ListedBackup[], receiver: ReceiverStatus | null) {
    const streamed = receiver?.locations.find((one) => one.name === name);
    const away = this.#list?.unreachable.find(({ location }) => location === name)?.problem ?? null;
    return {
      name,
      url,
      domain,
      hasBackup: current.some((backup) => backup.in.includes(name)),
      riskSeconds: streamed?.riskSeconds ?? null,
      lagBytes: streamed?.lagBytes ?? null,
      problem: streamed?.problem ?? away,
    };
  }

  #whole(): ListedBackup[] {
    return this.#list?.backups.filter(({ state }) => state === "whole") ?? [];
  }
}

function beginning({ start }: BackupManifest): Parameters<typeof isLostBehind>[1] {
  return { at: new Date(start.at), lsn: positionOf(start) };
}

/** The newest of one life of the database: an id tells the time of a clock that may have been set back since. */
function furthest(backups: readonly ListedBackup[]): ListedBackup | null {
  return backups.reduce<ListedBackup | null>((far, backup) => {
    if (!far?.manifest || !backup.manifest) return backup;
    return positionOf(backup.manifest.end) < positionOf(far.manifest.end) ? far : backup;
  }, null);
}

function madeBy({ options, result, startedAt, endedAt }: Job) {
  const { id } = result as { id: string };
  const took = Math.max(0, Date.parse(endedAt ?? startedAt) - Date.parse(startedAt));
  return { id, reason: (options as BackupOptions).reason, began: monotonic() - took };
}

/** A drill that failed has measured nothing. */
function newestMeasured(reports: Reports, figure: string): { at: Date; seconds: number } | null {
  const measured = reports.flatMap(({ at, ok, [figure]: seconds }) =>
    typeof seconds === "number" && ok !== false ? [{ at: new Date(at), seconds }] : [],
  );
  return measured.at(-1) ?? null;
}
