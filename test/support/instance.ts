/** A whole Prompt Library as a user starts it: `promptlib up` on a home of its own, and the real command line. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../../src/base/clock.ts";
import { type Home, homeAt } from "../../src/base/config.ts";
import { temporaryDirectory } from "./cluster.ts";
import { kill } from "./kill.ts";
import { clearPrograms, programsOf } from "./programs.ts";

export const launcher = fileURLToPath(new URL("../../bin/promptlib", import.meta.url));

interface Account {
  uid: number;
  gid: number;
}

interface Options {
  /** Holds the home, and is removed at the end; else a new one below /tmp. */
  directory?: string;
  /** Runs everything as this account; else as the one that runs the tests. */
  account?: Account;
}

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Processes {
  supervisor: number;
  serve: number;
  guard: number;
  postgres: number;
}

export class Instance {
  readonly directory: string;
  readonly home: Home;
  readonly #environment: Record<string, string>;
  readonly #account: Account | undefined;
  #process: ChildProcess | null = null;
  #printed = "";

  static async make(environment: Record<string, string> = {}, { directory, account }: Options = {}): Promise<Instance> {
    return new Instance(directory ?? (await temporaryDirectory()), environment, account);
  }

  private constructor(directory: string, environment: Record<string, string>, account: Account | undefined) {
    this.directory = directory;
    this.#account = account;
    this.home = homeAt(join(directory, "home"));
    this.#environment = {
      PATH: process.env.PATH ?? "",
      PROMPTLIB_HOME: this.home.root,
      PORT: "0",
      GUARDIAN_PORT: "0",
      ...environment,
    };
  }

  get printed(): string {
    return this.#printed;
  }

  /** Answers the address when it is ready, everything in it included. */
  async start(env: Record<string, string> = {}): Promise<string> {
    const url = await this.startAnyhow(env);
    await this.healthy(url);
    return url;
  }

  /** Answers the address as soon as it is told, whatever the health. */
  async startAnyhow(env: Record<string, string> = {}, command = launcher): Promise<string> {
    const child = spawn(command, ["up"], {
      cwd: this.directory,
      env: { ...this.#environment, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      ...this.#account,
    });
    this.#process = child;
    this.#printed = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (this.#printed += data));
    const url = await until(() => /ready at (\S+)/.exec(this.#printed)?.[1], { timeout: 60_000 });
    if (!url) throw new Error(`it did not start: ${this.#printed}`);
    return url;
  }

  async healthy(url: string): Promise<void> {
    const healthy = await until(() => health(url).then((status) => status === "healthy"), { timeout: 60_000 });
    if (!healthy) throw new Error(`it did not become healthy: ${this.#printed}`);
  }

  /** Runs one verb of the command line to its end. */
  async run(
    args: string[],
    { input = "", env = {} }: { input?: string; env?: Record<string, string> } = {},
  ): Promise<Ran> {
    const child = spawn(launcher, args, {
      cwd: this.directory,
      env: { ...this.#environment, ...env },
      ...this.#account,
    });
    const ran = { stdout: "", stderr: "" };
    child.stdout.on("data", (data) => (ran.stdout += data));
    child.stderr.on("data", (data) => (ran.stderr += data));
    child.stdin.on("error", () => {}); // a verb that reads nothing may be gone before it is written
    child.stdin.end(input);
    const [code] = await once(child, "close");
    return { code, ...ran };
  }

  /** Process ids, as the supervisor wrote them down; 0 for one that it does not know (yet). */
  async processes(): Promise<Processes> {
    const { supervisor, children } = JSON.parse(await readFile(join(this.home.run, "children.json"), "utf8"));
    return {
      supervisor,
      serve: children.serve?.pid ?? 0,
      guard: children.guard?.pid ?? 0,
      postgres: children.guard?.postgres?.pid ?? 0,
    };
  }

  /** SIGTERM, as Ctrl-C or a container's end; answers the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#process;
    if (child?.signalCode) await this.#stopSuccessor();
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const closed = once(child, "close");
    child.kill("SIGTERM");
    const [code] = await closed;
    return code;
  }

  /** Where `up` was killed, another one took its place, or is about to. */
  async #stopSuccessor(): Promise<void> {
    const successor = await until(
      async () => {
        const running = await programsOf(this.home);
        const { supervisor } = await this.processes().catch(() => ({ supervisor: 0 }));
        return running.length === 0 || running.includes(supervisor) ? { pid: supervisor } : null;
      },
      { timeout: 60_000 },
    );
    kill(successor?.pid ?? 0, "SIGTERM");
    await until(async () => (await programsOf(this.home)).length === 0, { timeout: 60_000 });
  }

  /** Whatever happened in the test, nothing of it is left. */
  async remove(): Promise<void> {
    await this.stop();
    await clearPrograms(this.home);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** healthy, degraded or down; "unreachable" when nobody answers. */
export async function health(url: string): Promise<string> {
  try {
    const response = await fetch(`${url}/api/system/health`);
    return ((await response.json()) as { status: string }).status;
  } catch {
    return "unreachable";
  }
}
