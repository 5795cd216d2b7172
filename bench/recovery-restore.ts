/** How long it takes from a backup to a server that takes connections and has left recovery, with all rows there. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { monotonic, until } from "../src/base/clock.ts";
import type { PhaseTime } from "../src/contract/recovery.ts";
import { median, memoryOf, print } from "./instance.ts";
import { type Made, quiet } from "./recovery-backup.ts";
import { rotated, spread } from "./recovery-figures.ts";
import { type Life, startWorker, type Told, worker } from "./recovery-ours.ts";
import type { PgBackRest } from "./recovery-pgbackrest.ts";
import { countRows, type Postgres, startPostgres } from "./recovery-postgres.ts";
import type { Programs, Ran } from "./recovery-programs.ts";

interface Restored {
  seconds: number;
  memory: number;
  rows: string;
  phases: PhaseTime[];
  /** Of WAL, that were fetched for it. */
  segments: number;
}

const LONGEST_MS = 600_000;

export async function benchRestore(
  programs: Programs,
  postgres: Postgres,
  { life, made, pgBackRest, rounds }: { life: Life; made: Made; pgBackRest: PgBackRest; rounds: number },
): Promise<void> {
  const untar = async (data: string, directory: string, ...more: string[]) => {
    const [base, wal] = [more.length > 0 ? "base.tar.zst" : "base.tar", "pg_wal.tar"].map((one) =>
      join(directory, one),
    );
    const script = `tar -C ${data} ${more.join(" ")} -xf ${base} && tar -C ${join(data, "pg_wal")} -xf ${wal}`;
    return await programs.run("/bin/sh", ["-c", script]);
  };
  const fetched = (fetch: (data: string) => Promise<Ran>) => async () => await fetchAndStart(programs, fetch);
  const ways: Record<string, () => Promise<Restored>> = {
    "**Prompt Library, zstd:3**": async () => await restoreOurs(programs, postgres, life),
    "tar of pg_basebackup, plain": fetched(async (data) => await untar(data, made.plainTar)),
    "tar of pg_basebackup, zstd": fetched(async (data) => await untar(data, made.zstdTar, "--zstd")),
    "pgBackRest, zst:3, 2 processes": fetched(async (data) => await pgBackRest.restore(data, 2)),
  };
  const expected = await countRows(postgres.connection);
  const figures = new Map<string, Restored[]>(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, way] of rotated(Object.entries(ways), round)) {
      await quiet(programs, postgres);
      const restored = await way();
      if (restored.rows !== expected) throw new Error(`${name}: ${restored.rows} rows, not ${expected}`);
      figures.get(name)?.push(restored);
    }
  }
  printRestore(figures, rounds, expected);
}

function printRestore(figures: Map<string, Restored[]>, rounds: number, rows: string): void {
  print(`### Restore, until connections are taken (rounds: ${rounds}; rows in each: ${rows})`, "");
  print("| restore | seconds | memory MiB |", "|---|---|---|");
  for (const [name, all] of figures) {
    const memory = all.map((one) => one.memory);
    print(`| ${name} | ${spread(all.map(({ seconds }) => seconds))} | ${spread(memory, 0)} |`);
  }
  const ours = [...figures.values()].find(([first]) => (first?.phases.length ?? 0) > 0) ?? [];
  const shares = (ours[0]?.phases ?? []).map(({ phase }, index) => {
    const seconds = ours.map(({ phases }) => phases[index]?.seconds ?? Number.NaN);
    return `${phase} ${median(seconds).toFixed(1)} s`;
  });
  print("", `Ours, phase by phase (medians): ${shares.join(", ")}; segments of WAL: ${ours[0]?.segments ?? 0}.`, "");
}

/** Whatever a copy was fetched with, its own PostgreSQL then recovers it. */
async function fetchAndStart(programs: Programs, fetch: (data: string) => Promise<Ran>): Promise<Restored> {
  const data = await programs.makeDirectory("restored");
  const own = await programs.makeDirectory("restored-socket");
  try {
    const began = monotonic();
    const { memory } = await fetch(data);
    const server = await startPostgres(programs, { data, socket: own, archive: false });
    const seconds = (monotonic() - began) / 1000;
    const rows = await countRows(server.connection);
    await server.stop();
    return { seconds, memory, rows, phases: [], segments: 0 };
  } finally {
    for (const path of [data, own]) await rm(path, { recursive: true, force: true });
  }
}

async function restoreOurs(programs: Programs, postgres: Postgres, life: Life): Promise<Restored> {
  const answers: Extract<Told, { type: "answers" }>[] = [];
  const began = monotonic();
  let seconds = 0;
  const child = startWorker(programs, worker("restore", life, postgres), (message) => {
    if (message.type !== "answers") return;
    seconds = (monotonic() - began) / 1000;
    answers.push(message);
  });
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  await until(() => answers.length > 0 || ended(), { timeout: LONGEST_MS });
  const [answer] = answers;
  if (!answer || ended()) throw new Error("our restore ended before its server answered");
  const { highest } = await memoryOf(child.pid ?? 0);
  const rows = await countRows(answer.connection);
  await programs.end(child, "SIGTERM");
  return { seconds, memory: highest, rows, phases: answer.phases, segments: answer.segments };
}
