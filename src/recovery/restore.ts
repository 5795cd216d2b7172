/**
 * Restoring: a plan, the restored state made beside the old one, looked at, swapped in, and taken back when it does not
 * come up. The old state is never deleted.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { now } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Progress } from "../contract/recovery.ts";
import type { RestoreReport } from "../contract/recovery-shapes.ts";
import { formatLsn, parseHistory, parseLsn } from "../postgres/lsn.ts";
import { type Incarnation, nextIncarnation, readableIncarnation } from "./incarnation.ts";
import { type Gathered, gatherRecoverable, unreadIn } from "./info-recoverable.ts";
import { readLastSeen } from "./last-seen.ts";
import { compactTime } from "./layout.ts";
import { type Patient, Standstill } from "./patient.ts";
import { Phases } from "./phases.ts";
import { makeWorkplace, rebuild, removeWorkplace, type Site, type Workplace } from "./rebuild.ts";
import { keepReport } from "./reports.ts";
import { lookAt, type Restored } from "./restore-look.ts";
import { planRestore } from "./restore-plan.ts";
import type { Impossible, RestorePlan, RestoreTarget } from "./restore-plan-shapes.ts";
import { completed, lossOf, type ReportDraft, shortfall, targetWords } from "./restore-report.ts";
import { carryOutSwap, confirmSwap, finishSwap, type Ground, revertSwap } from "./swap.ts";

export interface RestoreRequest {
  target: RestoreTarget;
  /** Major version of the binaries of `site`. */
  major: number;
  /** Databases that must be there and readable before the restored state is put in place. */
  databases: readonly string[];
  /** Bytes that can be written where it goes; null: unknown. */
  free: number | null;
}

export interface RestoreContext {
  site: Site;
  ground: Ground;
  patient: Patient;
  progress(progress: Progress): void;
}

interface Planned {
  plan: RestorePlan;
  gathered: Gathered;
}

type Made = Planned & { request: RestoreRequest; restored: Restored };

/** What would be done. Changes nothing. Errors: `interrupted`. */
export async function makePlan(
  { target, major, free }: RestoreRequest,
  { site, ground }: Pick<RestoreContext, "site" | "ground">,
): Promise<{ plan: RestorePlan | Impossible; gathered: Gathered }> {
  const gathered = await gatherRecoverable(site.locations, { recovery: ground.recovery, signal: site.signal });
  const plan = planRestore({ ...gathered, target, only: null, now: now(), majors: [major], free });
  return { plan: { ...plan, warnings: [...unreadIn(gathered), ...plan.warnings] }, gathered };
}

/**
 * Errors: `restore_impossible` with what is possible in details, `restore_failed`, `backup_damaged`,
 * `location_unavailable`, `disk_full`, `interrupted`. PostgreSQL is then what it was before, and runs if it can.
 */
export async function restore(request: RestoreRequest, context: RestoreContext): Promise<RestoreReport> {
  const { site, patient } = context;
  const phases = new Phases(context.progress, site.signal);
  const standstill = new Standstill(patient);
  const stop = async () => await phases.run("stop PostgreSQL", null, async () => await standstill.begin());
  // A restore that was killed may have left its last step to us.
  await finishSwap(context.ground);
  try {
    // What is written until the last moment is to be there. For an earlier moment it goes on answering meanwhile.
    if (request.target.kind === "latest") await stop();
    const planned = await phases.run("plan", null, async () => await plan(request, context));
    const place = await makeWorkplace(site);
    try {
      const restored = await prepare(planned, place, { request, site, phases });
      if (!standstill.isDown) await stop();
      const known = await putInPlace({ request, ...planned, restored }, place, { context, phases, standstill });
      return await report(known, { context, standstill });
    } finally {
      await removeWorkplace(place);
    }
  } catch (error) {
    const told = site.signal.aborted ? new PromptlibError("interrupted", { cause: error }) : error;
    throw await standstill.endAfter(told);
  }
}

async function plan(request: RestoreRequest, context: RestoreContext): Promise<Planned> {
  const { plan, gathered } = await makePlan(request, context);
  if (plan.kind === "plan") return { plan, gathered };
  const { message, hint, earliest, latest, warnings } = plan;
  throw new PromptlibError(plan.code, { message, hint, details: { earliest, latest, warnings } });
}

async function prepare(
  planned: Planned,
  place: Workplace,
  { request, site, phases }: { request: RestoreRequest; site: Site; phases: Phases },
): Promise<Restored> {
  const scratch = await rebuild(planned, place, site, phases);
  try {
    return await phases.run("look at it", null, async () => {
      const restored = await lookAt(scratch, place.data, request.databases);
      refuseContradiction(planned.plan, restored);
      return restored;
    });
  } finally {
    // With a checkpoint: the start in earnest then has nothing to recover.
    await phases.run("checkpoint", null, async () => await scratch.stop());
  }
}

/** Answers what the restore has to say once PostgreSQL answers, which it does. */
async function putInPlace(
  made: Made,
  place: Workplace,
  { context, phases, standstill }: { context: RestoreContext; phases: Phases; standstill: Standstill },
): Promise<ReportDraft> {
  const { ground, site } = context;
  const before = await readableIncarnation(ground.recovery);
  const [fresh, old] = [place.name, `before-${compactTime(now())}`];
  const oldState = existsSync(join(ground.root, "data")) ? join(ground.root, old) : null;
  const report = await draft({ ...made, oldState }, { context, phases, standstill });
  let failed = "could not be put in place";
  try {
    await phases.run("swap", null, async () => {
      await carryOutSwap(ground, { fresh, old, incarnation: continued(before, made), before, report });
    });
    failed = "did not come up";
    await phases.run("start PostgreSQL", null, async () => await standstill.end());
    await confirmSwap(ground);
    return report;
  } catch (error) {
    if (oldState) {
      site.log.error({ err: error }, `the restored PostgreSQL ${failed}; the old one is put back`);
      // Whoever tried to start it has taken the swap back already, but may try again, and it may even have come up.
      // Where it cannot be stopped (the guardian is gone), the next guardian sees to it.
      await context.patient.stop();
      await revertSwap(ground);
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new PromptlibError("restore_failed", {
      message: `The restored PostgreSQL ${failed}: ${why}`,
      cause: error,
    });
  }
}

/** The life of the database that begins with the restored state. */
function continued(
  before: Incarnation | null,
  { plan, gathered, restored }: Planned & { restored: Restored },
): Incarnation {
  const { library, systemId } = plan.backup;
  const replaces = gathered.claims.flatMap(({ claims }) => claims.map((claim) => claim.incarnation));
  const from = { incarnation: plan.reaches.incarnation, ...restored.branch };
  return nextIncarnation(before, from, { library, systemId, replaces });
}

/** Going on from a place before its own timeline began, the restored database would have a history that is none. */
function refuseContradiction({ history, recovery }: RestorePlan, { branch }: Restored): void {
  const began = parseHistory(history?.content ?? "").at(-1);
  if (!began?.lsn || parseLsn(branch.lsn) >= began.lsn) return;
  throw new PromptlibError("restore_failed", {
    message: `PostgreSQL read the WAL of timeline ${began.timeline} up to ${branch.lsn}, but timeline ${recovery.timeline} began behind it, at ${formatLsn(began.lsn)}: what lies between is lost or damaged.`,
    hint: `Restore what there is before it with --lsn ${branch.lsn}.`,
  });
}

async function draft(
  { request, plan, restored, oldState }: Made & { oldState: string | null },
  { context, phases, standstill }: { context: RestoreContext; phases: Phases; standstill: Standstill },
): Promise<ReportDraft> {
  return {
    target: targetWords(request.target),
    backup: plan.backup.id,
    reached: { ...restored.branch, newTimeline: restored.timeline, lastCommit: restored.lastCommit },
    lost: lossOf(request.target, restored, await readLastSeen(context.ground.recovery)),
    downSince: (standstill.since ?? now()).toISOString(),
    phases: phases.times,
    oldState,
    warnings: [...plan.warnings, ...shortfall(plan, restored)],
  };
}

async function report(
  known: ReportDraft,
  { context, standstill }: { context: RestoreContext; standstill: Standstill },
): Promise<RestoreReport> {
  const { recovery } = context.ground;
  const report = completed(known, now(), standstill.seconds);
  try {
    await keepReport(recovery, "restores", report);
  } catch (error) {
    // The database is restored and answers: a disk that has no room for the report does not change that.
    const why = error instanceof Error ? error.message : String(error);
    report.warnings.push(`This report could not be kept in ${recovery}: ${why}.`);
  }
  return report;
}
