/** The supervisor: starts `guard` and `serve`, starts again what dies, hands the listening socket on, stops in order. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Child, MORE_THREADS } from "../base/child.ts";
import type { Config } from "../base/config.ts";
import { DISK_AWAY, isErrno } from "../base/files.ts";
import { outlive } from "../base/home.ts";
import { type ListeningSocket, sendSocket } from "../base/listening-socket.ts";
import { type FromChild, isMessage, type PostgresStatus } from "../base/supervision.ts";
import { isErrorCode, PromptlibError } from "../contract/errors.ts";

export type ChildName = "serve" | "guard";

interface SupervisorOptions {
  config: Config;
  /** What starts this program again: Node's flags and the main file. */
  program: readonly string[];
  socket: ListeningSocket;
  /** Those that ran under a supervisor that was killed: that they are refused now is then no fault of the start. */
  settled: readonly ChildName[];
  events: SupervisorEvents;
}

interface SupervisorEvents {
  /** Once: the server listens, and PostgreSQL answers, or it is known that it does not. */
  onReady(url: string): void;
  onServing(): void;
  onPostgres(postgres: PostgresStatus): void;
  onFirstAdmin(username: string, password: string): void;
}

/** A disk that took nothing is asked again after so long. */
const REWRITE_MS = 2_000;
/** Requests in flight get so long. */
const SERVE_GRACE_MS = 6_000;
/** What a guard that was killed left ends by itself. */
const ORPHAN_MS = 15_000;
/** PostgreSQL stops fast within 30 s, immediately within 10 more. */
const GUARD_GRACE_MS = 45_000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #serve: Child;
  /** null: the PostgreSQL is not ours, so there is nothing to guard. */
  readonly #guard: Child | null;
  readonly #settled = new Set<Child>();
  readonly #over = Promise.withResolvers<PromptlibError | null>();
  #postgres: PostgresStatus | null = null;
  #url: string | null = null;
  #announced = false;
  #rewrite: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#serve = this.#child("serve");
    this.#guard = options.config.database ? null : this.#child("guard");
    for (const child of this.#children())
      if (options.settled.some((name) => name === child.name)) this.#settled.add(child);
  }

  /** Runs until `stop` (answers null) or until a child refuses to start (answers why). Nothing runs then. */
  async run(): Promise<PromptlibError | null> {
    for (const child of this.#children()) child.start();
    const refusal = await this.#over.promise;
    await this.#stopped;
    return refusal;
  }

  stop(refusal: PromptlibError | null = null): void {
    this.#stopped ??= this.#stop();
    this.#over.resolve(refusal);
  }

  async #stop(): Promise<void> {
    await this.#serve.stop(SERVE_GRACE_MS);
    await this.#guard?.stop(GUARD_GRACE_MS);
    if (this.#guard) {
      // A guard that was killed a moment ago leaves PostgreSQL to the next one, which will not come.
      for (const name of ["job.lock", "receive.lock"] as const)
        await outlive(this.#options.config.home, name, ORPHAN_MS);
      const { stopLeftOver } = await import("../postgres/cluster.ts");
      await stopLeftOver(this.#options.config.home);
    }
    this.#options.socket.close();
    clearTimeout(this.#rewrite);
    rmSync(this.#file(), { force: true });
  }

  #children(): Child[] {
    return this.#guard ? [this.#guard, this.#serve] : [this.#serve];
  }

  #child(name: ChildName): Child {
    const { config, program, socket } = this.#options;
    const child: Child = new Child({
      name,
      // Once there was a database, a home without one is a disk that went away, not a first start.
      command: () => [...program, name, ...(name === "guard" && this.#settled.has(child) ? ["--existing"] : [])],
      ...(name === "guard" ? { environment: MORE_THREADS } : {}),
      logs: config.home.logs,
      onStart(process) {
        if (name === "serve") sendSocket(process, { type: "listen" }, socket);
      },
      onMessage: (message) => this.#heard(child, message),
      onChange: () => this.#write(),
    });
    return child;
  }

  #heard(child: Child, message: unknown): void {
    if (!isMessage<FromChild>(message, "ready", "refused", "first-admin", "postgres")) return;
    const { events } = this.#options;
    switch (message.type) {
      case "ready":
        this.#settled.add(child);
        child.ready();
        if (message.url) this.#url = message.url;
        if (child === this.#serve) events.onServing();
        break;
      case "refused":
        // What once ran is tried again, but for a database that this program must not touch.
        if (!this.#settled.has(child) || message.error.code === "database_newer") this.stop(refusal(message.error));
        break;
      case "first-admin":
        events.onFirstAdmin(message.username, message.password);
        break;
      case "postgres":
        this.#postgres = message.postgres;
        events.onPostgres(message.postgres);
        this.#write();
        break;
    }
    this.#announce();
  }

  #announce(): void {
    const known = !this.#guard || ["running", "failed"].includes(this.#postgres?.state ?? "");
    if (this.#announced || this.#stopped || !known || this.#url === null) return;
    this.#announced = true;
    this.#options.events.onReady(this.#url);
  }

  #file(): string {
    return join(this.#options.config.home.run, "children.json");
  }

  /** Worthless after a crash of the machine, so not synced; renamed, so that readers see all of it. */
  #write(): void {
    const children = {
      serve: this.#serve.status,
      ...(this.#guard ? { guard: { ...this.#guard.status, postgres: this.#postgres ?? undefined } } : {}),
    };
    const temporary = `${this.#file()}~${process.pid}.tmp`;
    try {
      writeFileSync(temporary, `${JSON.stringify({ supervisor: process.pid, children }, null, 2)}\n`, { mode: 0o600 });
      renameSync(temporary, this.#file());
    } catch (error) {
      if (!isErrno(error, ...DISK_AWAY)) throw error;
      // It only informs, but not for ever wrongly.
      clearTimeout(this.#rewrite);
      if (!this.#stopped) this.#rewrite = setTimeout(() => this.#write(), REWRITE_MS).unref();
    }
  }
}

function refusal({
  code,
  ...rest
}: {
  code: string;
  message: string;
  hint: string;
  details?: unknown;
}): PromptlibError {
  return new PromptlibError(isErrorCode(code) ? code : "internal", rest);
}
