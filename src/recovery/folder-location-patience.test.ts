import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { patiently } from "./folder-location-patience.ts";

const MINUTE = 60_000;
const noAnswer = { code: "ETIMEDOUT" };

let path: string;
let asked: number;
beforeEach(() => {
  vi.useFakeTimers();
  path = `/mnt/${randomUUID()}`;
  asked = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

/** Asks, and waits until it is told something. */
async function ask(answer: Promise<string>, late?: (value: string) => void): Promise<string> {
  const deed = async () => {
    asked += 1;
    return await answer;
  };
  const told = patiently(path, deed, { patience: MINUTE, late }).catch((error: Error) => {
    expect(error).toMatchObject(noAnswer);
    return "no answer";
  });
  await vi.advanceTimersByTimeAsync(MINUTE);
  return await told;
}
const never = new Promise<string>(() => {});
const soon = Promise.resolve("here");

describe("a folder that hangs", () => {
  it("is asked nothing more until it answers, and what comes too late is done away with", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const late: string[] = [];
    expect(await ask(promise, (value) => late.push(value))).toBe("no answer");
    expect([await ask(soon), asked]).toEqual(["no answer", 1]);
    resolve("late");
    await vi.advanceTimersByTimeAsync(1);
    expect([await ask(soon), late]).toEqual(["here", ["late"]]);
  });

  it("that does not answer is no fault of others", async () => {
    await ask(never);
    path = "/mnt/other";
    expect(await ask(soon)).toBe("here");
  });

  it("is asked by one every five minutes, so that one that was mounted anew is used", async () => {
    await ask(never);
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    expect(await ask(soon)).toBe("here");
    expect(await ask(soon)).toBe("here");
  });

  it("takes four threads at most", async () => {
    for (let hour = 0; hour < 10; hour++) {
      expect(await ask(never)).toBe("no answer");
      await vi.advanceTimersByTimeAsync(60 * MINUTE);
    }
    expect(asked).toBe(4);
  });
});
