import { day } from "./dates.ts";

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
/** What is longer ago has a date: “2 months ago” says too little, and not everybody can hover for more. */
const WEEK = 604_800;
const words = new Intl.RelativeTimeFormat("en", { numeric: "always" });

/**
 * “3 hours ago”, as people say it, or the day. Milliseconds. What is not planned has happened, also where this clock is
 * behind the server's.
 */
export function elapsed(at: number, now: number, isPlanned = false): string {
  const seconds = Math.round(((isPlanned ? at : Math.min(at, now)) - now) / 1000);
  if (Math.abs(seconds) >= WEEK) return day.format(at);
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return words.format(Math.trunc(seconds / size), unit);
  }
  return "just now";
}
