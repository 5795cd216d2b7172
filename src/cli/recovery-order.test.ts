import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { answering } from "../../test/support/answering.ts";
import { temporaryHome } from "../../test/support/cluster.ts";
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

it("a terminal that goes away ends what was ordered from it, like Ctrl-C", async () => {
  const { home, remove } = await temporaryHome();
  onTestFinished(remove);
  const asked: string[] = [];
  let events: ServerResponse | null = null;
  const { url } = await answering((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url?.endsWith("/events")) {
      events = response;
      response.write(`${JSON.stringify(running)}\n`);
      return;
    }
    response.end(JSON.stringify(running));
    if (request.method === "DELETE")
      events?.end(`${JSON.stringify({ ...running, state: "failed", error: interrupted })}\n`);
  });
  await writeFile(join(home.run, "guardian.json"), JSON.stringify({ url, token: "t" }));
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));
  // Not by the launcher, which passes on what nohup asked for.
  const child = spawn(process.execPath, [main, "backup"], {
    cwd: home.root,
    env: { PATH: process.env.PATH ?? "", PROMPTLIB_HOME: home.root },
    stdio: "ignore",
  });
  const exit = once(child, "exit");
  await expect.poll(() => asked.at(-1)).toContain("/events");
  child.kill("SIGHUP");
  expect(await exit).toEqual([130, null]);
  expect(asked.at(-1)).toBe("DELETE /api/recovery/jobs/j");
});
