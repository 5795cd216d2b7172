/** Our own export coming back: prompts with everything they had, authors, times, histories of labels, trash. */
import { PromptlibError } from "../../contract/errors.ts";
import {
  type ExportedVersion,
  exportEnd,
  exportedPrompt,
  exportedVersion,
  exportStart,
} from "../../contract/export.ts";
import type { ImportItem, ImportPiece, ImportSummary } from "../../contract/import-shapes.ts";
import { type Database, isAway } from "../../database/database.ts";
import { contentSize } from "../../prompt/content.ts";
import type { Actor } from "../actor.ts";
import type { ProjectRef } from "../find.ts";
import { patiently, transactOrTry } from "./attempt.ts";
import { type PutBack, putBack, type Whole } from "./export-put-back.ts";
import { filesOf } from "./items.ts";
import { type Line, linesOf } from "./json-lines.ts";

type Lines = AsyncGenerator<Line, void, undefined>;
type Fault = { line: number; reason: string };
/** A prompt with all it had, or what is wrong. */
type Read = Whole | (Fault & { name: string | null });
/** So many prompts are put back in one transaction, since each commit is waited for; fewer where they are large. */
const BATCH_PROMPTS = 100;
const BATCH_BYTES = 4 * 1024 * 1024;

/** One item for each prompt, in order; the last line is the summary. */
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
    for await (const batch of batchesOf(wholesOf(linesOf(bytes)))) {
      for (const item of await saveAll(path, batch)) {
        summary[item.result] += 1;
        yield item;
      }
    }
  }
  yield { summary };

  async function saveAll(path: string, batch: readonly Read[]): Promise<ImportItem[]> {
    const wholes = batch.filter((read) => "prompt" in read);
    const done = new Map<Read, PutBack>();
    const put = async (some: readonly Whole[]) => {
      const results = await patiently(() =>
        transactOrTry(database, dryRun, async (transaction) => {
          const each: PutBack[] = [];
          for (const whole of some) each.push(await putBack(transaction, project, actor, whole));
          return each;
        }),
      );
      for (const [at, whole] of some.entries()) done.set(whole, results[at] ?? NOT_SAVED);
    };
    try {
      if (wholes.length > 0) await put(wholes);
    } catch (error) {
      if (error instanceof PromptlibError || isAway(error)) throw error;
      // PostgreSQL refused one of them and thereby all: one by one the others go through.
      for (const whole of wholes) {
        await put([whole]).catch((reason: unknown) => {
          if (reason instanceof PromptlibError || isAway(reason)) throw reason;
          done.set(whole, NOT_SAVED);
        });
      }
    }
    return batch.map((read) => itemOf(path, read, done.get(read) ?? NOT_SAVED));
  }
}

const NOT_SAVED: PutBack = { reason: "the database refused it" };

function itemOf(path: string, read: Read, done: PutBack): ImportItem {
  if (!("prompt" in read)) return rejected(path, read);
  const { line, prompt } = read;
  if ("reason" in done) return rejected(path, { line, name: prompt.name, reason: done.reason });
  return { path, line, name: prompt.name, result: done.result, version: prompt.versions, reason: null, notes: [] };
}

async function* batchesOf(reads: AsyncIterable<Read>): AsyncGenerator<Read[]> {
  let batch: Read[] = [];
  let bytes = 0;
  for await (const read of reads) {
    batch.push(read);
    if ("prompt" in read) bytes += read.versions.reduce((sum, version) => sum + contentSize(version), 0);
    if (batch.length < BATCH_PROMPTS && bytes < BATCH_BYTES) continue;
    yield batch;
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

function rejected(path: string, { line, reason, name }: Fault & { name: string | null }): ImportItem {
  return { path, line, name, result: "rejected", version: null, reason, notes: [] };
}

/** Prompts with all their versions. What cannot be read costs the prompt it belongs to. */
async function* wholesOf(lines: Lines): AsyncGenerator<Read> {
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
