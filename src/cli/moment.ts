/** Moments as people give them: a day of the local time zone, or a time. */
import { readInstant } from "./instant.ts";
import { usage } from "./verb.ts";

/** The instant of a time, or the first of a day or, with `end`, of the day after it. */
export function momentOf(given: string, edge: "start" | "end"): Date {
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(given);
  const days = edge === "end" ? 1 : 0;
  const at = day ? new Date(Number(day[1]), Number(day[2]) - 1, Number(day[3]) + days) : timeOf(given);
  const isOne = !day || new Date(`${given}T00:00:00Z`).toJSON()?.startsWith(given);
  if (!isOne || Number.isNaN(at.getTime())) {
    throw usage(`${given} is no date like 2027-01-31 and no time like 2027-01-31T12:00:00Z.`);
  }
  return at;
}

function timeOf(given: string): Date {
  // Others write nanoseconds.
  return new Date(readInstant(given.replace(/(\.\d{6})\d+/, "$1")) ?? Number.NaN);
}
