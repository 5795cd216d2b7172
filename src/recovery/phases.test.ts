import { describe, expect, it } from "vitest";
import { sleep } from "../base/clock.ts";
import type { Progress } from "../contract/recovery.ts";
import { Phases } from "./phases.ts";

function open() {
  const told: Progress[] = [];
  const stop = new AbortController();
  return { told, stop, phases: new Phases((progress) => told.push(progress), stop.signal) };
}

describe("the phases of a restore", () => {
  it("are told as they go on, with more bytes in all where the guess was too low", async () => {
    const { told, phases } = open();
    const answer = await phases.run("fetch", 10, async (more) => {
      more(6);
      more(6);
      return "done";
    });
    expect(answer).toBe("done");
    expect(told).toEqual([
      { phase: "fetch", done: 0, total: 10 },
      { phase: "fetch", done: 6, total: 10 },
      { phase: "fetch", done: 12, total: 12 },
    ]);
  });

  it("whose size nobody knows count what is done alone", async () => {
    const { told, phases } = open();
    await phases.run("replay", null, async (more) => more(3));
    expect(told).toEqual([
      { phase: "replay", done: null, total: null },
      { phase: "replay", done: 3, total: null },
    ]);
  });

  it("are timed in their order, also one that fails, and their sum is told", async () => {
    const { phases } = open();
    await phases.run("plan", null, async () => await sleep(15));
    await expect(phases.run("swap", null, async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(phases.times.map(({ phase }) => phase)).toEqual(["plan", "swap"]);
    expect(phases.times[0]?.seconds).toBeGreaterThanOrEqual(0.014);
    expect(phases.seconds).toBeCloseTo(
      phases.times.reduce((sum, { seconds }) => sum + seconds, 0),
      3,
    );
  });

  it("do not begin when the restore was interrupted, and are told to nobody then", async () => {
    const { told, stop, phases } = open();
    stop.abort();
    const begun: string[] = [];
    await expect(phases.run("swap", null, async () => void begun.push("swap"))).rejects.toMatchObject({
      code: "interrupted",
    });
    expect([begun, told, phases.times]).toEqual([[], [], []]);
  });
});
