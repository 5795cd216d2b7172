/**
 * A drill: a scenario carried out on a scratch copy, timed phase by phase. `database-failure`: the data directory is
 * gone; the newest attested backup is restored to its point beside the living one, and every table compared.
 */
import { now } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Progress } from "../contract/recovery.ts";
import type { DrillReport } from "../contract/recovery-shapes.ts";
import type { Scratch } from "../postgres/scratch.ts";
import { isAway, refuseForAway } from "./backups.ts";
import { compareFigures, type Difference } from "./compare.ts";
import { figuresOf } from "./drill-figures.ts";
import { type Gathered, gatherRecoverable, unreadIn } from "./info-recoverable.ts";
import type { Attested } from "./layout.ts";
import { Phases } from "./phases.ts";
import { makeWorkplace, rebuild, removeWorkplace, type Site } from "./rebuild.ts";
import { keepReport } from "./reports.ts";
import { planRestore } from "./restore-plan.ts";
import type { RestorePlan } from "./restore-plan-shapes.ts";
import { finishSwap, type Ground } from "./swap.ts";

export interface DrillContext {
  site: Site;
  ground: Ground;
  /** Of the binaries of `site`. */
  major: number;
  free: number | null;
  progress(progress: Progress): void;
}

/** Up to here a restore in earnest does the same; what follows only a drill does. */
const LAST_PHASE_OF_RECOVERY = "replay";

/**
 * The report is kept also of a drill that failed, not of one that found nothing to begin with because a location is
 * away. Errors: `comparison_failed` where the restored state differs, `restore_impossible` where there is no attested
 * backup, `location_unavailable` where it may lie in a location that is away, and those of rebuild().
 */
export async function drillDatabaseFailure(context: DrillContext): Promise<DrillReport> {
  const phases = new Phases(context.progress, context.site.signal);
  const found: Found = {
    plan: null,
    attested: null,
    differences: [],
    notCompared: [],
    compared: { tables: 0, rows: "0" },
  };
  try {
    await carryOut(context, phases, found);
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    const couldNotBegin = found.plan === null && isAway(error);
    if (!context.site.signal.aborted && !couldNotBegin)
      await keepReport(context.ground.recovery, "drills", reportOf(found, phases, failure));
    throw error;
  }
  const report = reportOf(found, phases, null);
  await keepReport(context.ground.recovery, "drills", report);
  if (report.ok) return report;
  throw new PromptlibError("comparison_failed", {
    message: `The backup ${report.backup} was restored, and ${report.differences.length} tables or sequences differ from what was attested.`,
    details: { differences: report.differences.map(({ sentence }) => sentence) },
  });
}

interface Found {
  plan: RestorePlan | null;
  attested: Attested | null;
  differences: Difference[];
  notCompared: string[];
  compared: { tables: number; rows: string };
}

async function carryOut(context: DrillContext, phases: Phases, found: Found): Promise<void> {
  const { site, ground } = context;
  await finishSwap(ground);
  const { plan, attested, gathered } = await phases.run("plan", null, async () => await planDrill(context));
  Object.assign(found, { plan, attested });
  const place = await makeWorkplace(site);
  try {
    const scratch = await rebuild({ plan, gathered }, place, site, phases);
    try {
      await phases.run("compare", null, async () => await compare(scratch, attested, found, site.signal));
    } finally {
      await scratch.stop();
    }
  } finally {
    await removeWorkplace(place);
  }
}

async function planDrill({
  site,
  major,
  free,
}: DrillContext): Promise<{ plan: RestorePlan; attested: Attested; gathered: Gathered }> {
  // From what locations hold alone: the spool is lost together with the machine.
  const gathered = await gatherRecoverable(site.locations, { recovery: null, signal: site.signal });
  const attested = gathered.backups.findLast((one) => one.state === "whole" && one.attested)?.attested ?? null;
  if (!attested) {
    refuseForAway("No backup with an attested point was found.", gathered.unreachable);
    throw new PromptlibError("restore_impossible", {
      message: "There is no backup with an attested point to compare with.",
      hint: "Make one with: promptlib backup",
    });
  }
  const target = { kind: "point", name: attested.point } as const;
  const plan = planRestore({ ...gathered, target, only: attested.backup, now: now(), majors: [major], free });
  if (plan.kind === "plan") {
    return { plan: { ...plan, warnings: [...unreadIn(gathered), ...plan.warnings] }, attested, gathered };
  }
  throw new PromptlibError(plan.code, { message: plan.message, hint: plan.hint });
}

async function compare(scratch: Scratch, attested: Attested, found: Found, signal: AbortSignal): Promise<void> {
  const names = attested.databases.map(({ name }) => name);
  const restored = await figuresOf((database) => scratch.connection(database), names, signal);
  found.differences = compareFigures(attested.databases, restored);
  found.notCompared = attested.databases.flatMap(({ notCompared }) => notCompared);
  const tables = attested.databases.flatMap((database) => database.tables);
  const rows = tables.reduce((sum, table) => sum + BigInt(table.rows), 0n);
  found.compared = { tables: tables.length, rows: String(rows) };
}

function reportOf({ plan, attested, ...found }: Found, phases: Phases, failure: string | null): DrillReport {
  const last = phases.times.findIndex(({ phase }) => phase === LAST_PHASE_OF_RECOVERY);
  const recovery = phases.times.slice(0, last + 1).reduce((sum, { seconds }) => sum + seconds, 0);
  return {
    at: now().toISOString(),
    scenario: "database-failure",
    ok: failure === null && found.differences.length === 0,
    backup: plan?.backup.id ?? null,
    point: attested ? { name: attested.point, at: attested.at, lsn: attested.lsn } : null,
    ...found,
    timeToRecover: last === -1 || failure !== null ? null : Math.round(recovery * 1000) / 1000,
    seconds: phases.seconds,
    phases: phases.times,
    warnings: plan?.warnings ?? [],
    failure,
  };
}
