/** Our side of the bench, driven from outside: what recovery-worker.ts is told, and what it tells. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type pg from "pg";
import { until } from "../src/base/clock.ts";
import type { PhaseTime } from "../src/contract/recovery.ts";
import { parseLsn } from "../src/postgres/lsn.ts";
import type { Postgres } from "./recovery-postgres.ts";
import { dropSlots } from "./recovery-postgres.ts";
import type { Programs } from "./recovery-programs.ts";

const WORKER = fileURLToPath(new URL("recovery-worker.ts", import.meta.url));

export interface Order {
  verb: "backup" | "read" | "restore" | "receive";
  /** Where it may put things. */
  directory: string;
  /** Of the home. */
  recovery: string;
  location: string;
  connection: pg.ClientConfig;
}

/** Times are of the machine's monotonic clock, ms, which all processes share. */
export type Told =
  | { type: "answers"; connection: pg.ClientConfig; phases: PhaseTime[]; segments: number }
  | { type: "state"; state: string; problem: string | null }
  | { type: "durable"; end: string; at: number };

/** One life of the database, as our side sees it: its own folder for backups and WAL. */
export type Life = Pick<Order, "directory" | "recovery" | "location">;

export async function makeLife({ directory }: Programs, name: string): Promise<Life> {
  const at = join(directory, name);
  await mkdir(at, { mode: 0o711 });
  const life = { directory: at, recovery: join(at, "recovery"), location: join(at, "location") };
  await mkdir(life.recovery);
  return life;
}

export function worker(verb: Order["verb"], life: Life, { connection }: Postgres): [string, string[]] {
  const { host, port, user, database } = connection;
  const order: Order = { verb, ...life, connection: { host, port, user, database } };
  return [process.execPath, [WORKER, JSON.stringify(order)]];
}

/** As `worker`, in the background. `heard` is told everything. */
export function startWorker(
  programs: Programs,
  [file, args]: [string, string[]],
  heard: (message: Told) => void,
): ChildProcess {
  const child = programs.start(file, args, { ours: true, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  child.on("message", (message) => heard(message as Told));
  return child;
}

export interface Receiving {
  /** When everything before the position was durable in the location: ms of the monotonic clock. */
  durable(position: string): Promise<number>;
  /** Waits until the location has everything. Answers the highest memory of the receiver, MiB. */
  stop(): Promise<number>;
}

/** Answers when WAL comes. */
export async function startReceiving(programs: Programs, postgres: Postgres, life: Life): Promise<Receiving> {
  const waiting = new Set<{ position: bigint; settle: (at: number) => void }>();
  const stored: { end: bigint; at: number }[] = [];
  let streaming = false;
  let problem: string | null = null;
  const child = startWorker(programs, worker("receive", life, postgres), (message) => {
    if (message.type === "state") [streaming, problem] = [message.state === "streaming", message.problem];
    if (message.type !== "durable") return;
    const { at } = message;
    const end: bigint = parseLsn(message.end);
    // Objects are stored in the order of the WAL.
    stored.push({ end, at });
    for (const one of waiting) {
      if (one.position > end) continue;
      waiting.delete(one);
      one.settle(at);
    }
  });
  const started = await until(() => streaming || child.exitCode !== null, { timeout: 30_000 });
  if (!started || child.exitCode !== null) throw new Error(`the receiver did not start: ${problem}`);
  const lost = once(child, "close").then(() => {
    throw new Error("the receiver ended");
  });
  // Whoever waits hears of it; at the end nobody does.
  lost.catch(() => {});
  return {
    async durable(text) {
      const position: bigint = parseLsn(text);
      const before = stored.find(({ end }) => end >= position);
      if (before) return before.at;
      const later = new Promise<number>((settle) => waiting.add({ position, settle }));
      return await Promise.race([later, lost]);
    },
    async stop() {
      const memory = await programs.end(child, "SIGTERM");
      await dropSlots(postgres);
      return memory;
    },
  };
}
