/**
 * The programs of one bench: started in process groups of their own, timed, their memory watched, and none of them left
 * behind, nor any file, however the bench ends: done, failed, or Ctrl-C.
 */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { monotonic, sleep, until } from "../src/base/clock.ts";
import { type Account, postgresAccount } from "../src/postgres/account.ts";
import { memoryOf, remove, temporaryDirectory } from "./instance.ts";

export interface Ran {
  seconds: number;
  /** The highest resident memory of each process, PostgreSQL's aside, added up: MiB. */
  memory: number;
  output: string;
}

const LOOK_EVERY_MS = 20;
const FAREWELL_MS = 15_000;

export class Programs {
  /** Everything lies below it. */
  readonly directory: string;
  /** What PostgreSQL runs as; null: as ourselves. */
  readonly account: Account | null;
  /** With the signal that ends each at once and without remains. */
  readonly #running = new Map<ChildProcess, NodeJS.Signals>();
  #closing: Promise<void> | null = null;
  /** Whether somebody ended the bench. */
  interrupted = false;

  private constructor(directory: string, account: Account | null) {
    this.directory = directory;
    this.account = account;
  }

  static async open(): Promise<Programs> {
    const account = await postgresAccount(null);
    const programs = new Programs(await temporaryDirectory(), account);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, programs.#interrupt);
    return programs;
  }

  readonly #interrupt = (): void => {
    this.interrupted = true;
    void this.close().finally(() => process.exit(130));
  };

  /** A directory that PostgreSQL's account owns. */
  async makeDirectory(name: string): Promise<string> {
    const path = join(this.directory, name);
    await mkdir(path, { mode: 0o700 });
    if (this.account) await chown(path, this.account.uid, this.account.gid);
    return path;
  }

  /** As PostgreSQL's account, unless told otherwise. */
  start(file: string, args: readonly string[], { ours = false, farewell = "SIGTERM", stdio }: Start): ChildProcess {
    if (this.#closing) throw new Error("the bench is ending");
    const as = this.account && !ours ? { uid: this.account.uid, gid: this.account.gid } : {};
    const child = spawn(file, args, { ...as, cwd: this.directory, detached: true, stdio });
    this.#running.set(child, farewell);
    child.once("close", () => this.#running.delete(child));
    child.on("error", () => this.#running.delete(child));
    return child;
  }

  /** Runs it to its end. Throws what it said when it failed. */
  async run(file: string, args: readonly string[], { ours }: Pick<Start, "ours"> = {}): Promise<Ran> {
    const began = monotonic();
    const child = this.start(file, args, { ours, stdio: ["ignore", "pipe", "pipe"] });
    let [output, said] = ["", ""];
    child.stdout?.on("data", (data: Buffer) => {
      output += data;
    });
    child.stderr?.on("data", (data: Buffer) => {
      said += data;
    });
    const memory = new MemoryWatch(child.pid ?? 0);
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    const seconds = (monotonic() - began) / 1000;
    await memory.stop();
    if (code !== 0) throw new Error(`${file} ${args.join(" ")} ended with ${code ?? signal}: ${said || output}`);
    return { seconds, memory: memory.highest, output };
  }

  /** Sends the signal and waits for the end. Answers the highest memory (MiB) that the process itself had. */
  async end(child: ChildProcess, signal: NodeJS.Signals): Promise<number> {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("a program ended before its time");
    const { highest } = await memoryOf(child.pid ?? 0);
    const closed = once(child, "close");
    child.kill(signal);
    await closed;
    return highest;
  }

  /** Ends everything and removes it. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    for (const [child, farewell] of this.#running) child.kill(farewell);
    await until(() => this.#running.size === 0, { timeout: FAREWELL_MS });
    // What lost its parent still works in our directory, which nobody else knows.
    for (let left = await workingBelow(this.directory); left.length > 0; left = await workingBelow(this.directory)) {
      for (const pid of left) endNow(pid);
      await sleep(LOOK_EVERY_MS);
    }
    await remove(this.directory);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, this.#interrupt);
  }
}

interface Start {
  /** As ourselves, as the product's own processes run. */
  ours?: boolean;
  /** What ends it when the bench ends early; SIGTERM unless told otherwise. */
  farewell?: NodeJS.Signals;
  stdio: SpawnOptions["stdio"];
}

/** The memory of a program and of everything that it starts, as long as it runs. */
class MemoryWatch {
  readonly #highest = new Map<number, number>();
  readonly #done: Promise<void>;
  #going = true;

  constructor(pid: number) {
    this.#done = this.#watch(pid);
  }

  get highest(): number {
    return [...this.#highest.values()].reduce((sum, one) => sum + one, 0);
  }

  async stop(): Promise<void> {
    this.#going = false;
    await this.#done;
  }

  async #watch(pid: number): Promise<void> {
    while (this.#going) {
      await this.#look(pid);
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** A process may end between two looks at it: what was seen before stays. */
  async #look(pid: number): Promise<void> {
    try {
      if ((await readFile(`/proc/${pid}/comm`, "utf8")).trim() === "postgres") return;
      const { highest } = await memoryOf(pid);
      if (highest > 0) this.#highest.set(pid, highest);
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
      for (const child of children.split(" ").filter(Boolean)) await this.#look(Number(child));
    } catch {}
  }
}

async function workingBelow(directory: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const at = await readlink(`/proc/${name}/cwd`).catch(() => "");
    if (at === directory || at.startsWith(`${directory}/`)) found.push(Number(name));
  }
  return found;
}

function endNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has just ended
  }
}
