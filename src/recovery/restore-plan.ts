/**
 * The restore plan: which backup, which WAL, along which timelines, until where; or exactly why not. Pure: no clock, no
 * disk. What it promises: nothing of an abandoned branch is replayed, no backup is used for a state before its end, and
 * a plan that leads less far than there is says so.
 */
import { formatLsn, type Lsn, parseLsn, type Timeline } from "../postgres/lsn.ts";
import type { ListedBackup } from "./backups.ts";
import type { Life } from "./lineage.ts";
import { type Line, lineTo } from "./lineage-line.ts";
import { positionOf } from "./manifest-shapes.ts";
import { type Aim, planAim } from "./restore-plan-aim.ts";
import { branchWarnings } from "./restore-plan-branches.ts";
import { lineAtTime, spanOf } from "./restore-plan-moments.ts";
import type { Impossible, PlanInput, RestorePlan } from "./restore-plan-shapes.ts";
import { microseconds } from "./restore-plan-time.ts";
import { endOfLine, groundOf, presentLine, timelinesOf, windowOf } from "./restore-plan-window.ts";

interface Refusal {
  reason: string;
}

export function planRestore(input: PlanInput): RestorePlan | Impossible {
  const { usable, skipped } = sortBackups(input);
  const main = presentLine(input);
  const known = { usable, main, input };
  const found = firstOf(aimsOf(input, main, usable), known);
  const others = othersWith(found, known);
  if ("reason" in found) {
    const where = others.map(({ timeline, name }) => `${name} has it: add --timeline ${timeline}`);
    return impossible({ reason: [found.reason, ...where].join(". ") }, usable, skipped, input);
  }
  const { aim, plan } = found;
  const better = skipped.filter(({ backup }) => backup.id > plan.backup.id && mayMatter(backup, aim));
  const warnings = [
    ...input.lineage.warnings,
    ...sentences(better),
    ...plan.warnings,
    ...branchWarnings(aim, main, input),
    ...others.map(
      ({ timeline, name }) =>
        `${name} has this position, too. This restores that of timeline ${plan.reaches.timeline}; add --timeline ${timeline} for the other.`,
    ),
  ];
  return { ...plan, warnings };
}

interface Known {
  usable: readonly ListedBackup[];
  main: Line;
  input: PlanInput;
}

interface Found {
  aim: Aim;
  plan: RestorePlan;
}

function firstOf(aims: Aim[] | Refusal, { usable, main, input }: Known): Found | Refusal {
  if ("reason" in aims) return aims;
  let refusal: Refusal | null = null;
  for (const aim of aims) {
    const plan = planAim(aim, usable, main, input);
    if ("kind" in plan) return { aim, plan };
    refusal ??= plan;
  }
  return refusal ?? { reason: "Nothing is known of the database" };
}

interface Skipped {
  backup: ListedBackup;
  why: string;
}

/** What a restore can take, and what it cannot, with the reason. */
function sortBackups({ backups, majors, only }: Pick<PlanInput, "backups" | "majors" | "only">) {
  const usable: ListedBackup[] = [];
  const skipped: Skipped[] = [];
  for (const backup of backups) {
    if (only !== null && backup.id !== only) continue;
    const why = faultOf(backup, majors);
    if (why === null) usable.push(backup);
    else skipped.push({ backup, why });
  }
  return { usable, skipped };
}

function faultOf({ state, manifest, problems }: ListedBackup, majors: readonly number[]): string | null {
  if (state === "unfinished") return "was never finished, or is being made now";
  if (state === "damaged" || !manifest) {
    return `is damaged: ${problems.map(({ location, object, problem }) => `${object} in ${location} ${problem}`).join("; ")}`;
  }
  if (majors.includes(manifest.postgres.major)) return null;
  const here =
    majors.length === 0 ? "there are no binaries of PostgreSQL here" : `here is PostgreSQL ${majors.join(", ")}`;
  return `is of PostgreSQL ${manifest.postgres.major}, and ${here}`;
}

function sentences(skipped: readonly Skipped[]): string[] {
  return skipped.map(({ backup, why }) => `The backup ${backup.id} ${why}.`);
}

/** Whether the backup might have been taken, were it whole. */
function mayMatter({ manifest }: ListedBackup, aim: Aim): boolean {
  if (!manifest || aim.stop === "end") return true;
  if (aim.stop === "backup") return false;
  if (aim.stop === "time") return (microseconds(manifest.end.at) ?? 0) <= aim.at;
  return positionOf(manifest.end) <= aim.lsn;
}

/** Where the target may lie, the likeliest first. */
function aimsOf(input: PlanInput, main: Line, usable: readonly ListedBackup[]): Aim[] | Refusal {
  const { target } = input;
  switch (target.kind) {
    case "latest":
      return [{ line: main, stop: "end" }];
    case "time":
      return aimsOfTime(target, main, input);
    case "lsn":
      return aimsOfLsn(target, main, input);
    case "point":
      return aimsOfPoint(target.name, main, input);
    case "backup":
      return aimsOfBackup(target.id, input, usable);
  }
}

function aimsOfTime(
  { time, timeline = null }: { time: string; timeline?: Timeline | null },
  main: Line,
  input: PlanInput,
): Aim[] | Refusal {
  const { now, coverages } = input;
  const at = microseconds(time);
  if (at === null) return { reason: `${time} is no time with a zone, such as 2026-11-22T06:00:00Z` };
  if (at > now.getTime() * 1000) return { reason: `${time} has not come yet` };
  const lines = timeline === null ? [main] : branchesWith(timeline, input);
  if (lines.length === 0) return { reason: `Nothing is known of timeline ${timeline}` };
  // Of several timelines of one number the one that began last by then is meant.
  const began = (line: Line) => {
    const since = line.at(-1)?.since?.getTime() ?? 0;
    return since * 1000 <= at ? since : -1;
  };
  return lines
    .toSorted((one, other) => began(other) - began(one))
    .map((line) => ({ line: lineAtTime(line, at, coverages), stop: "time", time, at }));
}

function aimsOfLsn(
  { lsn, timeline }: { lsn: Lsn; timeline: Timeline | null },
  main: Line,
  input: PlanInput,
): Aim[] | Refusal {
  // At a fork both lines are there: the later one may have kept what the earlier one lost.
  const ends = main.flatMap((span, index) => {
    const holds = span.from <= lsn && (span.to === null || lsn <= span.to);
    return holds && (timeline === null || span.timeline === timeline) ? [main.slice(0, index + 1)] : [];
  });
  const others = timeline === null ? [] : branchesWith(timeline, input).filter((line) => beginsBefore(line, lsn));
  const lines = [...ends, ...others.filter((line) => !ends.some((one) => isSameEnd(one, line)))];
  if (lines.length > 0) return lines.map((line) => ({ line, stop: "lsn", lsn }));
  return { reason: `Nothing is known of ${formatLsn(lsn)}${timeline === null ? "" : ` on timeline ${timeline}`}` };
}

function beginsBefore(line: Line, lsn: Lsn): boolean {
  return (line.at(-1)?.from ?? lsn) <= lsn;
}

function isSameEnd(one: Line, other: Line): boolean {
  const [end, otherEnd] = [one.at(-1), other.at(-1)];
  return end?.incarnation === otherEnd?.incarnation && end?.timeline === otherEnd?.timeline;
}

/** The lines that end with this timeline, those of younger incarnations first; the number alone does not tell which. */
function branchesWith(timeline: Timeline, input: PlanInput): Line[] {
  const { lineage, histories } = input;
  const since = (life: Life) => (life.since === null ? 0 : Date.parse(life.since));
  const lives = [...lineage.lives.values()].sort((one, other) => since(other) - since(one));
  return lives.flatMap((life) => {
    if (!timelinesOf(life.incarnation, input).includes(timeline)) return [];
    if (life.from && timeline <= life.from.timeline) return [];
    return [lineTo({ life, timeline }, { lives: lineage.lives, histories })];
  });
}

function aimsOfPoint(name: string, main: Line, input: PlanInput): Aim[] | Refusal {
  const found = input.backups.find(({ attested }) => attested?.point === name);
  const { attested, manifest } = found ?? {};
  if (!attested) {
    const known = input.backups.flatMap(({ attested: one }) => (one ? [one.point] : []));
    return {
      reason: `There is no attested point ${name}${known.length > 0 ? `; those known last are ${known.slice(-3).join(", ")}` : ""}`,
    };
  }
  const lsn = parseLsn(attested.lsn);
  const stop = { stop: "point", lsn, name, written: attested.at } as const;
  // The manifest tells whose timeline it is. Where it is lost, only the line that counts is sure.
  const index = main.findIndex((span) =>
    manifest
      ? span === spanOf(main, manifest.incarnation, attested.timeline, lsn)
      : span.timeline === attested.timeline,
  );
  if (index >= 0) return [{ line: main.slice(0, index + 1), ...stop }];
  const life = manifest && input.lineage.lives.get(manifest.incarnation);
  if (!life) return { reason: `Nobody knows on which branch the attested point ${name} lies` };
  const known = { lives: input.lineage.lives, histories: input.histories };
  return [{ line: lineTo({ life, timeline: attested.timeline }, known), ...stop }];
}

function aimsOfBackup(
  id: string,
  { backups, majors, lineage, histories }: PlanInput,
  usable: readonly ListedBackup[],
): Aim[] | Refusal {
  const backup = backups.find((one) => one.id === id);
  if (!backup) return { reason: `There is no backup ${id}` };
  const why = faultOf(backup, majors);
  const { manifest } = backup;
  if (why !== null || !manifest || !usable.includes(backup))
    return { reason: `The backup ${id} ${why ?? "may not be used"}` };
  const { incarnation, systemId } = manifest;
  const { timeline } = manifest.end;
  const to = positionOf(manifest.end);
  const life = lineage.lives.get(incarnation) ?? { incarnation, systemId, from: null, since: null, host: null };
  const line = lineTo({ life, timeline, to }, { lives: lineage.lives, histories });
  // It stands for itself, whatever claims and history files say.
  const alone: Line = [{ incarnation, systemId, timeline, from: parseLsn("0/0"), to, since: null }];
  return [{ line: spanOf(line, incarnation, timeline, to) ? line : alone, stop: "backup", manifest }];
}

/** Timelines besides the one found that have the position, where none was named: a restore or a failover left them. */
function othersWith(found: Found | Refusal, known: Known): { timeline: Timeline; name: string }[] {
  const { main, input } = known;
  const { target, lineage } = input;
  if (target.kind !== "lsn" || target.timeline !== null) return [];
  const timelines = new Set([...lineage.lives.keys()].flatMap((incarnation) => timelinesOf(incarnation, input)));
  return [...timelines].flatMap((timeline) => {
    const other = firstOf(aimsOfLsn({ lsn: target.lsn, timeline }, main, input), known);
    const end = "aim" in other ? other.aim.line.at(-1) : null;
    // Where it begins it is what the timeline before it is.
    if (!end || end.from >= target.lsn) return [];
    if ("aim" in found && isSameEnd(found.aim.line, [end])) return [];
    const fork = main.find((span) => isSameEnd([span], [end]))?.to ?? null;
    return [
      { timeline, name: `Timeline ${timeline}, which was left${fork === null ? "" : ` at ${formatLsn(fork)}`},` },
    ];
  });
}

function impossible(
  { reason }: Refusal,
  usable: readonly ListedBackup[],
  skipped: readonly Skipped[],
  input: PlanInput,
): Impossible {
  const { earliest, latest } = windowOf(input, usable);
  const warnings = [...input.lineage.warnings, ...sentences(skipped)];
  const line = presentLine(input);
  const more = endOfLine(line, groundOf(line, input));
  const reaches = latest && more !== null && more > parseLsn(latest.lsn) ? `; WAL is missing behind it` : "";
  return {
    kind: "impossible",
    code: "restore_impossible",
    message: `This cannot be restored. ${reason}.`,
    hint:
      earliest && latest
        ? `What can be restored lies from ${earliest.at} (${earliest.lsn}) to ${latest.at ?? "?"} (${latest.lsn})${reaches}. promptlib info shows all of it.`
        : `No backup can be restored. ${sentences(skipped).at(-1) ?? "None was found in the locations that could be read."}`,
    earliest,
    latest,
    warnings,
  };
}
