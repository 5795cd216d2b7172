/** How long what was committed is in danger: from the answer to COMMIT until its WAL is durable in the location. */
import { join } from "node:path";
import pg from "pg";
import { sleep } from "../src/base/clock.ts";
import { print } from "./instance.ts";
import { percentile } from "./recovery-figures.ts";
import { makeLife, type Receiving, startReceiving } from "./recovery-ours.ts";
import { BIN, type Postgres } from "./recovery-postgres.ts";
import type { Programs } from "./recovery-programs.ts";

/** Commits do not come in step with what is stored four times a second. */
const LONGEST_PAUSE_MS = 500;
const LOADED_EVERY_MS = 50;

export async function benchLag(
  programs: Programs,
  postgres: Postgres,
  { commits, loadSeconds }: { commits: number; loadSeconds: number },
): Promise<void> {
  const receiving = await startReceiving(programs, postgres, await makeLife(programs, "lag"));
  const client = new pg.Client(postgres.connection);
  client.on("error", () => {});
  await client.connect();
  try {
    const idle: number[] = [];
    for (let i = 0; i < commits; i++) {
      idle.push(await (await commit(client, receiving)).lag);
      await sleep(Math.random() * LONGEST_PAUSE_MS);
    }
    const loaded = await underLoad(programs, postgres, { client, receiving, seconds: loadSeconds });
    const memory = await receiving.stop();
    print("### From COMMIT to durable in the location", "", "| | commits | p50 ms | p95 ms | longest ms |");
    print("|---|---|---|---|---|", row("idle, single commits", idle), row("under pgbench -c 4", loaded), "");
    print(`Highest memory of the receiver: ${Math.round(memory)} MiB.`, "");
  } finally {
    await client.end();
  }
}

/** `lag`: ms; settles later. The position is asked for after the commit, so under load it is rather too far. */
async function commit(client: pg.Client, receiving: Receiving): Promise<{ lag: Promise<number> }> {
  await client.query("insert into marks (text) values ('a commit')");
  const answered = Number(process.hrtime.bigint()) / 1e6;
  const { rows } = await client.query<{ lsn: string }>("select pg_current_wal_flush_lsn()::text as lsn");
  const lag = receiving.durable(rows[0]?.lsn ?? "").then((at) => at - answered);
  lag.catch(() => {});
  return { lag };
}

async function underLoad(
  programs: Programs,
  postgres: Postgres,
  { client, receiving, seconds }: { client: pg.Client; receiving: Receiving; seconds: number },
): Promise<number[]> {
  const lags: Promise<number>[] = [];
  let going = true;
  const load = programs.run(join(BIN, "pgbench"), ["-n", "-c4", `-T${seconds}`, ...postgres.at, "postgres"]);
  const over = load.finally(() => {
    going = false;
  });
  over.catch(() => {});
  while (going) {
    lags.push((await commit(client, receiving)).lag);
    await sleep(LOADED_EVERY_MS);
  }
  await over;
  return await Promise.all(lags);
}

function row(name: string, lags: readonly number[]): string {
  const [p50, p95, longest] = [0.5, 0.95, 1].map((part) => percentile(lags, part).toFixed(0));
  return `| ${name} | ${lags.length} | ${p50} | ${p95} | ${longest} |`;
}
