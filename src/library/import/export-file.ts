/** Our own export coming back: prompts with everything they had, authors, times, histories of labels, trash. */
import {
  type ExportedVersion,
  exportEnd,
  exportedPrompt,
  exportedVersion,
  exportStart,
} from "../../contract/export.ts";
import type { ImportItem, ImportPiece, ImportSummary } from "../../contract/shapes.ts";
import type { Database } from "../../database/database.ts";
import type { Actor } from "../actor.ts";
import type { ProjectRef } from "../find.ts";
import { patiently, transactOrTry } from "./attempt.ts";
import { putBack, type Whole } from "./export-put-back.ts";
import { filesOf } from "./items.ts";
import { type Line, linesOf } from "./json-lines.ts";

type Lines = AsyncGenerator<Line, void, undefined>;
type Fault = { line: number; reason: string };
/** One item for each prompt, each in a transaction of its own; the last line is the summary. */
export async function* importExport(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  pieces: AsyncIterable<ImportPiece>,
  dryRun: boolean,
): AsyncGenerator<ImportItem | { summary: ImportSummary }> {
  const zero = { created: 0, updated: 0, unchanged: 0, twin: 0, rejected: 0, missing: 0, pruned: 0 };
  const summary: ImportSummary = { dryRun, ...zero };
  for await (const { path, bytes } of filesOf(pieces)) {
    for await (const read of wholesOf(linesOf(bytes))) {
      const item = "reason" in read ? rejected(path, read) : await save(path, read);
      summary[item.result] += 1;
      yield item;
    }
  }
  yield { summary };

  async function save(path: string, whole: Whole): Promise<ImportItem> {
    const done = await patiently(() =>
      transactOrTry(database, dryRun, (transaction) => putBack(transaction, project, actor, whole)),
    );
    const { name, versions } = whole.prompt;
    if ("reason" in done) return rejected(path, { line: whole.line, name, reason: done.reason });
    const { result } = done;
    return { path, line: whole.line, name, result, version: versions, reason: null, notes: [] };
  }
}

function rejected(path: string, { line, reason, name }: Fault & { name: string | null }): ImportItem {
  return { path, line, name, result: "rejected", version: null, reason, notes: [] };
}

/** Prompts with all their versions. What cannot be read costs the prompt it belongs to. */
async function* wholesOf(lines: Lines): AsyncGenerator<Whole | (Fault & { name: string | null })> {
  const first = await lines.next();
  if (first.done || !exportStart.safeParse(first.value.value).success) {
    yield { line: 1, name: null, reason: "the file is no export of Prompt Library, or of a newer one" };
    return;
  }
  const seen = { prompts: 0, versions: 0 };
  let current: Whole | null = null;
  let broken = false;
  for await (const { line, value, fault } of lines) {
    const fields = value ?? {};
    const version: ExportedVersion | null = "version" in fields ? readVersion(fields.version) : null;
    if (current && version) {
      current.versions.push(version);
      seen.versions += 1;
      if (current.versions.length < current.prompt.versions) continue;
      yield current;
      current = null;
      continue;
    }
    if (current) {
      yield { line, name: current.prompt.name, reason: fault ?? "the line is not the version that should be here" };
      current = null;
      broken = true;
    }
    const prompt = "prompt" in fields ? exportedPrompt.safeParse(fields.prompt) : null;
    if (prompt?.success) {
      current = { line, prompt: prompt.data, versions: [] };
      seen.prompts += 1;
      broken = false;
      continue;
    }
    const end = "end" in fields ? exportEnd.safeParse(fields.end) : null;
    if (end?.success) {
      if (end.data.prompts === seen.prompts && end.data.versions === seen.versions) return;
      yield { line, name: null, reason: "the export is not whole: it had more prompts or versions when it was made" };
      return;
    }
    // The other versions of a prompt that is rejected already.
    if (version && broken) continue;
    yield { line, name: null, reason: fault ?? faultOf(prompt, fields) };
    broken = true;
  }
  if (current) yield { line: current.line, name: current.prompt.name, reason: "the file ends in the middle of it" };
  yield { line: 1, name: null, reason: "the export is cut off: its last line is missing" };
}

function readVersion(value: unknown): ExportedVersion | null {
  const version = exportedVersion.safeParse(value);
  return version.success ? version.data : null;
}

function faultOf(prompt: ReturnType<typeof exportedPrompt.safeParse> | null, fields: object): string {
  const issue = prompt?.error?.issues[0];
  if (issue) return `the prompt is not as an export has it: ${issue.path.join(".")}: ${issue.message}`;
  if ("version" in fields) return "the version is not as an export has it, or has no prompt before it";
  return "the line is none of an export";
}
