import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { temporaryHome, testLog } from "../../test/support/cluster.ts";
import { until } from "../base/clock.ts";
import type { Home } from "../base/config.ts";
import { identityOf } from "../base/lock.ts";
import type { PostgresStatus } from "../base/supervision.ts";
import { stopLeftOver } from "../postgres/cluster.ts";
import { existingPlace } from "../postgres/place.ts";
import { createKeeper, type Keeper } from "./keeper.ts";

let home: Home;
let remove: () => Promise<void>;
let running: { keeper: Keeper; over: Promise<unknown> } | null = null;
let told: PostgresStatus[] = [];

beforeAll(async () => {
  ({ home, remove } = await temporaryHome());
});
afterEach(async () => {
  await running?.keeper.stop();
  await running?.over;
  running = null;
});
afterAll(async () => {
  await stopLeftOver(home);
  await remove();
});

function keep(prepare = async () => {}): Keeper {
  told = [];
  const tell = (status: PostgresStatus) => void told.push(status);
  const nothing = async () => {};
  const hooks = { prepare, cameUp: nothing, stayedDown: nothing, tell };
  const keeper = createKeeper({ home, postgresBin: null, log: testLog(home), existing: false, ...hooks });
  running = { keeper, over: keeper.run().catch((error: unknown) => error) };
  return keeper;
}

async function becomes(state: PostgresStatus["state"]): Promise<void> {
  expect(await until(() => told.at(-1)?.state === state, { timeout: 60_000, every: 5 }), JSON.stringify(told)).toBe(
    true,
  );
}

/** Out of its place and back: what was there does not start then. */
async function away(): Promise<() => Promise<void>> {
  const data = (await existingPlace(home))?.data ?? "";
  await rename(data, `${data}-away`);
  return async () => await rename(`${data}-away`, data);
}

describe("a hold", () => {
  it("while PostgreSQL runs ends it, counts as no death, and nothing starts it until it is released", async () => {
    const keeper = keep();
    await becomes("running");
    const pid = told.at(-1)?.pid ?? 0;
    await keeper.hold();
    expect([identityOf(pid), told.at(-1)?.state]).toEqual([null, "stopped"]);
    const count = told.length;
    await keeper.hold();
    expect(told.slice(count).map(({ state }) => state)).toEqual(["stopped"]);
    await keeper.release();
    expect(told.at(-1)).toMatchObject({ state: "running", restarts: 0 });
    await keeper.release();
  });

  it("while PostgreSQL starts ends the start, what it prepares included", async () => {
    const prepared = Promise.withResolvers<void>();
    let preparing = false;
    const keeper = keep(async () => {
      preparing = true;
      await prepared.promise;
      preparing = false;
    });
    await until(() => preparing, { timeout: 20_000, every: 1 });
    let held = false;
    const hold = keeper.hold().then(() => {
      held = true;
      expect(preparing).toBe(false);
    });
    await until(() => held, { timeout: 100, every: 10 });
    expect(held).toBe(false);
    prepared.resolve();
    await hold;
    expect(told.map(({ state }) => state)).not.toContain("running");
    await keeper.release();
    expect(told.at(-1)?.state).toBe("running");
  });

  it("at any moment of a start leaves nothing that runs, and the release starts it", async () => {
    const keeper = keep();
    for (const moment of [0, 5, 20, 60, 150]) {
      await until(() => false, { timeout: moment, every: 1 });
      await keeper.hold();
      expect(told.at(-1)).toMatchObject({ state: "stopped", pid: null });
      const place = await existingPlace(home);
      expect(existsSync(`${place?.data}/postmaster.pid`)).toBe(false);
      const release = keeper.release().catch((error) => error.code);
      if (moment < 60) continue;
      expect(await release).toBeUndefined();
    }
    await becomes("running");
  });

  it("ends the wait of whoever was promised that it runs", async () => {
    const keeper = keep();
    await becomes("running");
    await keeper.hold();
    const release = keeper.release();
    await until(() => told.at(-1)?.state === "starting", { timeout: 20_000, every: 1 });
    await Promise.all([expect(release).rejects.toMatchObject({ code: "interrupted" }), keeper.hold()]);
    await keeper.release();
  });

  it("while PostgreSQL fails to start, between two tries, comes to rest at once", async () => {
    const keeper = keep();
    await becomes("running");
    await keeper.hold();
    const back = await away();
    await expect(keeper.release()).rejects.toMatchObject({ code: "postgres_start_failed" });
    await becomes("failed");
    await keeper.hold();
    const count = told.length;
    await back();
    await keeper.release();
    expect(told.slice(count).map(({ state }) => state)).toEqual(["starting", "running"]);
  });
});

describe("a release", () => {
  it("whose first try fails says so, and goes on trying until it runs", async () => {
    const keeper = keep();
    await becomes("running");
    await keeper.hold();
    const back = await away();
    await expect(keeper.release()).rejects.toMatchObject({ code: "postgres_start_failed" });
    await back();
    await becomes("running");
  });

  it("while the hold is still being carried out waits for it, and then starts", async () => {
    const keeper = keep();
    await becomes("running");
    const pid = told.at(-1)?.pid;
    const hold = keeper.hold();
    await Promise.all([keeper.release(), keeper.release(), hold]);
    expect(told.at(-1)).toMatchObject({ state: "running" });
    expect(told.at(-1)?.pid).not.toBe(pid);
  });

  it("is in vain where everything ends meanwhile, and does not wait for ever", async () => {
    const keeper = keep();
    await becomes("running");
    await keeper.hold();
    const release = keeper.release().catch((error) => error.code);
    await keeper.stop();
    expect(["interrupted", undefined]).toContain(await release);
    await running?.over;
    await expect(keeper.release()).rejects.toMatchObject({ code: "interrupted" });
    expect(told.at(-1)?.state).toBe("stopped");
  });
});
