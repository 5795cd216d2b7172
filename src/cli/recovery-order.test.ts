import { describe, expect, it, onTestFinished, vi } from "vitest";
import { PromptlibError } from "../contract/errors.ts";
import type { Job, JobRequest } from "../contract/recovery.ts";
import { throughGuardian } from "./recovery-order.ts";

const request: JobRequest = { verb: "backup", options: { reason: "manual" } };
const running: Job = {
  ...{ id: "j", verb: "backup", options: {}, by: "local:eva", state: "running", startedAt: "", endedAt: null },
  ...{ progress: null, result: null, error: null },
};
const interrupted = new PromptlibError("interrupted").toJSON().error;
const progress = { show() {}, close() {} };

/** A guardian whose job ends when it is cancelled; `refusals`: how often it is not, before. */
function guardian({ refusals = 0, onOrder = () => {} } = {}) {
  const cancelled = Promise.withResolvers<void>();
  const asked: string[] = [];
  return {
    asked,
    cancelled,
    async order() {
      asked.push("order");
      onOrder();
      return running;
    },
    async cancel(id: string) {
      asked.push(`cancel ${id}`);
      if (asked.length - 2 < refusals) {
        throw new PromptlibError("guardian_unreachable");
      }
      cancelled.resolve();
    },
    async *follow() {
      yield running;
      await cancelled.promise;
      yield { ...running, state: "failed" as const, error: interrupted };
    },
  };
}

describe("Ctrl-C", () => {
  it("before anything was ordered orders nothing", async () => {
    const fake = guardian();
    await expect(throughGuardian(fake, request, progress, AbortSignal.abort())).rejects.toMatchObject({
      code: "interrupted",
      message: "Nothing was begun.",
    });
    expect(fake.asked).toEqual([]);
  });

  it("while the guardian takes the order ends what was ordered", async () => {
    const stop = new AbortController();
    const fake = guardian({ onOrder: () => stop.abort() });
    await expect(throughGuardian(fake, request, progress, stop.signal)).rejects.toMatchObject({ code: "interrupted" });
    expect(fake.asked).toEqual(["order", "cancel j"]);
  });

  it("that the guardian does not hear the first time is said again", async () => {
    const stop = new AbortController();
    const fake = guardian({ refusals: 2 });
    const ended = throughGuardian(fake, request, progress, stop.signal);
    await expect.poll(() => fake.asked).toEqual(["order"]);
    stop.abort();
    await expect(ended).rejects.toMatchObject({ code: "interrupted" });
    expect(fake.asked).toEqual(["order", "cancel j", "cancel j", "cancel j"]);
  });

  it("that the guardian does not take is told, and the job is followed on", async () => {
    const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    onTestFinished(() => stderr.mockRestore());
    const stop = new AbortController();
    const fake = guardian({ refusals: 10, onOrder: () => stop.abort() });
    const ended = throughGuardian(fake, request, progress, stop.signal);
    await expect
      .poll(() => stderr.mock.calls.flat())
      .toContain("The guardian does not take the order to stop: the backup may go on.\n");
    fake.cancelled.resolve();
    await expect(ended).rejects.toMatchObject({ code: "interrupted" });
  });
});
