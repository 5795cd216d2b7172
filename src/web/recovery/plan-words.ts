/** What a restore is asked for, the command that carries it out, and what it leaves out. Pure. */

import { size } from "../../contract/size.ts";
import type { PlanRequest, ToldPlan } from "../../sdk/index.ts";
import { bytesBetween } from "./words.ts";

export type Target =
  | { kind: "latest" }
  /** `local`: as the field has it, on the clock of who looks. */
  | { kind: "time"; local: string }
  | { kind: "backup"; id: string };

/** null: the moment is none. */
export function requestOf(target: Target): PlanRequest | null {
  switch (target.kind) {
    case "latest":
      return {};
    case "backup":
      return { backup: target.id };
    case "time": {
      const at = new Date(target.local);
      return Number.isNaN(at.getTime()) ? null : { at: exact(at) };
    }
  }
}

/** Without milliseconds that nobody asked for. */
function exact(at: Date): string {
  return at.toISOString().replace(".000Z", "Z");
}

export function commandOf({ at, backup }: PlanRequest): string {
  if (at !== undefined) return `promptlib restore --at ${at}`;
  return `promptlib restore ${backup ?? "latest"}`;
}

/** As a field for date and time wants it: 2026-11-26T01:55:35, on the clock of who looks. */
export function localField(time: number): string {
  const at = new Date(time);
  const two = (number: number) => String(number).padStart(2, "0");
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${date}T${[two(at.getHours()), two(at.getMinutes()), two(at.getSeconds())].join(":")}`;
}

/** What of the WAL is left out, in words; for a moment the plan knows only the most that it can be. */
export function leftOut({ lost }: Extract<ToldPlan, { kind: "plan" }>, request: PlanRequest): string {
  if (lost === null) return "Nothing that is known.";
  const bytes = bytesBetween(lost.from, lost.to);
  const amount = bytes === null ? "" : ` (${request.at === undefined ? "" : "at most "}${size(bytes)} of WAL)`;
  if (lost.reason === "gap") return `What was written after a gap in the WAL${amount}: what lies before it is missing.`;
  return request.at === undefined
    ? `Everything that was written after the backup${amount}.`
    : `Everything that was written after that moment${amount}.`;
}
