/** The process that receives WAL, kept running, and what it says of itself. */
import { Child, MORE_THREADS } from "../base/child.ts";
import { now } from "../base/clock.ts";
import { type FromChild, isMessage } from "../base/supervision.ts";
import { parseLsn } from "../postgres/lsn.ts";
import type { LostWal } from "../recovery/lost-wal.ts";
import type { ReadinessInput } from "../recovery/readiness.ts";
import type { ReceiverStatus } from "../recovery/receive-status.ts";

/** From `promptlib receive`. */
export interface FromReceiver {
  type: "wal";
  wal: ReceiverStatus;
}

interface ReceivingOptions {
  program: readonly string[];
  logs: string;
}

/** It stores what it has received first, for at most five seconds. */
const GRACE_MS = 10_000;

export class Receiving {
  readonly #options: ReceivingOptions;
  #child: Child | null = null;
  #status: ReceiverStatus | null = null;
  #lost: LostWal | null = null;
  /** The life of the database that was received last. */
  #incarnation: string | null = null;
  #streamedAt: Date | null = null;
  #wanted = false;
  /** The one that is on its way out: a second one must not write to the same spool. */
  #leaving: Promise<void> | null = null;

  constructor(options: ReceivingOptions) {
    this.#options = options;
  }

  /** As it last said. null: it said nothing yet. */
  get status(): ReceiverStatus | null {
    return this.#status;
  }

  /** WAL of the present life of the database that was lost for good; null: none. */
  get lost(): LostWal | null {
    return this.#lost;
  }

  get facts(): ReadinessInput["receiver"] {
    const { state: process } = this.#child?.status ?? { state: "stopped" };
    const [lost, streamedAt] = [this.#lost, this.#streamedAt];
    if (process !== "running") {
      return { state: `not running (its process is ${process})`, problem: null, lost, streamedAt };
    }
    return this.#status ? { state: this.#status.state, problem: this.#status.problem, lost, streamedAt } : null;
  }

  /** When the one before has gone. */
  start(): void {
    this.#wanted = true;
    if (!this.#child && !this.#leaving) this.#begin();
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    this.#child = null;
    // The next one may be of another life of the database.
    this.#status = null;
    if (child) {
      this.#leaving = child.stop(GRACE_MS).finally(() => {
        this.#leaving = null;
        if (this.#wanted) this.#begin();
      });
    }
    await this.#leaving;
  }

  #begin(): void {
    const child: Child = new Child({
      name: "receive",
      command: () => [...this.#options.program, "receive"],
      logs: this.#options.logs,
      environment: MORE_THREADS,
      onStart() {},
      onMessage: (message) => this.#heard(child, message),
      onChange() {},
    });
    this.#child = child;
    child.start();
  }

  #heard(child: Child, message: unknown): void {
    if (isMessage<FromChild>(message, "ready")) child.ready();
    if (!isMessage<FromReceiver>(message, "wal") || child !== this.#child) return;
    this.#status = message.wal;
    if (message.wal.state === "streaming") this.#streamedAt = now();
    const { gap, incarnation } = message.wal;
    if (incarnation && incarnation !== this.#incarnation) {
      this.#incarnation = incarnation;
      this.#lost = null;
    }
    if (gap) this.#lost = { at: new Date(gap.at), to: parseLsn(gap.to) };
  }
}
