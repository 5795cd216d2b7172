/** Asks the server again for what is held, and decides what an answer is worth. */
import { type ErrorCode, PromptlibError } from "../contract/errors.ts";
import { backOff } from "./back-off.ts";
import { isPrompt } from "./bundle.ts";
import type { Client } from "./client.ts";
import type { Held } from "./held.ts";
import type { FetchedPrompt } from "./prompts.ts";
import { aboutError } from "./transport.ts";

/** The library has no such thing, or not any more: what is held goes. Everything else may be wrong about it. */
const GONE: ReadonlySet<ErrorCode> = new Set([
  "prompt_not_found",
  "version_not_found",
  "label_not_found",
  "version_redacted",
]);
/** Another server of the same library may answer, and know of a change this much later. */
const COHERENT_MS = 1_500;
/** What is not there is not asked for more often. */
const GONE_MS = 1_000;

export class Refresher {
  readonly #client: Pick<Client, "refetchPrompt">;
  readonly #onTrouble: (error: PromptlibError) => void;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #failures = 0;
  #restUntil = Number.NEGATIVE_INFINITY;

  constructor(client: Pick<Client, "refetchPrompt">, onTrouble: (error: PromptlibError) => void) {
    this.#client = client;
    this.#onTrouble = onTrouble;
  }

  /** The last that was heard of the server was no good answer: nobody needs to wait for it. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /**
   * Answers what went wrong, or null; `one` holds the rest. While the server is left alone, it is asked only where it
   * must be. Never throws.
   */
  async refresh(one: Held, { must = false } = {}): Promise<PromptlibError | null> {
    const rests = performance.now() < this.#restUntil;
    if (one.gone && !one.suspect && performance.now() - one.confirmedAt < GONE_MS) return null;
    if (!one.asking) {
      if (rests && !must) return one.trouble;
      one.asking = this.#ask(one).finally(() => {
        one.asking = null;
      });
    }
    await one.asking;
    return one.trouble;
  }

  /** It need not be left alone any longer. */
  serverIsBack(): void {
    this.#restUntil = Number.NEGATIVE_INFINITY;
  }

  /** Something was told of these. */
  changed(these: readonly Held[]): void {
    if (these.length === 0) return;
    this.#again(these);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#again(these);
    }, COHERENT_MS);
    this.#timers.add(timer);
  }

  #again(these: readonly Held[]): void {
    for (const one of these) {
      one.suspect = true;
      // One that is under way may have been answered before the change.
      void (one.asking ?? Promise.resolve()).then(() => (one.suspect ? this.refresh(one) : null));
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #ask(one: Held): Promise<void> {
    const began = performance.now();
    const { suspect } = one;
    one.suspect = false;
    try {
      const { etag = null } = one.answer ?? {};
      const fetched = await this.#client.refetchPrompt(one.name, {
        ...one.which,
        ...(etag === null ? {} : { ifNoneMatch: etag }),
      });
      if (fetched.prompt !== null) this.#take(one, fetched);
      else if (one.answer) one.answer.revision = newer(fetched.revision, one.answer.revision);
      one.fromMirror = fetched.servedFrom === "mirror";
      // What was told may not have reached that server before its database went.
      if (fetched.prompt === null && one.fromMirror && suspect) one.suspect = true;
      this.#confirmed(one, began, null);
    } catch (error) {
      this.#failed(one, began, error);
    }
  }

  #take(one: Held, fetched: FetchedPrompt): void {
    const { prompt, etag, servedFrom, renamedTo, revision } = fetched;
    const { version } = one.which;
    const isIt = isPrompt(prompt) && (prompt.name === one.name || prompt.name === renamedTo);
    if (!isIt || (version !== undefined && prompt.version !== version)) throw notThePrompt(one.name);
    // Without its database a server may know less than we do.
    if (servedFrom === "mirror" && one.answer && isOlder(fetched, one.answer)) throw knowsLess(one.name);
    one.answer = { prompt, etag, revision };
  }

  #failed(one: Held, began: number, error: unknown): void {
    const known = error instanceof PromptlibError ? error : new PromptlibError("internal", { cause: error });
    const about = aboutError(known);
    if (GONE.has(known.code) && about?.servedFrom === "database") {
      one.answer = null;
      this.#confirmed(one, began, known);
      return;
    }
    one.suspect = true;
    one.trouble = known;
    this.#onTrouble(known);
    // A name or label that cannot be is whoever asked for it to mend: the server is as well as before.
    if (known.code === "invalid_request") return;
    this.#restUntil = performance.now() + backOff(this.#failures, about?.retryAfterMs ?? 0);
    this.#failures += 1;
  }

  #confirmed(one: Held, began: number, gone: PromptlibError | null): void {
    one.confirmedAt = began;
    one.gone = gone;
    one.trouble = null;
    this.#failures = 0;
    this.serverIsBack();
  }
}

function newer(one: bigint | null, other: bigint | null): bigint | null {
  if (one === null || other === null) return one ?? other;
  return one > other ? one : other;
}

/** A label may have moved without a new version. */
function isOlder(one: NonNullable<Held["answer"]>, than: NonNullable<Held["answer"]>): boolean {
  if (one.revision !== null && than.revision !== null) return one.revision < than.revision;
  return one.prompt.newest < than.prompt.newest;
}

function notThePrompt(name: string): PromptlibError {
  return new PromptlibError("server_unreachable", {
    message: `What was answered is not the prompt “${name}”.`,
    hint: "Check the address and any proxy in between.",
  });
}

function knowsLess(name: string): PromptlibError {
  return new PromptlibError("database_unavailable", {
    message: `The server is without its database, and knows an older “${name}” than was read before.`,
  });
}
