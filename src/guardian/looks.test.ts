import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Looks } from "./looks.ts";

const fake = fileURLToPath(new URL("../../test/support/fake-child.ts", import.meta.url));

let directory: string;
let looks: Looks;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "promptlib-looks-"));
  vi.stubEnv("FAKE_TRACE", join(directory, "trace"));
  looks = new Looks({ program: [fake], logs: directory });
});
afterEach(async () => {
  looks.stop();
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

const started = async () => (await readFile(join(directory, "trace"), "utf8")).trim().split("\n").length;

describe("a look", () => {
  it("is a process for all who ask meanwhile, fresh for a moment, and made anew when a job has ended", async () => {
    const [one, other] = await Promise.all([looks.info(), looks.info()]);
    expect(one).toEqual({ what: "info", options: "{}" });
    expect([other, await looks.info()]).toEqual([one, one]);
    expect(await started()).toBe(1);
    looks.changed();
    await looks.info();
    expect(await started()).toBe(2);
  });

  it("is made for what was asked, and tells what it fails with", async () => {
    expect(await looks.plan({ at: "2026-11-22T06:00:00Z" })).toMatchObject({
      what: "plan",
      options: '{"at":"2026-11-22T06:00:00Z"}',
    });
    vi.stubEnv("FAKE_JOB", "fail");
    await expect(looks.plan({})).rejects.toMatchObject({ code: "backup_failed", message: "no room" });
    vi.stubEnv("FAKE_JOB", "die");
    await expect(looks.plan({})).rejects.toMatchObject({ code: "interrupted" });
  });

  it("that hangs is told to who asks, and of those that hang there are no more than a few", async () => {
    vi.stubEnv("FAKE_JOB", "deaf");
    looks = new Looks({ program: [fake], logs: directory, patience: 300 });
    await expect(looks.info()).rejects.toMatchObject({ code: "location_unavailable" });
    for (const at of ["06", "07", "08"]) void looks.plan({ at: `2026-11-22T${at}:00:00Z` }).catch(() => {});
    await expect(looks.plan({ at: "2026-11-22T09:00:00Z" })).rejects.toMatchObject({ code: "job_running" });
  });

  it("that hangs is answered with what was seen before", async () => {
    const options = { program: [fake], logs: directory, patience: 20_000 };
    looks = new Looks(options);
    const before = await looks.info();
    looks.changed();
    options.patience = 300;
    vi.stubEnv("FAKE_JOB", "deaf");
    expect(await looks.info()).toBe(before);
  });
});
