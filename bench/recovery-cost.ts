/** What receiving WAL takes from those who write, on the same two cores and the same disk. */
import { join } from "node:path";
import { sleep } from "../src/base/clock.ts";
import { print } from "./instance.ts";
import { quiet } from "./recovery-backup.ts";
import { rotated, spread } from "./recovery-figures.ts";
import { makeLife, startReceiving } from "./recovery-ours.ts";
import { BIN, dropSlots, type Postgres } from "./recovery-postgres.ts";
import type { Programs } from "./recovery-programs.ts";

const SLOT = "bench";
const SETTLE_MS = 1_000;

export async function benchCost(
  programs: Programs,
  postgres: Postgres,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<void> {
  let lives = 0;
  const ways: Record<string, () => Promise<() => Promise<unknown>>> = {
    nobody: async () => async () => {},
    "**Prompt Library**": async () => {
      const receiving = await startReceiving(programs, postgres, await makeLife(programs, `cost-${++lives}`));
      return async () => await receiving.stop();
    },
    "pg_receivewal --synchronous": async () => await startReceivewal(programs, postgres, `received-${++lives}`),
  };
  const rates = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, begin] of rotated(Object.entries(ways), round)) {
      await quiet(programs, postgres);
      const end = await begin();
      await sleep(SETTLE_MS);
      const args = ["-n", "-c8", "-j2", `-T${seconds}`, ...postgres.at, "postgres"];
      const { output } = await programs.run(join(BIN, "pgbench"), args);
      rates.get(name)?.push(Number(/^tps = ([\d.]+)/m.exec(output)?.[1]));
      await end();
    }
  }
  print(`### Writes while WAL is received (pgbench -c 8 -j 2, rounds: ${rounds} of ${seconds} s)`, "");
  print("| who receives | transactions/s | ratio |", "|---|---|---|");
  const alone = rates.get("nobody") ?? [];
  for (const [name, own] of rates) {
    const ratios = own.map((rate, round) => rate / (alone[round] ?? Number.NaN));
    print(`| ${name} | ${spread(own, 0)} | ${spread(ratios, 2)} |`);
  }
  print("");
}

/** Answers what ends it. */
async function startReceivewal(programs: Programs, postgres: Postgres, name: string): Promise<() => Promise<void>> {
  const directory = await programs.makeDirectory(name);
  const program = join(BIN, "pg_receivewal");
  await programs.run(program, ["--create-slot", `--slot=${SLOT}`, ...postgres.at]);
  const args = ["-D", directory, `--slot=${SLOT}`, "--synchronous", "--no-loop", ...postgres.at];
  const child = programs.start(program, args, { stdio: "ignore" });
  return async () => {
    await programs.end(child, "SIGINT");
    await dropSlots(postgres);
  };
}
