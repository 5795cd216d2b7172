/** How long a backup takes, how large it is, and how much memory it takes. */
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { print } from "./instance.ts";
import { bytesBelow, rotated, spread } from "./recovery-figures.ts";
import { type Life, worker } from "./recovery-ours.ts";
import type { PgBackRest } from "./recovery-pgbackrest.ts";
import { BIN, type Postgres } from "./recovery-postgres.ts";
import type { Programs, Ran } from "./recovery-programs.ts";

interface Way {
  name: string;
  /** Not timed. */
  prepare?(): Promise<void>;
  make(): Promise<Ran>;
  /** Where it lies afterwards; null: nowhere. */
  directory: string | null;
}

export interface Made {
  /** Of pg_basebackup: base.tar and pg_wal.tar, and base.tar.zst and pg_wal.tar. */
  plainTar: string;
  zstdTar: string;
}

/** Afterwards the last backup of each way lies there, for a restore. */
export async function benchBackup(
  programs: Programs,
  postgres: Postgres,
  { life, pgBackRest, rounds }: { life: Life; pgBackRest: PgBackRest; rounds: number },
): Promise<Made> {
  const made = { plainTar: join(programs.directory, "plain-tar"), zstdTar: join(programs.directory, "zstd-tar") };
  const ways = waysOf(programs, postgres, { life, pgBackRest, made });
  const figures = new Map(ways.map(({ name }) => [name, { runs: [] as Ran[], bytes: 0 }]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, prepare, make, directory } of rotated(ways, round)) {
      const own = figures.get(name);
      await prepare?.();
      await quiet(programs, postgres);
      own?.runs.push(await make());
      if (directory !== null && own) own.bytes = await bytesBelow(directory);
    }
    await pgBackRest.expire();
  }
  print(`### Backup (rounds: ${rounds})`, "", "| backup | seconds | stored MiB | memory MiB |", "|---|---|---|---|");
  for (const [name, { runs, bytes }] of figures) {
    const seconds = runs.map((run) => run.seconds);
    const memory = runs.map((run) => run.memory);
    print(`| ${name} | ${spread(seconds)} | ${bytes ? Math.round(bytes / 2 ** 20) : ""} | ${spread(memory, 0)} |`);
  }
  print("");
  return made;
}

function waysOf(
  programs: Programs,
  postgres: Postgres,
  { life, pgBackRest, made }: { life: Life; pgBackRest: PgBackRest; made: Made },
): Way[] {
  const baseBackup = async (directory: string, ...more: string[]) => {
    const args = ["-D", directory, "-Ft", "-X", "stream", "-c", "fast", ...more, ...postgres.at];
    return await programs.run(join(BIN, "pg_basebackup"), args);
  };
  const ours = async (verb: "backup" | "read") => await programs.run(...worker(verb, life, postgres), { ours: true });
  // Only the newest is kept, so that the disk holds it all.
  const tar = (directory: string, ...more: string[]) => ({
    directory,
    async prepare() {
      await rm(directory, { recursive: true, force: true });
      await programs.makeDirectory(basename(directory));
    },
    make: async () => await baseBackup(directory, ...more),
  });
  const backups = join(life.location, "backups");
  const repository = join(pgBackRest.repository, "backup/bench/latest");
  return [
    { name: "our client alone, hashed and thrown away", make: async () => await ours("read"), directory: null },
    { name: "pg_basebackup, plain tar", ...tar(made.plainTar) },
    {
      name: "**Prompt Library, zstd:3**",
      prepare: async () => await rm(backups, { recursive: true, force: true }),
      make: async () => await ours("backup"),
      directory: backups,
    },
    { name: "pg_basebackup, client-zstd:3", ...tar(made.zstdTar, "-Z", "client-zstd:3") },
    ...[1, 2].map((processes) => ({
      name: `pgBackRest, zst:3, ${processes} ${processes === 1 ? "process" : "processes"}`,
      make: async () => await pgBackRest.backup(processes),
      directory: `${repository}/`,
    })),
  ];
}

/** What was written before is on the disk, and a checkpoint has nothing to do. */
export async function quiet(programs: Programs, { ask }: Postgres): Promise<void> {
  await ask("checkpoint");
  await programs.run("sync", [], { ours: true });
}
