import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sleep, until } from "../src/base/clock.ts";
import { kill } from "./support/kill.ts";
import { allGone, MAIN, programsOf } from "./support/programs.ts";
import { answerer, gone, ready, Stage, type Up } from "./support/stage.ts";

/** Each with up to five kills. SUPERVISOR_ROUNDS makes more of them, SUPERVISOR_SEED the same again. */
const ROUNDS = Number(process.env.SUPERVISOR_ROUNDS ?? 8);
const seed = Number(process.env.SUPERVISOR_SEED ?? Math.floor(Math.random() * 2 ** 31));
const killing = fc.record({
  victim: fc.constantFrom("supervisor", "serve", "guard", "postgres"),
  afterMs: fc.integer({ min: 0, max: 400 }),
});

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.make();
});
afterAll(async () => {
  await stage.clear();
  await stage.remove();
});

it(
  "whatever is killed in whatever order, all of it is back, or the next start brings it back",
  async () => {
    let up: Up = stage.up();
    let url = await ready(up);
    const rounds = fc.sample(fc.array(killing, { minLength: 1, maxLength: 5 }), { numRuns: ROUNDS, seed });
    for (const round of rounds) {
      const trace = `${JSON.stringify(round)} (SUPERVISOR_SEED=${seed})`;
      for (const { victim, afterMs } of round) {
        await sleep(afterMs);
        const pid = await pidOf(victim);
        kill(pid);
      }
      // Without supervisor and server nobody is left who could start anything.
      if (await allGone(stage.home)) {
        up = stage.up();
        url = await ready(up);
      }
      const all = await stage.allRunning().catch((error: unknown) => {
        throw new Error(`after ${trace}`, { cause: error });
      });
      expect(
        await until(async () => (await answerer(url)) === all.children.serve.pid, { timeout: 20_000 }),
        trace,
      ).toBe(true);
      await stage.onDatabase(async (client) => await client.query("insert into written values (now())"));
      // A server that was relieved may still be leaving; nobody else is there.
      expect(
        await until(async () => (await programsOf(stage.home, ...MAIN)).length === 3, { timeout: 20_000 }),
        trace,
      ).toBe(true);
    }
    const { supervisor } = await stage.allRunning();
    kill(supervisor, "SIGTERM");
    await gone(supervisor);
    await stage.nothingRuns();
  },
  60_000 + ROUNDS * 15_000,
);

async function pidOf(victim: string): Promise<number> {
  const found = await stage.children();
  const { serve, guard } = found?.children ?? {};
  const pids = { supervisor: found?.supervisor, serve: serve?.pid, guard: guard?.pid, postgres: guard?.postgres?.pid };
  return Object.entries(pids).find(([name]) => name === victim)?.[1] ?? 0;
}
