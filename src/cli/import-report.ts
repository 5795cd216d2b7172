/** What an import has to say, in plain words. Pure. */

import type { ImportItem, ImportSummary } from "../sdk/index.ts";
import { count, counted, onOneLine } from "./output.ts";

/** Counted while the answer comes in. */
export interface ImportTally {
  items: number;
  /** Created or updated. */
  changed: number;
}

/** What `--json` lists: whatever did not simply arrive. */
export function isWorthTelling({ result, notes }: Pick<ImportItem, "result" | "notes">): boolean {
  return notes.length > 0 || !(result === "created" || result === "updated" || result === "unchanged");
}

/** Of the files; what they no longer have is told after their last row. */
export function isRow({ result }: Pick<ImportItem, "result">): boolean {
  return result !== "missing" && result !== "pruned";
}

/** prompts.csv:12: the reason */
export function rejectedText({ path, line, reason }: Pick<ImportItem, "path" | "line" | "reason">): string {
  const place = `${path === "-" ? "stdin" : path}${line === null ? "" : `:${line}`}`;
  return onOneLine(`${place}: ${reason ?? "rejected"}`);
}

/** 1,528 prompts: 1,500 new, 20 new versions, 8 unchanged */
export function summaryText(summary: ImportSummary): string {
  const { dryRun, created, updated, unchanged, twin, rejected, missing, pruned } = summary;
  const parts = [
    created > 0 && `${count(created)} new`,
    updated > 0 && counted(updated, "new version"),
    unchanged > 0 && `${count(unchanged)} unchanged`,
    twin > 0 && `${counted(twin, "identical twin")} taken once`,
    rejected > 0 && `${count(rejected)} rejected`,
  ].filter((part) => part !== false);
  const all = created + updated + unchanged + twin + rejected;
  const lines = [
    all === 0 ? "Nothing to import was found." : `${counted(all, "prompt")}: ${parts.join(", ")}`,
    ...(missing > 0
      ? [
          `${counted(missing, "prompt")} of earlier imports not in these files. Another list? Name it with --source. No longer wanted? --prune moves them to the trash`,
        ]
      : []),
    ...(pruned > 0
      ? [
          `${counted(pruned, "prompt")} no longer in the files ${dryRun ? "to be " : ""}moved to the trash${dryRun ? "" : "; promptlib trash lists it"}`,
        ]
      : []),
  ];
  return [...(dryRun ? ["Dry run, nothing was changed. This would be done:"] : []), ...lines].join("\n");
}

export function incompleteText({ rejected, dryRun, created, updated, unchanged, twin }: ImportSummary): string {
  const rows = rejected === 1 ? "1 prompt was" : `${count(rejected)} prompts were`;
  if (dryRun) return `${rows} found that cannot be imported.`;
  return `${rows} not imported${created + updated + unchanged + twin > 0 ? "; everything else was" : ""}.`;
}

export function interruptedText({ items, changed }: ImportTally, dryRun: boolean): string {
  if (dryRun) return "Interrupted; it was a dry run, so nothing was changed.";
  if (items === 0) return "Interrupted before anything was answered.";
  const stays = changed === 0 ? "none of them was new" : `${count(changed)} were saved and stay`;
  return `Interrupted after ${counted(items, "prompt")}: ${stays}.`;
}

/** Of a folder: what lies in it besides. */
export function passedOverText(files: number, format: string): string {
  return `${counted(files, "file")} in the folders passed over: not of the format ${format}.`;
}

/** For output that is no terminal: importing: 340 prompts, 1.2 MiB of 4.5 MiB */
export function progressText(items: number, done: string, total: string | null): string {
  return `importing: ${counted(items, "prompt")}, ${done}${total === null ? "" : ` of ${total}`}`;
}
