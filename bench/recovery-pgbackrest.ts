/** pgBackRest beside us: a repository in the bench's directory, WAL included. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Postgres, setArchiving } from "./recovery-postgres.ts";
import type { Programs, Ran } from "./recovery-programs.ts";

export interface PgBackRest {
  version: string;
  repository: string;
  backup(processes: number): Promise<Ran>;
  /** Into a directory that PostgreSQL's account owns. */
  restore(data: string, processes: number): Promise<Ran>;
  /** All but the newest backup, and WAL that no backup needs. */
  expire(): Promise<void>;
}

/** Without the WAL that was written after the backup. */
const TO_ITS_END = ["--type=immediate", "--target-action=promote", "--archive-mode=off"];

/** From now on PostgreSQL archives into it. */
export async function openPgBackRest(programs: Programs, postgres: Postgres): Promise<PgBackRest> {
  const directory = await programs.makeDirectory("pgbackrest");
  const repository = join(directory, "repository");
  const config = join(programs.directory, "pgbackrest.conf");
  await writeFile(config, configuration(directory, repository, postgres), { mode: 0o644 });
  const common = [`--config=${config}`, "--stanza=bench"];
  const run = async (...args: string[]) => await programs.run("pgbackrest", [...common, ...args]);
  const { output } = await programs.run("pgbackrest", ["version"]);
  await run("stanza-create");
  await setArchiving(postgres, `pgbackrest ${common.join(" ")} archive-push %p`);
  return {
    version: output.trim(),
    repository,
    backup: async (processes) => await run("--type=full", `--process-max=${processes}`, "backup"),
    restore: async (data, processes) =>
      await run(`--pg1-path=${data}`, `--process-max=${processes}`, ...TO_ITS_END, "restore"),
    async expire() {
      await run("expire");
    },
  };
}

function configuration(directory: string, repository: string, { data, socket, connection }: Postgres): string {
  return `[global]
repo1-path=${repository}
repo1-retention-full=1
expire-auto=n
compress-type=zst
compress-level=3
start-fast=y
log-level-console=error
log-level-file=off
log-path=${directory}
lock-path=${directory}
spool-path=${directory}

[bench]
pg1-path=${data}
pg1-socket-path=${socket}
pg1-port=${connection.port}
pg1-user=postgres
`;
}
