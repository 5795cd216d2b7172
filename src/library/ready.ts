/**
 * Prompts ready for fetching: the bytes and ETag of an answer are made once per version and kept in memory,
 * up to a limit. The change feed throws out what changed.
 */
import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { PromptlibError } from "../contract/errors.ts";
import type { Prompt } from "../contract/shapes.ts";
import type { Queries, RecordedChange } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { findPrompt, findVersion, type ProjectRef, promptNotFound, type Selector, selectVersion } from "./find.ts";
import { type LabelMap, presentPrompt } from "./stored.ts";

/** An answer to a fetch, as it goes over the wire. */
export interface ReadyAnswer {
  bytes: Buffer;
  /** "VERSION-HASH", quoted; If-Match compares the version alone. */
  etag: string;
  /** The present name of the prompt, when it was asked for by one that it had before. */
  renamedTo: string | null;
  /** null: read from the mirror. */
  promptId: Id | null;
  /** Of the prompt: what was answered with a lower one is older. null: not known. */
  revision: string | null;
}

interface ReadyPrompt {
  id: Id;
  revision: bigint;
  name: string;
  newest: number;
  labels: LabelMap;
  /** It was changed since. Kept until the mirror has the change: should the database go first, nobody knows it better. */
  outdated: boolean;
  answers: Map<number, ReadyAnswer>;
}

/** What an entry costs besides its bytes; measured, see docs/benchmarks.md. */
const ENTRY_OVERHEAD = 1_024;
const ANSWER_OVERHEAD = 512;
/** Changes remembered, so that a read that was under way when one came does not store what it outdated. */
const REMEMBERED_CHANGES = 20_000;

export class ReadyPrompts {
  readonly #entries: LRUCache<string, ReadyPrompt>;
  /** A prompt is found under its name, and under those that it had before. */
  readonly #keysById = new Map<Id, Set<string>>();
  readonly #lastChanges = new LRUCache<Id, bigint>({ max: REMEMBERED_CHANGES });
  /** Counts the times that everything was forgotten: what was read before is not stored after. */
  #generation = 0;
  hits = 0;
  misses = 0;

  constructor(limitBytes: number) {
    this.#entries = new LRUCache({
      maxSize: limitBytes,
      sizeCalculation: sizeOf,
      dispose: (entry, key, reason) => {
        if (reason !== "set") this.#forgetKey(entry.id, key);
      },
    });
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get count(): number {
    return this.#entries.size;
  }

  /** From memory alone; undefined when it must be read. Throws when memory knows that there is no such label. */
  peek(project: ProjectRef, name: string, selector: Selector): ReadyAnswer | undefined {
    const found = this.#entries.get(keyOf(project, name));
    const entry = found?.outdated ? undefined : found;
    const answer = entry?.answers.get(selectVersion(entry, entry.labels, selector));
    if (answer) this.hits += 1;
    else this.misses += 1;
    return answer;
  }

  /**
   * What was known before the last change, and as of which revision. Undefined also for a label or version that was not
   * there: it may have come with the change.
   */
  recall(project: ProjectRef, name: string, selector: Selector): { answer: ReadyAnswer; revision: bigint } | undefined {
    const entry = this.#entries.peek(keyOf(project, name));
    if (!entry) return undefined;
    try {
      const answer = entry.answers.get(selectVersion(entry, entry.labels, selector));
      return answer && { answer, revision: entry.revision };
    } catch (error) {
      if (error instanceof PromptlibError) return undefined;
      throw error;
    }
  }

  /** From the database, and remembered. Errors: `prompt_not_found`, `version_not_found`, `label_not_found`. */
  async read(db: Queries, project: ProjectRef, name: string, selector: Selector): Promise<ReadyAnswer> {
    const generation = this.#generation;
    const found = await findPrompt(db, project, name);
    if (!found) throw promptNotFound(name);
    const { prompt, labels } = found;
    const wanted = selectVersion(prompt, labels, selector);
    const row = await findVersion(db, prompt.id, wanted);
    const answer = readyAnswer(presentPrompt(project.name, prompt, row, labels), name, {
      promptId: prompt.id,
      revision: prompt.revision,
    });
    if (generation === this.#generation) this.#remember(keyOf(project, name), prompt, labels, wanted, answer);
    return answer;
  }

  #remember(
    key: string,
    prompt: { id: Id; revision: string; name: string; newest: number },
    labels: LabelMap,
    version: number,
    answer: ReadyAnswer,
  ): void {
    const revision = BigInt(prompt.revision);
    // A change came while this was read: it was told all the same, so it can be recalled.
    const outdated = (this.#lastChanges.get(prompt.id) ?? 0n) > revision;
    const before = this.#entries.peek(key);
    if (before && before.id === prompt.id && before.revision > revision) return;
    // Two prompts that exchange a name: the one before is not found under it any more.
    if (before && before.id !== prompt.id) this.#forgetKey(before.id, key);
    const same = before?.id === prompt.id && before.revision === revision;
    const answers = new Map(same ? before.answers : []).set(version, answer);
    const keys = this.#keysById.get(prompt.id);
    if (keys) keys.add(key);
    else this.#keysById.set(prompt.id, new Set([key]));
    const { id, name, newest } = prompt;
    this.#entries.set(key, { id, revision, name, newest, labels, outdated, answers });
  }

  forget(changes: readonly RecordedChange[]): void {
    for (const { kind, subject, revision } of changes) {
      if (kind !== "prompt") continue;
      const seen = this.#lastChanges.get(subject) ?? 0n;
      if (revision > seen) this.#lastChanges.set(subject, revision);
      for (const { entry } of this.#olderThan(subject, revision)) entry.outdated = true;
    }
  }

  /** The mirror holds these changes: what was known before them is of no use any more. */
  mirrored(changes: readonly RecordedChange[]): void {
    for (const { kind, subject, revision } of changes) {
      const found = kind === "prompt" ? this.#olderThan(subject, revision) : [];
      for (const { key } of found) this.#entries.delete(key);
    }
  }

  #olderThan(id: Id, revision: bigint): { key: string; entry: ReadyPrompt }[] {
    return [...(this.#keysById.get(id) ?? [])].flatMap((key) => {
      const entry = this.#entries.peek(key);
      return entry && entry.revision < revision ? [{ key, entry }] : [];
    });
  }

  #forgetKey(id: Id, key: string): void {
    const keys = this.#keysById.get(id);
    keys?.delete(key);
    if (keys?.size === 0) this.#keysById.delete(id);
  }

  clear(): void {
    this.#generation += 1;
    this.#entries.clear();
    this.#keysById.clear();
    this.#lastChanges.clear();
  }
}

function keyOf(project: ProjectRef, name: string): string {
  return `${project.id}\n${name}`;
}

function sizeOf(entry: ReadyPrompt, key: string): number {
  let size = ENTRY_OVERHEAD + 2 * key.length;
  for (const { bytes } of entry.answers.values()) size += ANSWER_OVERHEAD + bytes.length;
  return size;
}

/** `asked`: the name under which it was asked for. */
export function readyAnswer<T extends Pick<Prompt, "version" | "name">>(
  answer: T,
  asked = answer.name,
  about: Pick<ReadyAnswer, "promptId" | "revision"> = { promptId: null, revision: null },
): ReadyAnswer {
  const text = JSON.stringify(answer);
  // Not Buffer.from: it cuts small ones out of shared blocks, and one that stays would keep its whole block.
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  const hash = createHash("sha256").update(bytes).digest("base64url").slice(0, 22);
  const renamedTo = asked === answer.name ? null : answer.name;
  return { bytes, etag: `"${answer.version}-${hash}"`, renamedTo, ...about };
}

/** The prompt that an answer says. */
export function promptOf({ bytes }: ReadyAnswer): Prompt {
  return JSON.parse(bytes.toString());
}
