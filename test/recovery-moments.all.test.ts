/**
 * Moments of all kinds that a whole instance is restored to. One instance is used throughout, each test goes on where the
 * one before ended. Damage is in recovery-damage.test.ts; what takes minutes or root in recovery-*.all.test.ts.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { now, sleep, until } from "../src/base/clock.ts";
import type { RestoreReport } from "../src/contract/recovery-shapes.ts";
import { parseLsn } from "../src/postgres/lsn.ts";
import { Instance } from "./support/instance.ts";
import { done, info, refused, reports, settled } from "./support/recovery-orders.ts";
import { Prompts } from "./support/recovery-prompts.ts";

const PATIENCE = 300_000;
const slow = { timeout: PATIENCE };
let instance: Instance;
let prompts: Prompts;
/** A moment on timeline 1. */
let firstLife: string;

beforeAll(async () => {
  instance = await Instance.make();
  prompts = await Prompts.of(instance, await instance.start());
  await settled(instance);
}, PATIENCE);
afterAll(async () => {
  await instance.remove();
});

it(
  "a moment before the first backup, or that has not come yet, is refused, and the earliest one named",
  slow,
  async () => {
    const [first] = (await info(instance)).backups;
    const early = await refused(instance, "restore", "--at", "2001-01-01T00:00:00Z");
    expect(early).toMatchObject({
      exit: 23,
      code: "restore_impossible",
      message: expect.stringContaining("No backup that can be used ends before it"),
      hint: expect.stringContaining(first?.end?.at ?? "?"),
      details: { earliest: { at: first?.end?.at } },
    });
    const late = await refused(instance, "restore", "--at", "2999-01-01T00:00:00Z");
    expect(late).toMatchObject({ exit: 23, message: expect.stringContaining("has not come yet") });
  },
);

it("one moment before a deletion is brought back, and what came later is kept twice", slow, async () => {
  await prompts.save("kept");
  await prompts.save("deleted");
  // What is cut off of a moment is behind every save.
  await sleep(2);
  firstLife = now().toISOString();
  await prompts.delete("deleted");
  await prompts.save("later");
  await until(async () => (await mirrored()).includes("later"), { timeout: 20_000 });

  const report = await done<RestoreReport>(instance, "restore", "--at", firstLife);

  expect(report).toMatchObject({
    target: `the state at ${firstLife}`,
    reached: { timeline: 1, newTimeline: 2 },
    lost: null,
  });
  expect(await prompts.names()).toEqual(["deleted", "kept"]);
  const { oldState } = report;
  expect(oldState).toMatch(/\/postgres\/before-\d{8}T\d{6}Z$/);
  expect(await readdir(join(oldState ?? "", "data"))).toContain("PG_VERSION");
  expect((await reports<RestoreReport>(instance, "restores")).at(-1)).toEqual(report);
  // The mirror had the later prompt: that is moved aside, not lost and not served.
  const beyond = join(instance.home.recovery, "beyond");
  const aside = await until(async () => await filesOf(beyond, "later"), { timeout: 20_000 });
  expect(aside).toHaveLength(1);
  const isBack = async () => {
    const names = await mirrored();
    return names.includes("deleted") && names.includes("kept");
  };
  expect(await until(isBack, { timeout: 20_000 })).toBe(true);
});

it("a restore of a restore of a restore has everything, and the first life is still there", slow, async () => {
  // The test before left timeline 2.
  await prompts.save("second life");
  const second = await done<RestoreReport>(instance, "restore", "latest");
  expect(second.reached).toMatchObject({ timeline: 2, newTimeline: 3 });
  await prompts.save("third life");
  const third = await done<RestoreReport>(instance, "restore", "latest");
  expect(third.reached).toMatchObject({ timeline: 3, newTimeline: 4 });
  await prompts.save("fourth life");
  expect(await prompts.names()).toEqual(["deleted", "fourth life", "kept", "second life", "third life"]);

  const report = await done<RestoreReport>(instance, "restore", "--at", firstLife);

  // Its number was given before; the incarnation keeps their WAL apart.
  expect(report.reached).toMatchObject({ timeline: 1, newTimeline: 2 });
  expect(await prompts.names()).toEqual(["deleted", "kept"]);
});

it("an idle library is restored to now, which is behind all WAL", slow, async () => {
  await prompts.save("idle");
  const report = await done<RestoreReport>(instance, "restore", "--at", now().toISOString());
  expect(report.reached).toMatchObject({ timeline: 2, newTimeline: 3 });
  // PostgreSQL did not reach that time, and read all there is.
  expect(report.warnings.join()).not.toContain("PostgreSQL read it up to");
  expect(await prompts.names()).toEqual(["deleted", "idle", "kept"]);
});

it(
  "what a restore to too early a moment left is reached by its timeline, when the next has passed it",
  slow,
  async () => {
    await prompts.save("v1");
    // What is cut off of a moment is behind every save.
    await sleep(2);
    const early = now().toISOString();
    await prompts.save("v2");
    await prompts.save("v3");
    // Its end is behind all of them.
    await done(instance, "backup");
    const end = await latest();
    const { reached } = await done<RestoreReport>(instance, "restore", "--at", early);
    expect(reached.timeline).toBe(end.timeline);
    await prompts.save("between");
    await until(async () => (await mirrored()).includes("between"), { timeout: 20_000 });
    // Each backup begins a new segment.
    const passed = async () => {
      await done(instance, "backup");
      return parseLsn((await latest()).lsn) > parseLsn(end.lsn);
    };
    expect(await until(passed, { timeout: 90_000 })).toBe(true);
    const bare = await done<{ warnings: string[] }>(instance, "restore", "--lsn", end.lsn, "--plan");
    expect(bare.warnings.join()).toContain(`add --timeline ${end.timeline} for the other`);

    const report = await done<RestoreReport>(instance, "restore", "--lsn", end.lsn, "--timeline", `${end.timeline}`);

    expect(report).toMatchObject({
      target: `the state at position ${end.lsn} of timeline ${end.timeline}`,
      reached: { timeline: end.timeline, newTimeline: end.timeline + 1 },
    });
    const names = await prompts.names();
    expect(names).toEqual(expect.arrayContaining(["v1", "v2", "v3"]));
    expect(names).not.toContain("between");
    const beyond = join(instance.home.recovery, "beyond");
    expect(await until(async () => await filesOf(beyond, "between"), { timeout: 20_000 })).toHaveLength(1);
  },
);

/** The last moment that can be returned to. */
async function latest(): Promise<{ lsn: string; timeline: number }> {
  const { window } = await info(instance);
  if (!window.latest) throw new Error("there is none");
  return window.latest;
}

/** Names of the prompts that the mirror holds. */
async function mirrored(): Promise<string[]> {
  const names = await readdir(instance.home.prompts, { recursive: true });
  return names.map((name) => name.replace(/^.*\//, "").replace(/\.[^.]*$/, ""));
}

/** Files below a folder with this in their name; null: none. */
async function filesOf(folder: string, name: string): Promise<string[] | null> {
  const found = (await readdir(folder, { recursive: true }).catch(() => [])).filter((path) => path.includes(name));
  return found.length > 0 ? found : null;
}
