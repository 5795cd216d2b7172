/** promptlib import: files of prompts go to the server, which says what became of each prompt. */
import type { Command } from "commander";
import { errorTable } from "../contract/errors.ts";
import { type Client, type ImportItem, type ImportSummary, PromptlibError } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { type ImportFile, openFiles, piecesOf } from "./import-files.ts";
import { formatNames } from "./import-formats.ts";
import { openProgress, type Progress } from "./import-progress.ts";
import {
  type ImportTally,
  incompleteText,
  interruptedText,
  isRow,
  isWorthTelling,
  passedOverText,
  rejectedText,
  summaryText,
} from "./import-report.ts";
import { note, print, printJson } from "./output.ts";
import { examples, jsonOption, projectOption } from "./verb.ts";

interface ImportOptions {
  format?: string;
  dryRun?: true;
  prune?: true;
  source?: string;
  project?: string;
  json?: true;
}

export function registerImport(program: Command): void {
  const command = program
    .command("import <paths...>")
    .summary("import prompts from files and folders")
    .description(
      "Import prompts from files and whole folders (- is standard input). What is there already is left as it is, what differs becomes the next version; a bad one is reported and stops nothing.",
    )
    .option("--format <format>", `${formatNames}; told by the files' names when left out`)
    .option("--dry-run", "only say what would be done")
    .option("--prune", "move to the trash what these files no longer have")
    .option("--source <name>", "a name for these files: only what came under the same one can be missing in them")
    .action(importFiles);
  projectOption(jsonOption(command));
  examples(
    command,
    "promptlib import prompts.csv",
    "promptlib import fabric/data/patterns --dry-run",
    "promptlib import russian.csv --source russian --prune",
    "curl -s https://example.com/prompts.csv | promptlib import - --format csv --dry-run",
  );
}

async function importFiles(paths: string[], options: ImportOptions): Promise<void> {
  const { files, format, passedOver } = await openFiles(paths, options.format);
  const { project, dryRun, prune, source } = options;
  const { client } = await connect({ project });
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once("SIGINT", onInterrupt);
  if (passedOver > 0) note(passedOverText(passedOver, format));
  const progress = await openProgress(files);
  try {
    const pieces = piecesOf(files, (path, bytes) => progress.sent(path, bytes));
    const sent = client.importPrompts(pieces, {
      format,
      dryRun: dryRun === true,
      prune: prune === true,
      ...(source === undefined ? {} : { source }),
      signal: stop.signal,
    });
    const result = await follow(sent, progress, dryRun === true);
    progress.close();
    tell(result, options.json === true);
  } finally {
    progress.close();
    process.removeListener("SIGINT", onInterrupt);
    closeInput(files);
  }
}

interface Result {
  summary: ImportSummary;
  /** Only those that someone wants to hear of: a large import stays small here. */
  items: ImportItem[];
  notes: number;
}

async function follow(sent: ReturnType<Client["importPrompts"]>, progress: Progress, dryRun: boolean): Promise<Result> {
  const items: ImportItem[] = [];
  const tally: ImportTally = { items: 0, changed: 0 };
  let notes = 0;
  try {
    for await (const answer of sent) {
      if ("summary" in answer) return { summary: answer.summary, items, notes };
      if (isRow(answer)) tally.items += 1;
      if (answer.result === "created" || answer.result === "updated") tally.changed += 1;
      if (answer.notes.length > 0) notes += 1;
      if (isWorthTelling(answer)) items.push(answer);
      if (answer.result === "rejected") progress.line(rejectedText(answer));
      if (isRow(answer)) progress.answered(answer);
    }
  } catch (error) {
    if (!(error instanceof PromptlibError) || error.code !== "interrupted") throw error;
    throw new PromptlibError("interrupted", { message: interruptedText(tally, dryRun), cause: error });
  }
  throw new PromptlibError("server_unreachable", { message: "The server did not say how the import ended." });
}

function tell({ summary, items, notes }: Result, json: boolean): void {
  if (json) printJson({ summary, items });
  else print(summaryText(summary));
  if (!json && notes > 0) note(`${notes} of them have notes, on what was changed or kept verbatim: --json shows them.`);
  if (summary.rejected === 0) return;
  note(incompleteText(summary));
  // Everything else was done, so it is no error that ends the verb; the exit code says so all the same.
  process.exitCode = errorTable.import_incomplete.exit;
}

/** A terminal or pipe that is being read would keep the process from ending. */
function closeInput(files: readonly ImportFile[]): void {
  if (files.some(({ path }) => path === "-")) process.stdin.destroy();
}
