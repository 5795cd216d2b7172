import { describe, expect, it } from "vitest";
import { now, sleep } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import { type Patient, Standstill } from "./patient.ts";

function patient({ since = null, refuses = 0 }: { since?: string | null; refuses?: number } = {}) {
  const acts: string[] = [];
  let left = refuses;
  const made: Patient = {
    async stop() {
      acts.push("stop");
    },
    async start() {
      acts.push("start");
      left -= 1;
      if (left >= 0) throw new Error("it does not come up");
    },
    downSince: async () => since,
  };
  return { acts, standstill: new Standstill(made) };
}

describe("a standstill", () => {
  it("that never began stops and starts nothing, and took no time", async () => {
    const { acts, standstill } = patient();
    await standstill.end();
    expect([acts, standstill.isDown, standstill.seconds]).toEqual([[], false, 0]);
  });

  it("stops and starts PostgreSQL once, however often it is begun and ended", async () => {
    const { acts, standstill } = patient();
    await standstill.begin();
    await standstill.begin();
    expect(standstill.isDown).toBe(true);
    await standstill.end();
    await standstill.end();
    expect([acts, standstill.isDown]).toEqual([["stop", "start"], false]);
  });

  it("counts from when PostgreSQL last answered, which may be long before anybody ordered a restore", async () => {
    const { standstill } = patient({ since: new Date(now().getTime() - 60_000).toISOString() });
    await standstill.begin();
    await standstill.end();
    expect(standstill.seconds).toBeGreaterThanOrEqual(60);
    expect(standstill.seconds).toBeLessThan(75);
    const before = standstill.seconds;
    await sleep(20);
    expect(standstill.seconds).toBe(before);
  });

  it("goes on while what was restored does not come up, until the old state does", async () => {
    const { acts, standstill } = patient({ refuses: 1 });
    await standstill.begin();
    await expect(standstill.end()).rejects.toThrow("does not come up");
    expect(standstill.isDown).toBe(true);
    await standstill.end();
    expect([acts, standstill.isDown]).toEqual([["stop", "start", "start"], false]);
  });

  it("that ends after a failure tells the failure, and why PostgreSQL does not run where it does not", async () => {
    const failure = new PromptlibError("restore_impossible", { message: "There is no backup.", details: { a: 1 } });
    const well = patient();
    await well.standstill.begin();
    expect(await well.standstill.endAfter(failure)).toBe(failure);
    const ill = patient({ refuses: 1 });
    await ill.standstill.begin();
    expect(await ill.standstill.endAfter(failure)).toMatchObject({
      code: "restore_impossible",
      message: "There is no backup. And PostgreSQL does not run: it does not come up",
      hint: failure.hint,
      details: { a: 1 },
    });
  });

  it("that begins again counts on: from the first moment, to the last", async () => {
    const { standstill } = patient();
    await standstill.begin();
    await standstill.end();
    await standstill.begin();
    const first = standstill.seconds;
    await sleep(20);
    expect(standstill.seconds).toBeGreaterThan(first);
  });

  it("lasts into the future for nobody, whatever a clock said", async () => {
    const { standstill } = patient({ since: new Date(now().getTime() + 60_000).toISOString() });
    await standstill.begin();
    await standstill.end();
    expect(standstill.seconds).toBe(0);
  });

  it("whose stop failed is ended all the same: nobody knows what it stopped", async () => {
    const acts: string[] = [];
    const standstill = new Standstill({
      stop: async () => Promise.reject(new Error("no")),
      start: async () => void acts.push("start"),
      downSince: async () => null,
    });
    await expect(standstill.begin()).rejects.toThrow("no");
    await standstill.end();
    expect(acts).toEqual(["start"]);
  });
});
