/** A look at a restored server before it is put in place: where it is, and whether its tables can be read. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { PromptlibError } from "../contract/errors.ts";
import { connected } from "../postgres/connection.ts";
import { formatLsn, parseHistory, timelineName } from "../postgres/lsn.ts";
import type { Scratch } from "../postgres/scratch.ts";

export interface Restored {
  /** Of what it writes from now on. */
  timeline: number;
  /** What was replayed: everything before this position of the timeline that it left. */
  branch: { timeline: number; lsn: string };
  /** Time of the last commit that was replayed; ISO 8601, UTC. null: there was none behind the backup. */
  lastCommit: string | null;
  /** Recovery ended at its target, and not because the WAL did. False without a target. */
  targetReached: boolean;
}

/** Throws `restore_failed` where a database is missing or a table cannot be read. */
export async function lookAt(scratch: Scratch, data: string, databases: readonly string[]): Promise<Restored> {
  const { timeline, lastCommit } = await askServer(scratch);
  const history = await readFile(join(data, "pg_wal", `${timelineName(timeline)}.history`), "utf8");
  const branch = parseHistory(history).at(-1);
  if (!branch) throw failed("its history says nothing of where it comes from");
  for (const database of databases) await readTables(scratch, database);
  return {
    timeline,
    branch: { timeline: branch.timeline, lsn: formatLsn(branch.lsn) },
    lastCommit,
    targetReached: scratch.targetReached,
  };
}

async function askServer(scratch: Scratch): Promise<{ timeline: number; lastCommit: string | null }> {
  return await looking(scratch, "postgres", async (client) => {
    const { rows } = await client.query<{ file: string; at: Date | null }>(
      "select pg_walfile_name(pg_current_wal_insert_lsn()) as file, pg_last_xact_replay_timestamp() as at",
    );
    const timeline = Number.parseInt(rows[0]?.file.slice(0, 8) ?? "", 16);
    return { timeline, lastCommit: rows[0]?.at?.toISOString() ?? null };
  });
}

/** One row of each table: a file that is missing or torn shows here, and not to the first who asks. */
async function readTables(scratch: Scratch, database: string): Promise<void> {
  await looking(scratch, database, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select oid::regclass::text as name from pg_class
       where relkind in ('r', 'm') and relpersistence = 'p' and relispopulated`,
    );
    for (const { name } of rows) await client.query(`select from ${name} limit 1`);
  });
}

async function looking<T>(scratch: Scratch, database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  try {
    return await connected({ ...scratch.connection(database), connectionTimeoutMillis: 5_000 }, work);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    throw failed(`its database ${database} cannot be read: ${error.message}`, error);
  }
}

function failed(why: string, cause?: unknown): PromptlibError {
  return new PromptlibError("restore_failed", { message: `What was restored is not put in place: ${why}.`, cause });
}
