/** Where things stand on the time line. Pure: times are milliseconds, places pixels. */
import type { BackupInfo, DrillReport, Readiness, RecoveryInfo } from "../../sdk/index.ts";

export const SPANS = [
  { days: 1, name: "24 hours" },
  { days: 7, name: "7 days" },
  { days: 30, name: "30 days" },
] as const;
export type SpanDays = (typeof SPANS)[number]["days"];

const DAY_MS = 86_400_000;

/** A stretch of moments that can be returned to. */
export interface Stretch {
  from: number;
  to: number;
}

/** `at`: when this was heard. Since then nobody knows whether anything was archived. */
interface Heard {
  value: Pick<Readiness, "dataAtRisk"> | null;
  at: number | null;
}

/** Up to here all that was written lies somewhere; null: nobody knows. */
export function reachedUntil({ value, at }: Heard): number | null {
  const risk = value?.dataAtRisk.ifDatabaseVanishes;
  return typeof risk === "number" && at !== null ? at - risk * 1000 : null;
}

/** From the first backup to the last moment that is known, without the gaps. `until`: how far the newest stretch reaches. */
export function stretchesOf({ earliest, latest, gaps }: RecoveryInfo["window"], until: number | null): Stretch[] {
  const [start, end] = [timeOf(earliest?.at), timeOf(latest?.at)];
  if (start === null || end === null) return [];
  const isOpen = gaps.every(({ to }) => to !== null);
  const stretches: Stretch[] = [];
  let from = start;
  for (const gap of gaps) {
    const [stop, next] = [timeOf(gap.from.at), timeOf(gap.to?.at)];
    if (stop !== null) stretches.push({ from, to: Math.max(from, stop) });
    if (next === null) return stretches;
    from = next;
  }
  const last = Math.max(from, end, isOpen && until !== null ? until : from);
  return [...stretches, { from, to: last }];
}

/** The shortest span that shows all there is, the longest where there is more. */
export function spanFor(stretches: readonly Stretch[], now: number): SpanDays {
  const age = now - (stretches[0]?.from ?? now);
  return SPANS.find(({ days }) => age <= days * DAY_MS)?.days ?? 30;
}

export interface Scale {
  from: number;
  to: number;
  width: number;
}

export function scaleOf(days: SpanDays, now: number, width: number): Scale {
  return { from: now - days * DAY_MS, to: now, width };
}

function placeOf(time: number, { from, to, width }: Scale): number {
  return Math.round(((time - from) / (to - from)) * width * 10) / 10;
}

/** At least so wide that it can be seen; null: all of it is before. */
export function barOf({ from, to }: Stretch, scale: Scale): { x: number; width: number } | null {
  if (to < scale.from) return null;
  const [start, end] = [placeOf(Math.max(from, scale.from), scale), placeOf(Math.min(to, scale.to), scale)];
  const width = Math.max(3, end - start);
  return { x: Math.min(start, scale.width - width), width };
}

export interface Tick {
  x: number;
  text: string;
}

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** By the clock of who looks; as many as there is room for. */
export function ticksOf(days: SpanDays, scale: Scale): Tick[] {
  const step = stepOf(days, scale.width);
  const ticks: Tick[] = [];
  const at = new Date(scale.from);
  at.setMinutes(0, 0, 0);
  if (days !== 1) at.setHours(0);
  for (; at.getTime() <= scale.to; next(at, days, step)) {
    const isStep = days !== 1 || at.getHours() % step === 0;
    const x = placeOf(at.getTime(), scale);
    if (isStep && x >= 0) ticks.push({ x, text: (days === 1 ? hour : day).format(at) });
  }
  return ticks;
}

/** Days, not lengths: a clock that is put forward makes none of them shorter here. */
function next(at: Date, days: SpanDays, step: number): void {
  if (days === 1) at.setHours(at.getHours() + 1);
  else at.setDate(at.getDate() + step);
}

const ROOM_FOR_A_TEXT = 62;

function stepOf(days: SpanDays, width: number): number {
  const room = Math.max(2, Math.floor(width / ROOM_FOR_A_TEXT));
  const steps = days === 1 ? [2, 3, 4, 6, 12] : [1, 2, 5, 7, 10, 15];
  const all = days === 1 ? 24 : days;
  return steps.find((step) => all / step <= room) ?? steps.at(-1) ?? 1;
}

export interface Mark {
  x: number;
  kind: "compared" | "whole" | "damaged" | "drill" | "failed drill";
}

export function marksOf(backups: readonly BackupInfo[], drills: readonly DrillReport[], scale: Scale): Mark[] {
  const ofBackups = backups.flatMap((backup): (Mark & { at: number })[] => {
    const at = timeOf(backup.end?.at);
    if (at === null || backup.state === "unfinished") return [];
    const kind = backup.state === "damaged" ? "damaged" : backup.compared?.ok ? "compared" : "whole";
    return [{ x: placeOf(at, scale), at, kind }];
  });
  const ofDrills = drills.map(({ at, ok }) => {
    const time = Date.parse(at);
    return { x: placeOf(time, scale), at: time, kind: ok ? ("drill" as const) : ("failed drill" as const) };
  });
  return [...ofBackups, ...ofDrills].filter(({ at }) => at >= scale.from).map(({ x, kind }) => ({ x, kind }));
}

function timeOf(at: string | null | undefined): number | null {
  const time = Date.parse(at ?? "");
  return Number.isNaN(time) ? null : time;
}
