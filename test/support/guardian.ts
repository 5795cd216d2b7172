/** The guardian's HTTP side in the test's own process: how it is, and its jobs, are as the test says. */
import { readConfig } from "../../src/base/config.ts";
import { prepareHome } from "../../src/base/home.ts";
import type { Job, JobRequest } from "../../src/contract/recovery.ts";
import type { RecoveryInfo, ToldPlan } from "../../src/contract/recovery-shapes.ts";
import { startGuardianServer } from "../../src/guardian/http.ts";
import { Journal } from "../../src/guardian/journal.ts";
import { GuardianMetrics } from "../../src/guardian/metrics.ts";
import type { Answering } from "../../src/guardian/recovery-routes.ts";
import { type ReadinessInput, readiness } from "../../src/recovery/readiness.ts";
import { temporaryHome, testLog } from "./cluster.ts";

const location = { name: "primary", url: "file:///b", domain: "disk" as const, hasBackup: true };
export const ALONE: ReadinessInput = {
  now: new Date("2026-11-22T06:00:00Z"),
  interval: 3_600,
  postgres: { running: true, checksums: true, down: null },
  receiver: null,
  locations: [{ ...location, riskSeconds: 0.4, lagBytes: 8, problem: null }],
  backupsKnown: true,
  backup: null,
  lastFailure: null,
  lastDrill: null,
  drill: null,
  restore: null,
  exportProblem: null,
};

export const NOTHING_YET: RecoveryInfo = {
  at: "2026-11-22T06:00:00.000Z",
  library: null,
  incarnation: null,
  systemId: null,
  locations: [],
  backups: [],
  lineage: { chain: [], abandoned: [] },
  wal: [],
  window: { earliest: null, latest: null, gaps: [] },
  warnings: [],
};

export const NO_PLAN: ToldPlan = {
  kind: "impossible",
  message: "There is no backup.",
  hint: "Make one.",
  earliest: null,
  latest: null,
  warnings: [],
};

/** Every order is taken, whatever else goes on, and is still at work; every id is a job's. */
export class TakenJobs implements Pick<Answering["jobs"], "all" | "find" | "start" | "cancel" | "listen"> {
  readonly all: Job[] = [];
  readonly cancelled: string[] = [];

  start({ verb, options }: JobRequest, by: string): Job {
    const job = { ...this.find(String(this.all.length + 1)), verb, options, by };
    this.all.push(job);
    return job;
  }

  find(id: string): Job {
    const known = this.all.find((job) => job.id === id);
    const times = { startedAt: "2026-11-22T06:00:00.000Z", endedAt: null };
    const open = { state: "running" as const, progress: null, result: null, error: null };
    return known ?? { id, verb: "backup", options: {}, by: "guardian", ...open, ...times };
  }

  cancel(id: string): void {
    this.cancelled.push(id);
  }

  listen(): () => void {
    return () => {};
  }
}

export interface TestGuardian {
  url: string;
  jobs: TakenJobs;
  journal: Journal;
  close(): Promise<void>;
}

export async function testGuardian({
  jwtSecret,
  home: root,
}: {
  jwtSecret: string;
  home?: string;
}): Promise<TestGuardian> {
  const own = root === undefined ? await temporaryHome() : null;
  const config = readConfig({ PROMPTLIB_HOME: root ?? own?.home.root, GUARDIAN_PORT: "0", JWT_SECRET: jwtSecret });
  await prepareHome(config.home);
  const log = testLog(config.home);
  const jobs = new TakenJobs();
  const looks = { info: async () => NOTHING_YET, plan: async () => NO_PLAN };
  const guardian = { jobs, looks, postgres: null, readiness: () => readiness(ALONE), hasLooked: async () => {} };
  const journal = await Journal.open(config.home.recovery, log);
  const metrics = new GuardianMetrics(guardian);
  const server = await startGuardianServer({ config, log, jwtSecret, guardian, journal, metrics });
  return {
    url: server.url,
    jobs,
    journal,
    async close() {
      await server.close();
      await own?.remove();
    },
  };
}
