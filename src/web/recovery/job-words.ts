/** What a job does and what came of it, in sentences. Pure. */

import { isJsonObject } from "../../contract/json-values.ts";
import { size } from "../../contract/size.ts";
import type { Job, Level, ListedJob, Progress } from "../../sdk/index.ts";
import { counted, lasting } from "./words.ts";

export const VERBS: Record<ListedJob["verb"], string> = {
  backup: "Backup",
  drill: "Drill",
  verify: "Verification",
  restore: "Restore",
};

const PHASES: Readonly<Record<string, string>> = {
  checkpoint: "PostgreSQL writes down what it holds in memory",
  copy: "Copying the database into every location",
  manifest: "Writing what belongs to the backup",
  attest: "Counting and hashing every table",
  "fill in": "Filling in what a location missed",
  "end what is running": "Ending what was running",
  plan: "Finding out what is needed",
  "fetch backup": "Fetching the backup",
  "fetch WAL": "Fetching what was written since",
  replay: "Replaying what was written since",
  compare: "Comparing every table",
  "stop PostgreSQL": "Stopping PostgreSQL",
  "look at it": "Looking at every restored table",
  swap: "Putting the restored database in place",
  "start PostgreSQL": "Starting PostgreSQL",
};

/** `primary: archive`, of a verification, names the location. */
export function phaseWords(phase: string): string {
  const [, location, part] = /^(.+): (archive|wal)$/.exec(phase) ?? [];
  if (location !== undefined) return `Reading ${part === "wal" ? "WAL" : "the backup"} back from ${location}`;
  return PHASES[phase] ?? phase;
}

/** “11.4 MiB of 47.7 MiB”; empty where nobody can tell. */
export function doneWords({ done, total }: Pick<Progress, "done" | "total">): string {
  if (done === null || done === 0) return "";
  return total === null ? size(done) : `${size(done)} of ${size(total)}`;
}

/** Who ordered it, as people say it. */
export function byWords(by: string): string {
  if (by === "guardian") return "by itself";
  const [kind, ...name] = by.split(":");
  return kind === "local" ? `by ${name.join(":")} on the command line` : `by ${name.join(":")}`;
}

export function took({ startedAt, endedAt }: Pick<ListedJob, "startedAt" | "endedAt">): string {
  return endedAt === null ? "" : lasting((Date.parse(endedAt) - Date.parse(startedAt)) / 1000);
}

/** Before it was done, and not because something is wrong. */
export function wasEnded({ error }: Pick<ListedJob, "error">): boolean {
  return error?.code === "interrupted";
}

export interface Outcome {
  level: Level;
  text: string;
  /** What is not as it should be, all the same. */
  notes: string[];
}

/** What came of it. A result of a newer guardian that says something else is just “done”. */
export function outcomeOf(job: Job): Outcome {
  const what = VERBS[job.verb];
  if (job.error) {
    const level = wasEnded(job) ? "warning" : "critical";
    const text =
      level === "warning"
        ? `${what} ended early; what it began was taken back.`
        : `${what} failed: ${job.error.message}`;
    return { level, text, notes: [...linesIn(job.error.details), ...(level === "warning" ? [] : [job.error.hint])] };
  }
  const result = isJsonObject(job.result) ? job.result : {};
  const time = took(job);
  switch (job.verb) {
    case "backup":
      return backupOutcome(result, time);
    case "drill":
      return drillOutcome(result, time);
    case "verify":
      return verifyOutcome(result, time);
    case "restore":
      return { level: "ok", text: `${what} done, in ${time}.`, notes: [] };
  }
}

function backupOutcome(result: Record<string, unknown>, time: string): Outcome {
  const missing = Array.isArray(result.missing) ? result.missing.filter(isJsonObject) : [];
  const notes = missing.map(({ location, reason }) => `Not in ${location}: ${reason}`);
  if (typeof result.notAttested === "string") notes.push(`Not attested this time: ${result.notAttested}`);
  const filled = Array.isArray(result.filledIn) ? result.filledIn.filter(isJsonObject) : [];
  for (const { damaged } of filled)
    if (typeof damaged === "string") notes.push(`Taken from another location: ${damaged}`);
  if (Array.isArray(result.unread)) notes.push(...result.unread.map((what) => `Not in the backup: ${what}`));
  const bytes = isJsonObject(result.tar) && typeof result.tar.size === "number" ? `, ${size(result.tar.size)}` : "";
  const where = Array.isArray(result.in) ? ` in ${result.in.join(", ")}` : "";
  return {
    level: notes.length === 0 ? "ok" : "warning",
    text: `Backup made${where}${bytes}, in ${time}.`,
    notes,
  };
}

function verifyOutcome({ backup, notVerified }: Record<string, unknown>, time: string): Outcome {
  const away = Array.isArray(notVerified) ? notVerified.filter(isJsonObject) : [];
  return {
    level: away.length === 0 ? "ok" : "warning",
    text: `The backup ${backup ?? ""} is whole: every byte was read back, in ${time}.`,
    notes: away.map(({ location, problem }) => `Not verified: ${location}, ${problem}`),
  };
}

function drillOutcome(result: Record<string, unknown>, time: string): Outcome {
  const { compared, timeToRecover, notCompared } = result;
  const tables =
    isJsonObject(compared) && typeof compared.tables === "number" ? counted(compared.tables, "table") : "every table";
  const rows =
    isJsonObject(compared) && typeof compared.rows === "string" ? ` with ${counted(Number(compared.rows), "row")}` : "";
  const recovered = typeof timeToRecover === "number" ? lasting(timeToRecover) : "?";
  return {
    level: "ok",
    text: `Recovered in ${recovered}, and the same: ${tables}${rows} compared, ${time} in all.`,
    notes: Array.isArray(notCompared) ? notCompared.map((what) => `Not compared: ${what}.`) : [],
  };
}

function linesIn(details: unknown): string[] {
  if (!isJsonObject(details)) return [];
  const lines = details.lastLines ?? details.differences;
  return Array.isArray(lines) ? lines.filter((line) => typeof line === "string").slice(0, 20) : [];
}
