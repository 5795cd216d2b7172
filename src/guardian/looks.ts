/**
 * What locations hold and what a restore would do, looked up for those who ask over HTTP: by processes of their own,
 * since a folder that hangs or a store with a million objects must not keep the guardian from watching.
 */
import type { ChildProcess } from "node:child_process";
import { monotonic, sleep } from "../base/clock.ts";
import type { FromJob } from "../base/job-channel.ts";
import { isMessage } from "../base/supervision.ts";
import { isErrorCode, PromptlibError } from "../contract/errors.ts";
import type { PlanRequest } from "../contract/recovery-shapes.ts";
import { endOf, isWithoutMeans, type Launcher, spawnChild } from "./child.ts";

interface LooksOptions extends Launcher {
  /** ms that who asks waits at most; another one only in tests. */
  patience?: number;
}

/** The server waits a little longer. */
const PATIENCE_MS = 20_000;
/** What takes longer hangs. */
const LONGEST_MS = 120_000;
const FRESH_MS = 5_000;
const AT_ONCE = 4;

export class Looks {
  readonly #options: LooksOptions;
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #children = new Set<ChildProcess>();
  #info: { at: number; value: unknown } | null = null;
  /** What a look that began in another turn sees may be outdated. */
  #turn = 0;

  constructor(options: LooksOptions) {
    this.#options = options;
  }

  /** A RecoveryInfo. The last one where locations take too long now: it says when it was seen. */
  async info(): Promise<unknown> {
    if (this.#info && monotonic() - this.#info.at < FRESH_MS) return this.#info.value;
    try {
      return await this.#patiently(this.#look("info", {}));
    } catch (error) {
      const late = error instanceof PromptlibError && error.code === "location_unavailable";
      if (late && this.#info) return this.#info.value;
      throw error;
    }
  }

  /** A ToldPlan. */
  async plan(request: PlanRequest): Promise<unknown> {
    return await this.#patiently(this.#look("plan", request));
  }

  /** A job has ended: what was seen before is old. */
  changed(): void {
    this.#turn += 1;
    if (this.#info) this.#info.at = Number.NEGATIVE_INFINITY;
  }

  stop(): void {
    for (const child of this.#children) child.kill("SIGKILL");
  }

  async #patiently(look: Promise<unknown>): Promise<unknown> {
    const { patience = PATIENCE_MS } = this.#options;
    const over = new AbortController();
    const late = sleep(patience, over.signal).then(() => {
      throw new PromptlibError("location_unavailable", {
        message: `The locations of backups did not answer within ${patience / 1000} s.`,
        hint: "One of them hangs: look at what it is mounted from. Ask again, it may have answered meanwhile.",
      });
    });
    late.catch(() => {});
    try {
      return await Promise.race([look, late]);
    } finally {
      over.abort();
    }
  }

  /** Who asks the same meanwhile is answered by the same look. */
  #look(what: "info" | "plan", options: object): Promise<unknown> {
    const key = `${this.#turn} ${what} ${JSON.stringify(options)}`;
    const running = this.#running.get(key);
    if (running) return running;
    if (this.#running.size >= AT_ONCE) throw busy();
    const look = this.#spawned(what, options).finally(() => this.#running.delete(key));
    this.#running.set(key, look);
    const turn = this.#turn;
    look.then(
      (value) => {
        if (what === "info") this.#info = { at: turn === this.#turn ? monotonic() : Number.NEGATIVE_INFINITY, value };
      },
      () => {}, // told to who asked
    );
    return look;
  }

  async #spawned(what: string, options: object): Promise<unknown> {
    const child = this.#spawn(what, options);
    this.#children.add(child);
    const limit = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
    try {
      return await answerOf(child);
    } finally {
      clearTimeout(limit);
      this.#children.delete(child);
    }
  }

  #spawn(what: string, options: object): ChildProcess {
    try {
      return spawnChild(this.#options, ["look", what, JSON.stringify(options)]);
    } catch (error) {
      if (!isWithoutMeans(error)) throw error;
      throw new PromptlibError("internal", { message: `Nobody can look: ${error.message}`, cause: error });
    }
  }
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  child.on("message", (message) => {
    if (!isMessage<FromJob>(message, "result", "failed")) return;
    if (message.type === "result") resolve(message.result);
    if (message.type !== "failed") return;
    const { code, ...told } = message.error;
    reject(new PromptlibError(isErrorCode(code) ? code : "internal", told));
  });
  child.once("error", reject);
  void endOf(child).then((how) => reject(new PromptlibError("interrupted", { message: `The look ended (${how}).` })));
  return await promise;
}

function busy(): PromptlibError {
  return new PromptlibError("job_running", {
    message: "Others are looking at the locations already.",
    hint: "Ask again in a moment.",
  });
}
