/** promptlib restore: brings the database back. */
import { type Command, Option } from "commander";
import { PromptlibError } from "../contract/errors.ts";
import type { RestoreOptions } from "../contract/recovery.ts";
import type { RestoreReport } from "../contract/recovery-shapes.ts";
import { size } from "../contract/size.ts";
import type { Impossible, RestorePlan } from "../recovery/restore-plan-shapes.ts";
import { instantOf } from "./instant.ts";
import { count, localTime, note, print, printJson } from "./output.ts";
import { order } from "./recovery-order.ts";
import { printTable } from "./table.ts";
import { examples, jsonOption, usage } from "./verb.ts";

export function registerRestore(program: Command): void {
  const command = program
    .command("restore [what]")
    .summary("bring the database back: latest, or a backup, or as it was at some moment")
    .description(
      "Bring the database back from a location: `latest` (everything there is), the id of a backup, or the state at a time, a position or a named point. The restored state is made beside the old one, looked at and put in its place; the old one is kept, and put back when the restored one does not come up. Works with promptlib up running or not, and needs nothing of the old database.",
    )
    .option("--at <time>", "as it was at this time: 2026-11-22T06:00:00Z, or a local time without a zone")
    .option("--lsn <position>", "as it was before this position of the WAL: 0/3000028")
    .option("--point <name>", "as it was at this attested point")
    .option("--timeline <number>", "with --at or --lsn: on this timeline, also one that an earlier restore left")
    .addOption(new Option("--plan", "only say what would be done, and what would be lost"))
    .action(restore);
  examples(
    jsonOption(command),
    "promptlib restore latest",
    "promptlib restore --at '2026-11-22 06:00' --plan",
    "promptlib restore 20261122T060000Z-7f3a",
    "promptlib restore --lsn 0/70036D0 --timeline 1",
  );
}

interface Options {
  at?: string;
  lsn?: string;
  point?: string;
  timeline?: string;
  plan?: true;
  json?: true;
}

async function restore(what: string | undefined, options: Options): Promise<void> {
  const request = requestOf(what, options);
  if (options.plan) return tellPlan(await order<ToldPlan | Impossible>({ verb: "restore", options: request }), options);
  const report = await order<RestoreReport>({ verb: "restore", options: request });
  if (options.json) return printJson(report);
  for (const line of reportLines(report)) print(line);
}

function requestOf(what: string | undefined, { at, lsn, point, timeline, plan }: Options): RestoreOptions {
  const given = [what, at, lsn, point].filter((one) => one !== undefined);
  if (given.length === 0) throw usage("Say what to restore: latest, the id of a backup, --at, --lsn or --point.");
  if (given.length > 1) throw usage("A restore has one target: latest, a backup, --at, --lsn or --point.");
  return {
    ...(what === undefined || what === "latest" ? {} : { backup: what }),
    ...(at === undefined ? {} : { at: instantOf(at) }),
    ...(lsn === undefined ? {} : { lsn }),
    ...(point === undefined ? {} : { point }),
    ...(timeline === undefined ? {} : { timeline: timelineOf(timeline, at ?? lsn) }),
    ...(plan ? { plan } : {}),
  };
}

function timelineOf(given: string, moment: string | undefined): number {
  if (moment === undefined || !/^[1-9]\d{0,8}$/.test(given)) {
    throw usage("--timeline is a number, and goes with --at or --lsn.");
  }
  return Number(given);
}

export function reportLines(report: RestoreReport): string[] {
  const { reached, lost, downtime, oldState, phases } = report;
  return [
    `Restored ${report.target}, from the backup ${report.backup}.`,
    `  reached   ${reached.lsn} of timeline ${reached.timeline}, now timeline ${reached.newTimeline}${reached.lastCommit ? `; last commit ${reached.lastCommit}` : ""}`,
    `  lost      ${lostWords(lost)}`,
    `  downtime  ${downtime.toFixed(1)} s`,
    `  phases    ${phases.map(({ phase, seconds }) => `${phase} ${seconds.toFixed(1)} s`).join(", ")}`,
    oldState === null ? "  old state there was none" : `  old state ${oldState} (remove it when you need it no more)`,
    ...report.warnings.map((warning) => `  note      ${warning}`),
  ];
}

function lostWords(lost: RestoreReport["lost"]): string {
  if (lost === null) return "not known, or what you asked to leave out";
  if (lost.bytes === 0) return "nothing that PostgreSQL was seen to write";
  return `${count(lost.bytes)} bytes of WAL${lost.seconds === null ? "" : `, at most ${lost.seconds.toFixed(1)} s of writing`}`;
}

interface ToldPlan extends Omit<RestorePlan, "backup" | "walNeeded"> {
  backup: { id: string; end: { at: string } };
  walNeeded: number;
}

function tellPlan(plan: ToldPlan | Impossible, { json }: Options): void {
  if (json) {
    printJson(plan);
    if (plan.kind === "impossible") process.exitCode = new PromptlibError(plan.code).exit;
    return;
  }
  if (plan.kind === "impossible") {
    const { message, hint, ...details } = plan;
    throw new PromptlibError(plan.code, { message, hint, details });
  }
  print(`From the backup ${plan.backup.id} (${localTime(plan.backup.end.at)}), in ${plan.locations.join(", ")}:`);
  printTable(
    [
      { title: "", cell: ({ number }) => String(number), right: true },
      { title: "STEP", cell: ({ step }) => step, whole: true },
    ],
    plan.steps.map((step, index) => ({ number: index + 1, step })),
  );
  print(`It writes some ${size(plan.bytes)}, and reaches ${plan.reaches.lsn} of timeline ${plan.reaches.timeline}.`);
  if (plan.lost) print(`Not restored: what is known from ${plan.lost.from} to ${plan.lost.to}.`);
  for (const warning of plan.warnings) note(warning);
}
