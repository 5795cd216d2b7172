import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { until } from "../base/clock.ts";
import { openLog } from "../base/log.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Job, JobRequest } from "../contract/recovery.ts";
import { Jobs } from "./jobs.ts";

const fake = fileURLToPath(new URL("../../test/support/fake-child.ts", import.meta.url));
const BACKUP: JobRequest = { verb: "backup", options: { reason: "manual" } };
const RESTORE: JobRequest = { verb: "restore", options: {} };

let directory: string;
let acts: string[];
let ended: Job[];
let takenBack: boolean[];
let refuse: PromptlibError | null;
let jobs: Jobs;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "promptlib-jobs-"));
  [acts, ended, takenBack, refuse] = [[], [], [], null];
  jobs = open(directory);
});
afterEach(async () => {
  await jobs.stop();
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

function open(logs: string, grace?: number): Jobs {
  const act = (word: string) => async () => {
    acts.push(word);
    if (word === "start" && refuse) throw refuse;
  };
  return new Jobs({
    program: [fake],
    logs,
    ...(grace === undefined ? {} : { grace }),
    log: openLog("error", join(directory, "test.log")),
    postgres: { stop: act("stop"), start: act("start") },
    knows: () => ({ downSince: null, lastSeen: { lsn: "0/3", at: "2026-11-22T06:00:00Z" } }),
    onEnd: (job, { isTakenBack }) => {
      ended.push(job);
      takenBack.push(isTakenBack);
    },
  });
}

function begin(does: string, request = BACKUP): Job {
  vi.stubEnv("FAKE_JOB", does);
  return jobs.start(request, "user:eva");
}

async function end(job: Job): Promise<Job> {
  expect(await until(() => job.state !== "running", { timeout: 20_000 })).toBe(true);
  return job;
}

async function reaches(job: Job, phase: string): Promise<void> {
  expect(await until(() => job.progress?.phase.startsWith(phase), { timeout: 20_000 })).toBe(true);
}

describe("a job", () => {
  it("is a process with the verb, its options and what the guardian knows, and its result is kept", async () => {
    const job = begin("");
    expect(job).toMatchObject({
      verb: "backup",
      by: "user:eva",
      state: "running",
      result: null,
      error: null,
      endedAt: null,
    });
    expect(jobs.current).toBe(job);
    expect(await end(job)).toMatchObject({
      state: "done",
      error: null,
      result: {
        ...{ verb: "backup", options: '{"reason":"manual"}', job: "1", threads: "16" },
        knows: '{"downSince":null,"lastSeen":{"lsn":"0/3","at":"2026-11-22T06:00:00Z"}}',
      },
    });
    expect([jobs.current, ended, jobs.find(job.id)]).toEqual([null, [job], job]);
  });

  it("goes on alone: a second one is refused with who goes on, until it has ended", async () => {
    const job = begin("linger");
    await reaches(job, "linger");
    expect(() => jobs.start(BACKUP, "guardian")).toThrow(
      expect.objectContaining({ code: "job_running", details: { id: job.id, verb: "backup" } }),
    );
    jobs.cancel("another");
    jobs.cancel(job.id);
    expect((await end(job)).state).toBe("done");
    await end(begin(""));
    expect(jobs.all).toHaveLength(2);
  });

  it("that a person cancels is taken back, and no failure; one that was due and is cancelled is one", async () => {
    for (const by of ["user:eva", "guardian"]) {
      vi.stubEnv("FAKE_JOB", "linger fail");
      const job = jobs.start(BACKUP, by);
      await reaches(job, "linger");
      jobs.cancel(job.id);
      // It said why itself: that is told, and is no mere end.
      expect(await end(job)).toMatchObject({ state: "failed", error: { code: "backup_failed" } });
      vi.stubEnv("FAKE_JOB", "linger die");
      const other = jobs.start(BACKUP, by);
      await reaches(other, "linger");
      jobs.cancel(other.id);
      expect(await end(other)).toMatchObject({ error: { code: "interrupted", message: "The backup was cancelled." } });
    }
    expect(takenBack).toEqual([false, true, false, false]);
  });

  it("that hangs and does not hear that it is cancelled is killed", async () => {
    jobs = open(directory, 100);
    const job = begin("ask-stop deaf");
    await reaches(job, "stop");
    jobs.cancel(job.id);
    expect(await end(job)).toMatchObject({ error: { code: "interrupted", message: "The backup was cancelled." } });
    expect(acts).toEqual(["stop", "start"]);
  });

  it("that fails says why, in its own words", async () => {
    expect(await end(begin("fail"))).toMatchObject({
      state: "failed",
      error: { code: "backup_failed", message: "no room" },
    });
  });

  it.each(["die", "leave"])("that does %s without a word is told as interrupted", async (how) => {
    const { state, error } = await end(begin(how));
    expect([state, error?.code]).toEqual(["failed", "interrupted"]);
  });

  it("that cannot even be started has failed, is told as such, and is tried again later", async () => {
    jobs = open(join(directory, "gone"));
    const job = begin("");
    expect(job).toMatchObject({
      state: "failed",
      error: { code: "interrupted", message: expect.stringContaining("ENOENT") },
    });
    expect([jobs.current, ended]).toEqual([null, [job]]);
  });

  it("is told to those who listen at every change, the last time when it has ended", async () => {
    const states: string[] = [];
    const silence = jobs.listen(({ state, progress }) => states.push(`${state} ${progress?.phase ?? ""}`));
    const job = begin("linger");
    await reaches(job, "linger");
    jobs.cancel(job.id);
    await end(job);
    expect(states).toEqual(["running linger", "running linger", "done linger"]);
    silence();
    await end(begin(""));
    expect(states).toHaveLength(3);
  });

  it("is remembered for a while: the oldest of more than twenty is forgotten", async () => {
    jobs = open(join(directory, "gone"));
    const all = Array.from({ length: 22 }, () => begin(""));
    expect(jobs.all).toEqual(all.slice(2));
    expect(jobs.find(all[0]?.id ?? "")).toBeNull();
  });
});

describe("a restore", () => {
  it("does not wait: a backup that runs makes way, which is no failure of it", async () => {
    vi.stubEnv("FAKE_JOB", "linger die");
    const backup = jobs.start(BACKUP, "guardian");
    await reaches(backup, "linger");
    const restore = begin("", RESTORE);
    expect(restore).toMatchObject({ state: "running", progress: { phase: "end what is running" } });
    expect(() => jobs.start(BACKUP, "guardian")).toThrow(expect.objectContaining({ code: "job_running" }));
    expect(await end(restore)).toMatchObject({ state: "done", result: { verb: "restore" } });
    expect(backup.error).toMatchObject({ code: "interrupted", message: "The backup made way for a restore." });
    expect([ended, takenBack]).toEqual([
      [backup, restore],
      [true, false],
    ]);
  });

  it("waits for no drill that hangs, and not where it is only planned", async () => {
    jobs = open(directory, 100);
    const drill = begin("ask-stop deaf", { verb: "drill", options: { scenario: "database-failure" } });
    await reaches(drill, "stop");
    const plan: JobRequest = { verb: "restore", options: { plan: true } };
    expect(() => begin("", plan)).toThrow(expect.objectContaining({ code: "job_running" }));
    expect((await end(begin("", RESTORE))).state).toBe("done");
    expect(drill.error?.code).toBe("interrupted");
  });

  it("waits for another restore, and one that is cancelled before it begins never does", async () => {
    const backup = begin("linger");
    await reaches(backup, "linger");
    const restore = begin("", RESTORE);
    expect(() => begin("", RESTORE)).toThrow(expect.objectContaining({ details: { id: restore.id, verb: "restore" } }));
    jobs.cancel(restore.id);
    expect(restore).toMatchObject({ state: "failed", error: { message: "The restore was cancelled." } });
    await end(backup);
    expect(jobs.current).toBeNull();
  });
});

describe("the PostgreSQL of a job", () => {
  it("is stopped and started for it, and then nobody's to start again", async () => {
    await end(begin("ask-stop ask-start"));
    expect(acts).toEqual(["stop", "start"]);
  });

  it.each(["ask-stop die", "ask-stop"])("is started again when the job ends (%s) while it holds it", async (how) => {
    await end(begin(how));
    expect(acts).toEqual(["stop", "start"]);
  });

  it("that does not come up is told to the job in the words of PostgreSQL, and tried once more at its end", async () => {
    refuse = new PromptlibError("postgres_start_failed", { message: "it hangs" });
    const job = begin("ask-stop ask-start linger");
    await reaches(job, "linger");
    jobs.cancel(job.id);
    await end(job);
    expect(acts).toEqual(["stop", "start", "start"]);
  });
});

describe("the end of the guardian", () => {
  it("ends the job, and what it held is let go", async () => {
    const job = begin("ask-stop linger");
    await reaches(job, "linger");
    await jobs.stop();
    expect([job.state, acts]).toEqual(["done", ["stop", "start"]]);
  });

  it("is the end of a restore that had not begun, too", async () => {
    const backup = begin("linger");
    await reaches(backup, "linger");
    const restore = begin("", RESTORE);
    await jobs.stop();
    expect([restore.state, jobs.current, jobs.all]).toEqual(["failed", null, [backup, restore]]);
  });

  it("without a job is no work", async () => {
    await jobs.stop();
    expect(ended).toEqual([]);
  });
});
