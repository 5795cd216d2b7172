/** Figures as people say them: durations, sizes, moments, positions. Pure. */
import { day } from "../shell/dates.ts";

/** 0 s, 0.4 s, 12 s, 5 min, 3.5 h, 12 days */
export function lasting(seconds: number): string {
  if (seconds < 0.05) return "0 s";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 6_000) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${(seconds / 3_600).toFixed(1)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

export function counted(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en-US")} ${number === 1 ? one : many}`;
}

const local = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "medium",
  timeStyle: "medium",
});
const zone = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });
const utcDate = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });
const utcTime = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: "UTC" });

/** 26 Nov 2026, 01:55:35 CET */
export function localMoment(at: number): string {
  const name = zone.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";
  return `${local.format(at)} ${name}`.trim();
}

/** 00:55:35 UTC, with the date where it is another one there; null: the browser's own zone is UTC. */
export function utcMoment(at: number): string | null {
  if (new Date(at).getTimezoneOffset() === 0) return null;
  const date = utcDate.format(at) === day.format(at) ? "" : `${utcDate.format(at)}, `;
  return `${date}${utcTime.format(at)} UTC`;
}

/** Bytes from one position of the WAL to another; null: one of them is none. */
export function bytesBetween(from: string, to: string): number | null {
  const [start, end] = [positionOf(from), positionOf(to)];
  return start === null || end === null ? null : Number(end - start);
}

function positionOf(text: string): bigint | null {
  const [, high, low] = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text) ?? [];
  return high === undefined || low === undefined ? null : (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}

/** How a domain of failure is called: with what its copies are lost. */
export const LOST_WITH = {
  disk: "the disk of the database",
  host: "this machine",
  elsewhere: "neither disk nor machine",
} as const;

/** The text, with what is typed on a command line or written into a configuration set apart. */
export function withCommands(text: string): { text: string; isCode: boolean }[] {
  const code =
    /promptlib (?:drill database-failure|restore latest|[a-z]+)|[A-Z]+_[A-Z_]+(?:=[^\s]*[^\s.,;])?|(?:logs|recovery)\/[\w.]*\w/g;
  const pieces: { text: string; isCode: boolean }[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(code)) {
    if (index > end) pieces.push({ text: text.slice(end, index), isCode: false });
    pieces.push({ text: found, isCode: true });
    end = index + found.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), isCode: false });
  return pieces;
}
