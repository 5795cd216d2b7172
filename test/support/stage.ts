/**
 * `up` with the fake server of fake-main.ts on a home of its own: started, watched, killed, and cleared away whatever
 * happened.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { expect } from "vitest";
import { until } from "../../src/base/clock.ts";
import { type Home, homeAt, readConfig } from "../../src/base/config.ts";
import { identityOf } from "../../src/base/lock.ts";
import { postgresConnection } from "../../src/postgres/connection.ts";
import { temporaryDirectory } from "./cluster.ts";
import { clearPrograms, nothingRuns } from "./programs.ts";

const main = fileURLToPath(new URL("./fake-main.ts", import.meta.url));

export interface Up {
  process: ChildProcess;
  printed(): string;
  ended: Promise<number | null>;
}

export interface Children {
  supervisor: number;
  children: {
    serve: { pid: number; state: string; restarts: number };
    guard?: { pid: number; state: string; postgres?: { pid: number; state: string } };
  };
}

export class Stage {
  readonly directory: string;
  readonly home: Home;

  static async make(): Promise<Stage> {
    return new Stage(await temporaryDirectory());
  }

  private constructor(directory: string) {
    this.directory = directory;
    this.home = homeAt(join(directory, "home"));
  }

  up(environment: Record<string, string> = {}): Up {
    const child = spawn(process.execPath, [main, "up"], {
      cwd: this.directory,
      env: {
        PATH: process.env.PATH ?? "",
        PROMPTLIB_HOME: this.home.root,
        PORT: "0",
        GUARDIAN_PORT: "0",
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (printed += data));
    return {
      process: child,
      printed: () => printed,
      ended: once(child, "close").then(([code]) => code as number | null),
    };
  }

  async children(): Promise<Children | null> {
    const text = await readFile(join(this.home.run, "children.json"), "utf8").catch(() => null);
    return text === null ? null : (JSON.parse(text) as Children);
  }

  /** Waits until all run, and answers who they are. */
  async allRunning(): Promise<Children & { postgres: number }> {
    const all = await until(
      async () => {
        const found = await this.children();
        const { serve, guard } = found?.children ?? {};
        const alive = found && pidsOf(found).every((pid) => identityOf(pid));
        const states = [serve?.state, guard?.state, guard?.postgres?.state];
        return alive && states.every((state) => state === "running") ? found : null;
      },
      { timeout: 30_000 },
    );
    if (!all) throw new Error(`not running: ${JSON.stringify(await this.children())}`);
    return { ...all, postgres: all.children.guard?.postgres?.pid ?? 0 };
  }

  async nothingRuns(): Promise<void> {
    await nothingRuns(this.home);
  }

  async clear(): Promise<void> {
    await clearPrograms(this.home);
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Requests and writes to the database without a pause, each failure kept. */
  traffic(url: string) {
    const failures: unknown[] = [];
    const answered = new Set<number>();
    let going = true;
    const loop = async (work: () => Promise<void>) => {
      while (going) await work().catch((error: unknown) => failures.push(error));
    };
    const requests = loop(async () => void answered.add(await answerer(url)));
    const writes = this.onDatabase(async (client) => {
      client.on("error", (error) => failures.push(error));
      await loop(async () => void (await client.query("insert into written values (now())")));
    });
    return {
      answered,
      async stop(): Promise<unknown[]> {
        going = false;
        await Promise.all([requests, writes]);
        return failures;
      },
    };
  }

  async onDatabase<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const { client: settings } = await postgresConnection(readConfig({ PROMPTLIB_HOME: this.home.root }), "owner");
    const client = new pg.Client(settings);
    await client.connect();
    try {
      await client.query("create table if not exists written (at timestamptz)");
      return await work(client);
    } finally {
      await client.end();
    }
  }
}

export async function ready(up: Up): Promise<string> {
  const url = await until(() => /ready at (\S+)/.exec(up.printed())?.[1], { timeout: 30_000 });
  if (!url) throw new Error(`not ready: ${up.printed()}`);
  return url;
}

export function pidsOf({ supervisor, children: { serve, guard } }: Children): number[] {
  return [supervisor, serve.pid, guard?.pid, guard?.postgres?.pid].filter((pid) => typeof pid === "number");
}

/** On a connection of its own, so that each asks whoever listens now. */
export async function answerer(url: string): Promise<number> {
  const response = await fetch(url, { headers: { connection: "close" } });
  return Number(await response.text());
}

export async function gone(pid: number): Promise<void> {
  expect(await until(() => identityOf(pid) === null, { timeout: 20_000, every: 2 })).toBe(true);
}
