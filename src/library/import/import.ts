/** The import: files in pieces in, what became of each item out, in batches, so that nobody waits for a long one. */
import { PromptlibError } from "../../contract/errors.ts";
import type { ImportFormat, ImportItem, ImportPiece, ImportSummary } from "../../contract/import-shapes.ts";
import { type Database, isAway, type Queries } from "../../database/database.ts";
import type { Actor } from "../actor.ts";
import { presentNames } from "../aliases.ts";
import type { ProjectRef } from "../find.ts";
import { planMoves } from "../labels.ts";
import type { PreparedSave } from "../prepare-save.ts";
import { type LockedPrompts, lockPrompts, savePrompt, typeConflict } from "../save.ts";
import { settleStatistics } from "../search-index.ts";
import { trashIn } from "../trash.ts";
import { isGone, patiently, transactOrTry } from "./attempt.ts";
import { importExport } from "./export-file.ts";
import { fingerprint } from "./fingerprint.ts";
import { type ForeignFormat, type Pending, readItems } from "./items.ts";
import { namesBrought, whyKept } from "./missing.ts";

const BATCH = 100;
/** After so many new versions the database is told that it is another one by now. */
const MANY = 1_000;

export interface ImportOptions {
  format: ImportFormat;
  dryRun: boolean;
  prune: boolean;
  /** Under which name it is told from other imports of the format: what is missing is missing among its own alone. */
  source?: string | undefined;
  /** Told why the database could not be told that it is another one by now, which it then finds out by itself. */
  onUnsettled?: (error: unknown) => void;
}

/** Of all formats but our own, which has a way of its own. */
type ForeignOptions = ImportOptions & { format: ForeignFormat };

type ImportLine = ImportItem | { summary: ImportSummary };

/** Imports the files; the last line is the summary. A bad item never stops the rest. */
export async function* importFiles(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  pieces: AsyncIterable<ImportPiece>,
  options: ImportOptions,
): AsyncGenerator<ImportLine> {
  const { format, onUnsettled = () => {}, ...others } = options;
  const lines =
    format === "promptlib"
      ? importExport(database, project, actor, pieces, options.dryRun)
      : importForeign(new Importer(database, project, actor, { ...others, format }), pieces);
  for await (const line of lines) {
    if ("summary" in line && !options.dryRun && line.summary.created + line.summary.updated >= MANY) {
      // Everything is saved by now, which must not end as a failure.
      await settleStatistics(database).catch(onUnsettled);
    }
    yield line;
  }
}

async function* importForeign(importer: Importer, pieces: AsyncIterable<ImportPiece>): AsyncGenerator<ImportLine> {
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
  readonly #options: ForeignOptions;
  readonly #source: string;
  /** Hashes of the names that the files have, so that memory stays small. */
  readonly #present = new Set<string>();
  /** Hashes of the names of prompts that the files still call by a former one. */
  readonly #renamed = new Set<string>();
  /** In a dry run: what the names that came before would be at by then. */
  readonly #rehearsed = new Map<string, { version: number; hash: Buffer; type: PreparedSave["type"] }>();
  /** Of prompts that come in several versions: which version here the last one of theirs is. */
  readonly #reached = new Map<string, number>();
  /** A rejected row without a readable name may be any prompt: then nothing is known to be missing for sure. */
  #nameless = false;

  constructor(database: Database, project: ProjectRef, actor: Actor, options: ForeignOptions) {
    this.#database = database;
    this.#project = project;
    this.#actor = actor;
    this.#options = options;
    const { dryRun, format, source } = options;
    this.#source = source === undefined ? format : `${format}:${source}`;
    const zero = { created: 0, updated: 0, unchanged: 0, twin: 0, rejected: 0, missing: 0, pruned: 0 };
    this.summary = { dryRun, ...zero };
  }

  count(item: ImportItem): void {
    this.summary[item.result] += 1;
  }

  async *run(pieces: AsyncIterable<ImportPiece>): AsyncGenerator<ImportItem> {
    let batch: Pending[] = [];
    const names = new Set<string>();
    for await (const read of readItems(pieces, this.#options.format)) {
      if ("save" in read) {
        const { name } = read.save;
        this.#present.add(fingerprint(name));
        // Each name once in a batch: a history has it again.
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
    const items = await patiently(async () => {
      try {
        return await this.#transact((transaction) => this.#saveAll(transaction, batch));
      } catch (error) {
        if (isOurs(error) || isAway(error)) throw error;
        // PostgreSQL refused one of them and thereby the transaction: one by one the others go through.
        const items: ImportItem[] = [];
        for (const pending of batch) items.push(await this.#saveAlone(pending));
        return items;
      }
    });
    for (const [at, { save, isVersion }] of batch.entries()) {
      const version = items[at]?.version;
      if (isVersion && version) this.#reached.set(fingerprint(save.name), version);
    }
    if (this.#options.dryRun) this.#rehearse(batch, items);
    return items;
  }

  #rehearse(batch: readonly Pending[], items: readonly ImportItem[]): void {
    for (const [at, { save, isVersion }] of batch.entries()) {
      const { version, result } = items[at] ?? {};
      // An old version that is there already says nothing of what the newest would be.
      if (version && !(isVersion && result === "unchanged"))
        this.#rehearsed.set(fingerprint(save.name), { version, hash: save.hash, type: save.type });
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
    for (const { item, save, isVersion } of batch) {
      try {
        const follows = present.get(save.name);
        const name = follows ?? save.name;
        const known = isVersion ? await this.#knownVersion(transaction, save, name, locked) : null;
        const { created, version } = known ?? (await this.#saveOne(transaction, save, name, locked));
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

  /**
   * A version of an earlier import is told by its content, behind the one that was told last: importing the same
   * history again makes no version and moves no label, whatever was saved here in between.
   */
  async #knownVersion(transaction: Queries, save: PreparedSave, name: string, locked: LockedPrompts) {
    const prompt = locked.get(name);
    if (!prompt || prompt.type !== save.type) return null;
    const found = await transaction
      .selectFrom("versions")
      .select("version")
      .where("prompt_id", "=", prompt.id)
      .where("content_hash", "=", save.hash)
      .where("version", ">", this.#reached.get(fingerprint(save.name)) ?? 0)
      .orderBy("version")
      .executeTakeFirst();
    return found ? { created: false, version: found.version } : null;
  }

  /** `name`: the present one of a prompt that the file calls by a former one; else as the file has it. */
  async #saveOne(transaction: Queries, save: PreparedSave, name: string, locked: LockedPrompts) {
    if (name !== save.name) this.#follow(save.name, name);
    else this.#refuseFollowed(name);
    const before = this.#rehearsed.get(fingerprint(save.name));
    if (!before) {
      const named = { ...save, name };
      return savePrompt(transaction, this.#project, this.#actor, named, this.#source, locked);
    }
    if (before.type !== save.type) throw typeConflict(name, before.type);
    const created = !before.hash.equals(save.hash);
    if (created) await planMoves(transaction, this.#project, null, save.labels, before.version + 1, this.#actor);
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

  /** What the files called by a former name before is not saved over by what they call by its own. */
  #refuseFollowed(name: string): void {
    if (!this.#renamed.has(fingerprint(name))) return;
    throw new PromptlibError("already_exists", {
      message: `The files have “${name}” by a former name, too, and what they say there was saved.`,
    });
  }

  /** What an earlier import brought and these files no longer have. */
  async *#missing(): AsyncGenerator<ImportItem> {
    const doubt = this.#options.prune ? this.#doubt() : null;
    // A file that could not be read at all says nothing of what is missing.
    if (this.#present.size === 0 && !this.#options.prune) return;
    const reads = this.#database.reads;
    const brought = await patiently(() => namesBrought(reads, this.#project, this.#source));
    const names = brought.filter((name) => !this.#has(name));
    const asked = this.#options.prune && !doubt ? names : [];
    const kept = await patiently(() => whyKept(reads, this.#project, this.#actor, asked));
    for (const name of names) {
      const why = doubt ?? kept.get(name);
      const notes = why ? [why] : [];
      const item: ImportItem = { path: "", line: null, name, result: "missing", version: null, reason: null, notes };
      if (!this.#options.prune || why) yield item;
      else yield await this.#pruned(item, name);
    }
  }

  async #pruned(item: ImportItem, name: string): Promise<ImportItem> {
    try {
      await patiently(() => this.#prune(name));
      return { ...item, result: "pruned" };
    } catch (error) {
      if (!(error instanceof PromptlibError && error.code === "label_protected")) throw error;
      return { ...item, notes: [`kept: ${error.message}`] };
    }
  }

  #has(name: string): boolean {
    const hash = fingerprint(name);
    return this.#present.has(hash) || this.#renamed.has(hash);
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

  async #transact<T>(work: (transaction: Queries) => Promise<T>): Promise<T> {
    return transactOrTry(this.#database, this.#options.dryRun, work);
  }
}

function isOurs(error: unknown): boolean {
  return error instanceof PromptlibError;
}
