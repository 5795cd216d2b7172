/** What an import says: in a sentence, and as a table to keep. Pure. */
import type { ImportItem, ImportSummary } from "../../sdk/index.ts";

export type Result = ImportItem["result"];

/** In the order of how much they matter. */
export const RESULTS: readonly Result[] = ["rejected", "updated", "created", "pruned", "missing", "twin", "unchanged"];

const WORDS: Readonly<Record<Result, readonly [done: string, planned: string]>> = {
  rejected: ["not imported", "cannot be imported"],
  created: ["new", "new"],
  updated: ["got a new version", "get a new version"],
  unchanged: ["unchanged", "unchanged"],
  twin: ["identical twins, taken once", "identical twins, taken once"],
  missing: ["no longer in these files", "no longer in these files"],
  pruned: ["moved to the trash", "go into the trash"],
};

export function wordOf(result: Result, isPlan: boolean): string {
  return WORDS[result][isPlan ? 1 : 0];
}

export function countsOf(summary: ImportSummary): { result: Result; count: number }[] {
  return RESULTS.map((result) => ({ result, count: summary[result] })).filter(({ count }) => count > 0);
}

export function sentenceOf(summary: ImportSummary, isPlan: boolean): string {
  const counts = countsOf(summary);
  if (counts.length === 0) return "There is nothing in these files that could be imported.";
  return `${counts.map(({ result, count }) => `${count.toLocaleString("en")} ${wordOf(result, isPlan)}`).join(", ")}.`;
}

/** How many prompts it would write. */
export function writesOf({ created, updated, pruned }: ImportSummary): number {
  return created + updated + pruned;
}

const COLUMNS = ["path", "line", "name", "result", "version", "reason", "notes"] as const;

/** With a byte-order mark: spreadsheets read UTF-8 by it. What they would take for a formula is text. */
export function reportCsv(items: readonly ImportItem[]): string {
  const rows = items.map((item) =>
    COLUMNS.map((column) => cell(column === "notes" ? item.notes.join("; ") : (item[column] ?? ""))).join(","),
  );
  return `\ufeff${[COLUMNS.join(","), ...rows].join("\r\n")}\r\n`;
}

function cell(value: string | number): string {
  const text = String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
