/**
 * The base: config, log, clock, files, processes, locks. Knows nothing about prompts or PostgreSQL.
 *
 * This file is the one door to the clock.
 */
import { setTimeout as wait } from "node:timers/promises";

export function now(): Date {
  return new Date();
}

/** Milliseconds from an arbitrary start; never jumps when the wall clock is set. */
export function monotonic(): number {
  return performance.now();
}

export async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, signal ? { signal } : undefined);
}

/** Waits until `condition` answers something truthy, or answers null when `timeout` ms have passed. */
export async function until<T>(
  condition: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  { timeout, every = 25 }: { timeout: number; every?: number },
): Promise<T | null> {
  const end = monotonic() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (monotonic() >= end) return null;
    await sleep(every);
  }
}
