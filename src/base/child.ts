/**
 * One child of `up`, kept running: whenever it ends, it is started again, later each time it lived but shortly.
 * One that stands still (stopped, or its event loop hangs) is no better than a dead one, and is ended.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { monotonic, now, sleep, until } from "./clock.ts";
import { DISK_AWAY, isErrno } from "./files.ts";
import { rotated } from "./log.ts";
import { Pulse } from "./pulse.ts";
import { SUPERVISED } from "./supervision.ts";

export type ChildState = "starting" | "running" | "unresponsive" | "waiting" | "stopping" | "stopped";

export interface ChildStatus {
  pid: number | null;
  state: ChildState;
  restarts: number;
  /** When this state began; ISO 8601, UTC. */
  since: string;
}

/**
 * Of a process that works in locations: syncing, compressing and each folder that hangs take a thread of libuv's pool,
 * which has four.
 */
export const MORE_THREADS = { UV_THREADPOOL_SIZE: "16" } as const;

interface ChildOptions {
  name: string;
  /** What starts it: Node's flags, the main file, the verb. Asked before each start. */
  command(): readonly string[];
  /** Beside the environment of this process. */
  environment?: Readonly<Record<string, string>>;
  /** Whatever the child prints although it has a log of its own lands in `<logs>/<name>.out`. */
  logs: string;
  onStart(child: ChildProcess): void;
  onMessage(message: unknown): void;
  onChange(): void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** After so long a life the next death counts as the first. */
const SETTLED_MS = 30_000;

export class Child {
  readonly name: string;
  readonly #options: ChildOptions;
  readonly #stopping = new AbortController();
  #status: ChildStatus = { pid: null, state: "waiting", restarts: 0, since: now().toISOString() };
  #process: ChildProcess | null = null;
  #pulse: Pulse | null = null;
  #running: Promise<void> | null = null;
  #ready = false;

  constructor(options: ChildOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get status(): ChildStatus {
    return this.#status;
  }

  start(): void {
    this.#running = this.#keepRunning();
  }

  /** It said that it is ready. */
  ready(): void {
    this.#ready = true;
    if (this.#status.state === "starting") this.#become("running");
  }

  /** SIGTERM, after `grace` ms SIGKILL. */
  async stop(grace: number): Promise<void> {
    this.#stopping.abort();
    this.#pulse?.stop();
    const running = this.#process;
    if (running) {
      this.#become("stopping");
      running.kill("SIGTERM");
      await until(() => this.#process === null, { timeout: grace, every: 10 });
      running.kill("SIGKILL");
    }
    await this.#running;
    this.#become("stopped");
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#stopping;
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const start = monotonic();
      await this.#live();
      if (signal.aborted) return;
      if (monotonic() - start > SETTLED_MS) pause = FIRST_PAUSE_MS;
      this.#become("waiting");
      await sleep(pause, signal).catch(() => {});
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      this.#status.restarts += 1;
    }
  }

  /** One life, from start to end. */
  async #live(): Promise<void> {
    const child = this.#spawn();
    if (!child) return;
    this.#process = child;
    this.#become("starting");
    const pulse = this.#pulseOf(child);
    this.#pulse = pulse;
    child.on("message", (message) => this.#options.onMessage(message));
    this.#options.onStart(child);
    await new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.on("error", () => {
        if (child.pid === undefined) resolve(); // it could not even be started; any other error is followed by its exit
      });
    });
    pulse.stop();
    this.#pulse = null;
    this.#process = null;
  }

  #pulseOf(child: ChildProcess): Pulse {
    this.#ready = false;
    const pulse = new Pulse({
      late: () => this.#become("unresponsive"),
      back: () => this.#become(this.#ready ? "running" : "starting"),
      dead: () => child.kill("SIGKILL"),
    });
    child.on("message", () => pulse.beat());
    return pulse;
  }

  /** null where the system would not have it now (full disk, disk gone): it is tried again like after a death. */
  #spawn(): ChildProcess | null {
    try {
      return this.#spawnNow();
    } catch (error) {
      if (isErrno(error, ...DISK_AWAY, "EMFILE", "ENFILE", "EAGAIN", "ENOMEM")) return null;
      throw error;
    }
  }

  #spawnNow(): ChildProcess {
    const { name, command, logs, environment } = this.#options;
    const output = openSync(rotated(join(logs, `${name}.out`)), "a", 0o600);
    try {
      // A session of its own: the terminal's Ctrl-C reaches `up` alone, which stops everything in order.
      return spawn(process.execPath, command(), {
        detached: true,
        stdio: ["ignore", output, output, "ipc"],
        env: { ...process.env, ...environment, [SUPERVISED]: "1" },
      });
    } finally {
      closeSync(output);
    }
  }

  #become(state: ChildState): void {
    this.#status = { ...this.#status, state, pid: this.#process?.pid ?? null, since: now().toISOString() };
    this.#options.onChange();
  }
}
