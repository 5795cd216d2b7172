/** What a reader holds in memory: for each name and label or version the last good answer, and what became of it. */
import type { PromptlibError } from "../contract/errors.ts";
import type { FetchedPrompt, WhichVersion } from "./prompts.ts";

export interface Held {
  readonly name: string;
  readonly which: WhichVersion;
  /** The last good answer. */
  answer: Pick<FetchedPrompt, "prompt" | "etag" | "revision"> | null;
  /** The last to confirm it was a server without its database. */
  fromMirror: boolean;
  /** When the request began by which the server confirmed it, in ms of performance.now. */
  confirmedAt: number;
  /** Something was told since. */
  suspect: boolean;
  /** The library has no such thing, as the server said with its database. */
  gone: PromptlibError | null;
  /** What kept it from being confirmed, the last time that this was tried; null: nothing did. */
  trouble: PromptlibError | null;
  /** The request that is under way. */
  asking: Promise<void> | null;
}

export class HeldPrompts {
  readonly #held = new Map<string, Held>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What is held of it, if only that it was asked for. */
  take(asked: string, which: WhichVersion): Held {
    const name = asked.normalize("NFC");
    const key = JSON.stringify([name, which.version ?? which.label ?? "latest"]);
    const known = this.#held.get(key);
    const held = known ?? newlyHeld(name, which);
    this.#held.delete(key);
    this.#held.set(key, held);
    if (!known) this.makeRoom();
    return held;
  }

  /**
   * Those that were not asked for longest go. Answers make room for answers alone: names that nobody answers, in an
   * outage say, push none out.
   */
  makeRoom(): void {
    if (this.#held.size <= this.#limit) return;
    const all = [...this.#held];
    const answered = all.filter(([, { answer }]) => answer !== null);
    const others = all.filter(([, { answer }]) => answer === null);
    for (const these of [answered, others]) {
      for (const [key] of these.slice(0, Math.max(0, these.length - this.#limit))) this.#held.delete(key);
    }
  }

  /** Those that were asked for by one of the names, or answered with it. */
  named(names: ReadonlySet<string>): Held[] {
    return [...this.#held.values()].filter(
      ({ name, answer }) => names.has(name) || (answer && names.has(answer.prompt.name)),
    );
  }

  all(): IteratorObject<Held> {
    return this.#held.values();
  }
}

function newlyHeld(name: string, which: WhichVersion): Held {
  return {
    name,
    which,
    answer: null,
    fromMirror: false,
    confirmedAt: Number.NEGATIVE_INFINITY,
    suspect: false,
    gone: null,
    trouble: null,
    asking: null,
  };
}
