/** Our own export coming back: prompts with everything they had, authors, times, names, histories of labels, trash. */
import { PromptlibError } from "../../contract/errors.ts";
import type { ImportItem, ImportPiece, ImportSummary } from "../../contract/import-shapes.ts";
import { type Database, isAway, type Queries } from "../../database/database.ts";
import { contentSize } from "../../prompt/content.ts";
import type { Actor } from "../actor.ts";
import type { ProjectRef } from "../find.ts";
import { patiently, transactOrTry } from "./attempt.ts";
import { type Fault, type Read, readExport } from "./export-lines.ts";
import { type PutBack, putBack, putBackProtection, type Whole } from "./export-put-back.ts";
import { filesOf } from "./items.ts";
import { linesOf } from "./json-lines.ts";

/** What is put back; the protected labels come before the prompts. */
type Part = Exclude<Read, Fault>;
const isPart = (read: Read): read is Part => !("reason" in read);
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
    for await (const batch of batchesOf(readExport(linesOf(bytes)))) {
      for (const item of await saveAll(path, batch)) {
        summary[item.result] += 1;
        yield item;
      }
    }
  }
  yield { summary };

  async function saveAll(path: string, batch: readonly Read[]): Promise<ImportItem[]> {
    const parts = batch.filter(isPart);
    const done = new Map<Read, PutBack>();
    const put = async (some: readonly Part[]) => {
      const results = await patiently(() =>
        transactOrTry(database, dryRun, async (transaction) => {
          const each: PutBack[] = [];
          for (const part of some) each.push(await putPart(transaction, part));
          return each;
        }),
      );
      for (const [at, part] of some.entries()) done.set(part, results[at] ?? NOT_SAVED);
    };
    try {
      if (parts.length > 0) await put(parts);
    } catch (error) {
      if (error instanceof PromptlibError || isAway(error)) throw error;
      // PostgreSQL refused one of them and thereby all: one by one the others go through.
      for (const part of parts) {
        await put([part]).catch((reason: unknown) => {
          if (reason instanceof PromptlibError || isAway(reason)) throw reason;
          done.set(part, NOT_SAVED);
        });
      }
    }
    return itemsOf(path, batch, done);
  }

  function putPart(transaction: Queries, part: Part): Promise<PutBack> {
    if ("prompt" in part) return putBack(transaction, project, actor, part);
    return putBackProtection(transaction, project, actor, part);
  }
}

const NOT_SAVED: PutBack = { reason: "the database refused it" };

/** One for each prompt and fault. What there is to say of the protected labels is said with the first of them. */
function itemsOf(path: string, batch: readonly Read[], done: ReadonlyMap<Read, PutBack>): ImportItem[] {
  const items: ImportItem[] = [];
  const notes: string[] = [];
  for (const read of batch) {
    const result = done.get(read) ?? NOT_SAVED;
    if ("prompt" in read) items.push(itemOf(path, read, result));
    else if ("reason" in read) items.push(rejected(path, read));
    else if ("reason" in result) items.push(rejected(path, { line: read.line, name: null, reason: result.reason }));
    else notes.push(...result.notes);
  }
  const [first, ...others] = items;
  return first ? [{ ...first, notes: [...notes, ...first.notes] }, ...others] : [];
}

function itemOf(path: string, { line, prompt }: Whole, done: PutBack): ImportItem {
  const { name, versions } = prompt;
  if ("reason" in done) return rejected(path, { line, name, reason: done.reason });
  return { path, line, name, version: versions, reason: null, ...done };
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

function rejected(path: string, { line, reason, name }: Fault): ImportItem {
  return { path, line, name, result: "rejected", version: null, reason, notes: [] };
}
