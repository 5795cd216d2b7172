/** When a nightly export is due. Pure. */
import type { ExportHour } from "../base/config.ts";
import { exportedAt, type KnownExports, madeBefore } from "../base/export-folder.ts";

const PAUSE_MS = 15 * 60_000;

/** Once a night, at the hour of the local clock or as soon after it as can be; what failed is tried again after a pause. */
export function exportDue({ whole, last }: KnownExports, { hour, minute }: ExportHour, now: Date): boolean {
  if (last?.problem && now.getTime() - Date.parse(last.at) < PAUSE_MS) return false;
  // One from the future was made by a clock that was wrong, and says nothing of last night.
  const newest = exportedAt(madeBefore(whole, now).at(-1) ?? "");
  return newest === null || newest < lastTime(hour, minute, now);
}

function lastTime(hour: number, minute: number, now: Date): Date {
  const [year, month, day] = [now.getFullYear(), now.getMonth(), now.getDate()];
  const today = new Date(year, month, day, hour, minute);
  return today <= now ? today : new Date(year, month, day - 1, hour, minute);
}
