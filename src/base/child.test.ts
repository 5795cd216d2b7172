import { getEventListeners } from "node:events";
import { expect, it, vi } from "vitest";
import { temporaryHome } from "../../test/support/cluster.ts";
import { Child } from "./child.ts";
import * as clock from "./clock.ts";

it("a child that dies again and again leaves nothing behind that waits for the end of the supervisor", async () => {
  const own = await temporaryHome();
  const signals = new Set<AbortSignal>();
  vi.spyOn(clock, "sleep").mockImplementation(async (_pause, signal) => {
    if (signal) signals.add(signal);
  });
  const child = new Child({
    name: "mayfly",
    command: () => ["-e", "0"],
    logs: own.home.logs,
    onStart() {},
    onMessage() {},
    onChange() {},
  });
  try {
    child.start();
    expect(await clock.until(() => child.status.restarts >= 4, { timeout: 60_000 })).toBe(true);
    expect(signals.size).toBe(1);
    for (const signal of signals) expect(getEventListeners(signal, "abort").length).toBeLessThanOrEqual(1);
  } finally {
    await child.stop(10_000);
    vi.restoreAllMocks();
    await own.remove();
  }
});
