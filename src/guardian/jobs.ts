/**
 * Backups, restores, drills and verifications: each a process of its own, one at a time, so that the guardian itself
 * only watches and answers. What they say is kept for those who ask.
 */
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { now, until } from "../base/clock.ts";
import { type FromJob, JOB_KNOWS, type KnownOfPostgres, type ToJob } from "../base/job-channel.ts";
import type { Log } from "../base/log.ts";
import { isMessage } from "../base/supervision.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Job, JobRequest } from "../contract/recovery.ts";
import { endOf, isWithoutMeans, type Launcher, spawnChild } from "./child.ts";

/** The PostgreSQL that a restore stops and starts. */
export interface HeldPostgres {
  stop(): Promise<void>;
  start(): Promise<void>;
}

interface JobsOptions extends Launcher {
  log: Log;
  postgres: HeldPostgres;
  /** Told to a job when it begins. */
  knows(): KnownOfPostgres;
  /** `isTakenBack`: a person wanted that it ends, which is no failure. */
  onEnd(job: Job, how: { isTakenBack: boolean }): void;
  /** Clears away what a job left that was killed; nothing else goes on meanwhile. */
  tidy?(): Promise<void>;
}

const KEPT = 20;
const GRACE_MS = 15_000;

interface Running {
  job: Job;
  process: ChildProcess;
  over: Promise<void>;
  isCancelled: boolean;
}

export class Jobs {
  readonly #options: JobsOptions;
  /** Oldest first. */
  readonly #jobs: Job[] = [];
  readonly #listeners = new Set<(job: Job) => void>();
  #running: Running | null = null;
  /** A restore stopped PostgreSQL and did not start it again yet. */
  #holds = false;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  get current(): Job | null {
    return this.#running?.job ?? null;
  }

  /** The job whose process has not ended. */
  get atWork(): Job["verb"] | null {
    const running = this.#running;
    if (!running || running.process.exitCode !== null || running.process.signalCode !== null) return null;
    return running.job.verb;
  }

  get all(): readonly Job[] {
    return this.#jobs;
  }

  find(id: string): Job | null {
    return this.#jobs.find((job) => job.id === id) ?? null;
  }

  /** Answers a job that has failed already where no process can be had. Throws `job_running`. */
  start({ verb, options }: JobRequest, by: string): Job {
    const current = this.current;
    if (current) {
      throw new PromptlibError("job_running", {
        message: `A ${current.verb} has been running since ${current.startedAt}.`,
        details: { id: current.id, verb: current.verb },
      });
    }
    const startedAt = now().toISOString();
    const blank = { endedAt: null, progress: null, result: null, error: null };
    const job: Job = { id: randomUUID(), verb, options, by, state: "running", startedAt, ...blank };
    this.#jobs.push(job);
    this.#jobs.splice(0, Math.max(0, this.#jobs.length - KEPT));
    const child = this.#spawn(job);
    if (typeof child === "string") this.#end(job, child);
    else {
      this.#running = { job, process: child, over: this.#attend(job, child), isCancelled: false };
      this.#options.log.info({ id: job.id, verb, options, by }, "a job begins");
    }
    return job;
  }

  /** What was begun is taken back, or left so that the next start finishes it. */
  cancel(id: string): void {
    if (this.#running?.job.id !== id) return;
    this.#running.isCancelled = true;
    this.#running.process.kill("SIGTERM");
  }

  /** Called at every change of the job, the last time when it has ended. Answers how to stop listening. */
  listen(listener: (job: Job) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    running.process.kill("SIGTERM");
    if (!(await until(() => this.#running !== running, { timeout: GRACE_MS }))) running.process.kill("SIGKILL");
    await running.over;
  }

  /** Where no process can be had the job fails, not the guardian: answers why. */
  #spawn({ verb, options }: Job): ChildProcess | string {
    try {
      return spawnChild(this.#options, ["job", verb, JSON.stringify(options)], {
        detached: true,
        env: { [JOB_KNOWS]: JSON.stringify(this.#options.knows()) },
      });
    } catch (error) {
      if (isWithoutMeans(error)) return error.message;
      throw error;
    }
  }

  async #attend(job: Job, child: ChildProcess): Promise<void> {
    child.on("message", (message) => void this.#heard(job, child, message));
    const how = await endOf(child);
    if (job.result === null && job.error === null) await this.#tidy();
    await this.#letGo();
    this.#end(job, how);
  }

  async #heard(job: Job, child: ChildProcess, message: unknown): Promise<void> {
    if (!isMessage<FromJob>(message, "progress", "result", "failed", "ask-patient")) return;
    switch (message.type) {
      case "progress":
        job.progress = message.progress;
        break;
      case "result":
        job.result = message.result;
        break;
      case "failed":
        job.error = message.error;
        break;
      case "ask-patient":
        await this.#act(message.act, child);
        return;
    }
    this.#tell(job);
  }

  async #act(act: "stop" | "start", child: ChildProcess): Promise<void> {
    let error: PromptlibError | null = null;
    try {
      if (act === "stop") this.#holds = true;
      await this.#options.postgres[act]();
      if (act === "start") this.#holds = false;
    } catch (reason) {
      error = reason instanceof PromptlibError ? reason : new PromptlibError("internal", { message: String(reason) });
    }
    const answer: ToJob = { type: "patient", error: error?.toJSON().error ?? null };
    // Nobody to take it: the job is gone, which its exit tells.
    if (child.connected) child.send(answer, () => {});
  }

  async #tidy(): Promise<void> {
    try {
      await this.#options.tidy?.();
    } catch (error) {
      this.#options.log.error({ err: error }, "what a killed job left is still there; the next one clears it away");
    }
  }

  /** Whatever became of the job, PostgreSQL is nobody's to hold any more. */
  async #letGo(): Promise<void> {
    if (!this.#holds) return;
    this.#holds = false;
    try {
      await this.#options.postgres.start();
    } catch (error) {
      this.#options.log.error({ err: error }, "PostgreSQL did not start after a restore that ended early");
    }
  }

  #end(job: Job, how: string): void {
    job.endedAt = now().toISOString();
    job.state = job.error === null && job.result !== null ? "done" : "failed";
    // What went wrong on the way back is told as it is.
    const isEnded = job.state === "failed" && (job.error === null || job.error.code === "interrupted");
    const isCancelled = isEnded && this.#running?.isCancelled === true;
    if (isCancelled) job.error = cancelled(job).toJSON().error;
    else if (job.state === "failed") job.error ??= endedEarly(job, how).toJSON().error;
    this.#running = null;
    const { log, onEnd } = this.#options;
    log.info({ id: job.id, verb: job.verb, state: job.state, error: job.error }, "a job ended");
    this.#tell(job);
    // One that was due and cancelled is due still: it is tried again like one that failed.
    onEnd(job, { isTakenBack: isCancelled && job.by !== "guardian" });
  }

  #tell(job: Job): void {
    for (const listener of this.#listeners) listener(job);
  }
}

function cancelled({ verb }: Job): PromptlibError {
  return new PromptlibError("interrupted", {
    message: `The ${verb} was cancelled.`,
    hint: "What it began was taken back. Start it again when you want.",
  });
}

function endedEarly({ verb }: Job, how: string): PromptlibError {
  return new PromptlibError("interrupted", {
    message: `The ${verb} ended before it was done (${how}).`,
    hint: "Nothing that counts was left half done. Start it again; logs/jobs.log has what it said.",
  });
}
