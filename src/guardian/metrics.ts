/** Metrics of the guardian, in names that operators know: base units, _total for counters. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { PostgresStatus } from "../base/supervision.ts";
import { version } from "../base/version.ts";
import type { Job, Readiness } from "../contract/recovery.ts";

/** What is measured. */
interface Measured {
  readonly postgres: PostgresStatus | null;
  readiness(): Readiness;
}

const RPO_TARGET_S = 3_600;
const RTO_TARGET_S = 4 * 3_600;

export class GuardianMetrics {
  readonly registry = new Registry();
  readonly #jobs: Counter<"verb" | "result">;

  constructor(measured: Measured) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#jobs = new Counter({
      name: "promptlib_dr_jobs_total",
      help: "Backups, restores, drills and verifications that ended, by result.",
      labelNames: ["verb", "result"],
      registers,
    });
    const gauge = (name: string, help: string, read: (now: Readiness) => number | null) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          const value = read(measured.readiness());
          if (value === null) this.remove();
          else this.set(value);
        },
      });
    new Gauge({
      name: "promptlib_dr_postgres_up",
      help: "1 while PostgreSQL runs.",
      registers,
      collect() {
        this.set(Number(measured.postgres?.state === "running"));
      },
    });
    gauge("promptlib_dr_rpo_target_seconds", "What the plan promises to lose at most.", () => RPO_TARGET_S);
    gauge("promptlib_dr_rto_target_seconds", "How long recovery may take at most.", () => RTO_TARGET_S);
    gauge(
      "promptlib_dr_data_at_risk_seconds",
      "What would be lost if this machine vanished now; +Inf: everything.",
      (now) => seconds(now.dataAtRisk.ifMachineVanishes),
    );
    gauge(
      "promptlib_dr_rto_seconds",
      "The last measured time to recover.",
      (now) => now.timeToRecover?.seconds ?? null,
    );
    gauge("promptlib_dr_backup_last_success_timestamp_seconds", "When the newest backup ended.", (now) =>
      now.lastBackup === null ? null : Date.parse(now.lastBackup.end) / 1000,
    );
    gauge("promptlib_dr_reasons_critical", "Reasons for which readiness is red.", (now) => count(now, "critical"));
    gauge("promptlib_dr_reasons_warning", "Reasons for which readiness is amber.", (now) => count(now, "warning"));
    this.#ofLocations(measured);
    new Gauge({
      name: "promptlib_build_info",
      help: "1, with the version as a label.",
      labelNames: ["version"],
      registers,
    }).set({ version }, 1);
  }

  jobEnded({ verb, state }: Job): void {
    this.#jobs.inc({ verb, result: state });
  }

  #ofLocations(measured: Measured): void {
    type Facts = Readiness["locations"][number];
    const gauge = (name: string, help: string, read: (location: Facts) => number | null) =>
      new Gauge({
        name,
        help,
        labelNames: ["location"],
        registers: [this.registry],
        collect() {
          this.reset();
          for (const location of measured.readiness().locations) {
            const value = read(location);
            if (value !== null) this.set({ location: location.name }, value);
          }
        },
      });
    gauge("promptlib_dr_rpo_seconds", "What would be lost if only this location were left.", (one) => one.riskSeconds);
    gauge("promptlib_dr_wal_lag_bytes", "WAL that the location does not have yet.", (one) => one.lagBytes);
    gauge("promptlib_dr_location_up", "1 while the location takes what it is given.", (one) =>
      Number(one.problem === null),
    );
  }
}

function seconds(risk: number | "everything" | null): number | null {
  return risk === "everything" ? Number.POSITIVE_INFINITY : risk;
}

function count({ reasons }: Readiness, level: string): number {
  return reasons.filter((reason) => reason.level === level).length;
}
