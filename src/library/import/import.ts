/** The import: files in pieces in, what became of each item out, in batches, so that nobody waits for a long one. */
import { createHash } from "node:crypto";
import { sleep } from "../../base/clock.ts";
import { PromptlibError } from "../../contract/errors.ts";
import type { ImportItem, ImportPiece, ImportSummary } from "../../contract/shapes.ts";
import { type Database, isAway, type Queries } from "../../database/database.ts";
import { transact } from "../../database/transaction.ts";
import type { Actor } from "../actor.ts";
import { presentNames } from "../aliases.ts";
import type { ProjectRef } from "../find.ts";
import { type LockedPrompts, lockPrompts, type PreparedSave, savePrompt } from "../save.ts";
import { trashIn } from "../trash.ts";
import { type Pending, readItems } from "./items.ts";

const BATCH = 100;
/** A database that goes away in the middle is waited for this long: the batch is simply done again. */
const PATIENCE_MS = 60_000;

export interface ImportOptions {
  format: "csv";
  dryRun: boolean;
  prune: boolean;
}

type ImportLine = ImportItem | { summary: ImportSummary };

/** Imports the files; the last line is the summary. A bad item never stops the rest. */
export async function* importFiles(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  pieces: AsyncIterable<ImportPiece>,
  options: ImportOptions,
): AsyncGenerator<ImportLine> {
  const importer = new Importer(database, project, actor, options);
  for await (const item of importer.run(pieces)) {
    importer.count(item);
    yield item;
  }
  yield { summary: importer.summary };
}

class Importer {
  readonly summary: ImportSummary;
  readonly #database: Database;
  readonly #project: ProjectRef;
  readonly #actor: Actor;
  readonly #options: ImportOptions;
  /** Hashes of the names that the files have, so that memory stays small. */
  readonly #present = new Set<string>();
  /** Hashes of the names of prompts that the files still call by a former one. */
  readonly #renamed = new Set<string>();
  /** In a dry run: what the names that came before would be at by then. */
  readonly #rehearsed = new Map<string, { version: number; hash: Buffer }>();
  /** A rejected row without a readable name may be any prompt: then nothing is known to be missing for sure. */
  #nameless = false;

  constructor(database: Database, project: ProjectRef, actor: Actor, options: ImportOptions) {
    this.#database = database;
    this.#project = project;
    this.#actor = actor;
    this.#options = options;
    const { dryRun } = options;
    const zero = { created: 0, updated: 0, unchanged: 0, twin: 0, rejected: 0, missing: 0, pruned: 0 };
    this.summary = { dryRun, ...zero };
  }

  count(item: ImportItem): void {
    this.summary[item.result] += 1;
  }

  async *run(pieces: AsyncIterable<ImportPiece>): AsyncGenerator<ImportItem> {
    let batch: Pending[] = [];
    const names = new Set<string>();
    for await (const read of readItems(pieces)) {
      if ("save" in read) {
        const { name } = read.save;
        this.#present.add(fingerprint(name));
        // Each name once in a batch: another file may have it again.
        if (batch.length >= BATCH || names.has(name)) {
          yield* await this.#save(batch);
          batch = [];
          names.clear();
        }
        names.add(name);
        batch.push(read);
      } else {
        if (read.item.name !== null) this.#present.add(fingerprint(read.item.name));
        else if (read.item.result === "rejected") this.#nameless = true;
        yield read.item;
      }
    }
    yield* await this.#save(batch);
    yield* this.#missing();
  }

  async #save(batch: Pending[]): Promise<ImportItem[]> {
    if (batch.length === 0) return [];
    const items = await this.#patiently(async () => {
      try {
        return await this.#transact((transaction) => this.#saveAll(transaction, batch));
      } catch (error) {
        if (batch.length === 1 || isOurs(error) || isAway(error)) throw error;
        // PostgreSQL refused one of them and thereby the transaction: one by one the others go through.
        const items: ImportItem[] = [];
        for (const pending of batch) items.push(await this.#saveAlone(pending));
        return items;
      }
    });
    if (this.#options.dryRun) this.#rehearse(batch, items);
    return items;
  }

  #rehearse(batch: readonly Pending[], items: readonly ImportItem[]): void {
    for (const [at, { save }] of batch.entries()) {
      const version = items[at]?.version;
      if (version) this.#rehearsed.set(fingerprint(save.name), { version, hash: save.hash });
    }
  }

  async #saveAlone(pending: Pending): Promise<ImportItem> {
    try {
      const [item] = await this.#transact((transaction) => this.#saveAll(transaction, [pending]));
      return item ?? pending.item;
    } catch (error) {
      if (isOurs(error) || isAway(error)) throw error;
      return { ...pending.item, result: "rejected", reason: "the database refused it" };
    }
  }

  async #saveAll(transaction: Queries, batch: Pending[]): Promise<ImportItem[]> {
    const names = batch.map(({ save }) => save.name);
    const named = await lockPrompts(transaction, this.#project, names);
    const present = await presentNames(
      transaction,
      this.#project,
      names.filter((name) => !named.has(name)),
    );
    const locked = new Map([...named, ...(await lockPrompts(transaction, this.#project, [...present.values()]))]);
    const items: ImportItem[] = [];
    for (const { item, save } of batch) {
      try {
        const follows = present.get(save.name);
        const { created, version } = await this.#saveOne(transaction, save, follows ?? save.name, locked);
        const result = !created ? "unchanged" : version === 1 ? "created" : "updated";
        const notes = follows === undefined ? item.notes : [...item.notes, `saved as “${follows}”, its name by now`];
        items.push({ ...item, version, result, notes });
      } catch (error) {
        if (!(error instanceof PromptlibError) || isGone(error) || error.code === "disk_full") throw error;
        items.push({ ...item, result: "rejected", reason: error.message });
      }
    }
    return items;
  }

  /** `name`: the present one of a prompt that the file calls by a former one; else as the file has it. */
  async #saveOne(transaction: Queries, save: PreparedSave, name: string, locked: LockedPrompts) {
    if (name !== save.name) this.#follow(save.name, name);
    const before = this.#rehearsed.get(fingerprint(save.name));
    if (!before) {
      const named = { ...save, name };
      return savePrompt(transaction, this.#project, this.#actor, named, this.#options.format, locked);
    }
    const created = !before.hash.equals(save.hash);
    return { created, version: created ? before.version + 1 : before.version };
  }

  /** What the files call by a former name is not missing in them; and it is not saved twice over. */
  #follow(former: string, name: string): void {
    if (this.#present.has(fingerprint(name))) {
      throw new PromptlibError("already_exists", {
        message: `“${former}” is a former name of “${name}”, which the files have, too.`,
      });
    }
    this.#renamed.add(fingerprint(name));
  }

  /** What an earlier import brought and these files no longer have. */
  async *#missing(): AsyncGenerator<ImportItem> {
    const doubt = this.#options.prune ? this.#doubt() : null;
    for (const name of await this.#patiently(() => this.#missingNames())) {
      const notes = doubt ? [doubt] : [];
      const item: ImportItem = { path: "", line: null, name, result: "missing", version: null, reason: null, notes };
      if (!this.#options.prune || doubt) yield item;
      else yield await this.#pruned(item, name);
    }
  }

  async #pruned(item: ImportItem, name: string): Promise<ImportItem> {
    try {
      await this.#patiently(() => this.#prune(name));
      return { ...item, result: "pruned" };
    } catch (error) {
      if (!(error instanceof PromptlibError && error.code === "label_protected")) throw error;
      return { ...item, notes: [`kept: ${error.message}`] };
    }
  }

  /** Why nothing is pruned although it was asked for, or null. */
  #doubt(): string | null {
    if (this.#nameless) return "kept, because a rejected row may be this prompt";
    return this.#present.size === 0 ? "kept, because the files hold no prompt at all" : null;
  }

  async #prune(name: string): Promise<void> {
    try {
      await this.#transact((transaction) => trashIn(transaction, this.#project, this.#actor, name));
    } catch (error) {
      // In the trash already: someone else was faster, or we were, and the database went before it said so.
      if (!(error instanceof PromptlibError && error.code === "prompt_not_found")) throw error;
    }
  }

  async #missingNames(): Promise<string[]> {
    const rows = await this.#database.reads
      .selectFrom("prompts")
      .select("name")
      .where("project_id", "=", this.#project.id)
      .where("source", "=", this.#options.format)
      .where("trashed_at", "is", null)
      .orderBy("name")
      .execute();
    return rows
      .map(({ name }) => name)
      .filter((name) => {
        const hash = fingerprint(name);
        return !this.#present.has(hash) && !this.#renamed.has(hash);
      });
  }

  /** A dry run does the same and takes it back, so that it tells exactly what would be. */
  async #transact<T>(work: (transaction: Queries) => Promise<T>): Promise<T> {
    if (!this.#options.dryRun) return transact(this.#database, work);
    let result: { value: T } | null = null;
    try {
      await transact(this.#database, async (transaction) => {
        result = { value: await work(transaction) };
        throw new TakenBack();
      });
    } catch (error) {
      if (!(error instanceof TakenBack)) throw error;
    }
    if (!result) throw new Error("a dry run ended without a result");
    return (result as { value: T }).value;
  }

  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    for (let waited = 0; ; waited += 500) {
      try {
        return await work();
      } catch (error) {
        if (!isGone(error) || waited >= PATIENCE_MS) throw error;
        await sleep(500);
      }
    }
  }
}

class TakenBack extends Error {}

function isOurs(error: unknown): boolean {
  return error instanceof PromptlibError;
}

function isGone(error: unknown): boolean {
  return error instanceof PromptlibError && ["database_unavailable", "write_outcome_unknown"].includes(error.code);
}

function fingerprint(name: string): string {
  return createHash("sha256").update(name).digest("base64").slice(0, 16);
}
