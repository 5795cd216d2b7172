/** What a reader holds in memory: for each name and label or version the last good answer, and what became of it. */
import type { PromptlibError } from "../contract/errors.ts";
import type { Prompt } from "../contract/shapes.ts";
import type { WhichVersion } from "./prompts.ts";

export interface Held {
  readonly name: string;
  readonly which: WhichVersion;
  /** The last good answer. */
  answer: { prompt: Prompt; etag: string | null } | null;
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

  /** What is held of it, if only that it was asked for. The one that was not asked for longest makes room. */
  take(asked: string, which: WhichVersion): Held {
    const name = asked.normalize("NFC");
    const key = JSON.stringify([name, which.version ?? which.label ?? "latest"]);
    const held = this.#held.get(key) ?? newlyHeld(name, which);
    this.#held.delete(key);
    this.#held.set(key, held);
    const [oldest] = this.#held.keys();
    if (this.#held.size > this.#limit && oldest !== undefined) this.#held.delete(oldest);
    return held;
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
    confirmedAt: Number.NEGATIVE_INFINITY,
    suspect: false,
    gone: null,
    trouble: null,
    asking: null,
  };
}
