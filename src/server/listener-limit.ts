/** How many connections may listen: never so many that no file descriptor is left for those who fetch. */
import { readFileSync } from "node:fs";

const PART = 3 / 4;

export function listenerLimit(wanted: number): number {
  return Math.max(2, Math.min(wanted, Math.floor(openFilesLimit() * PART)));
}

/** Of this process, as the system says; Node raises it to what it may be. */
function openFilesLimit(): number {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return soft === undefined || soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}
