import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { untilDone } from "./until-done.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("what has to wait is tried again, later each time, until it is done", async () => {
  const at: number[] = [];
  const begun = Date.now();
  const ended = untilDone(async () => {
    at.push(Date.now() - begun);
    return at.length < 5 ? "later" : "done";
  }, new AbortController().signal);
  await vi.runAllTimersAsync();
  await ended;
  const [first = 0, , , fourth = 0, fifth = 0] = at;
  expect(at).toHaveLength(5);
  expect(first).toBe(0);
  expect(fifth - fourth).toBeGreaterThanOrEqual(2_000);
});

it("whoever left meanwhile is not asked for again", async () => {
  const left = new AbortController();
  const attempt = vi.fn(async () => {
    left.abort();
    return "later" as const;
  });
  await untilDone(attempt, left.signal);
  await vi.runAllTimersAsync();
  expect(attempt).toHaveBeenCalledOnce();
});
