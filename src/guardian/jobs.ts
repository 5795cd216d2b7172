/**
 * Backups, restores, drills and verifications: each a process of its own, one at a time, so that the guardian itself
 * only watches and answers. A restore waits for none of the others: they make way. What they say is kept for those who
 * ask.
 */
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { now, until } from "../base/clock.ts";
import { type FromJob, JOB_KNOWS, type KnownOfPostgres, type ToJob } from "../base/job-channel.ts";
import type { Log } from "../base/log.ts";
import { isMessage } from "../base/supervision.ts";
import { PromptlibError } from "../contract/errors.ts";
import { type Job, type JobRequest, restoreOptions } from "../contract/recovery.ts";
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
  /** `isTakenBack`: a person wanted that it ends, or what was more urgent, which is no failure. */
  onEnd(job: Job, how: { isTakenBack: boolean }): void;
  /** Clears away what a job left that was killed; nothing else goes on meanwhile. */
  tidy?(): Promise<void>;
  /** ms that a job has to end when it is told to; another one only in tests. */
  grace?: number;
}

const KEPT = 20;
const GRACE_MS = 15_000;
/** What a restore takes back may be a large directory. */
const RESTORE_GRACE_MS = 60_000;

type Ending = "cancelled" | "makes way";

interface Running {
  job: Job;
  process: ChildProcess;
  over: Promise<void>;
  /** Why it was told to end. */
  ending: Ending | null;
}

export class Jobs {
  readonly #options: JobsOptions;
  /** Oldest first. */
  readonly #jobs: Job[] = [];
  readonly #listeners = new Set<(job: Job) => void>();
  #running: Running | null = null;
  /** A restore that begins when what runs has made way. */
  #next: Job | null = null;
  /** A restore stopped PostgreSQL and did not start it again yet. */
  #holds = false;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  get current(): Job | null {
    return this.#next ?? this.#running?.job ?? null;
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

  /**
   * Answers a job that has failed already where no process can be had. A restore ends a backup, drill or verification
   * that runs, and begins after that; all else throws `job_running`.
   */
  start(request: JobRequest, by: string): Job {
    const current = this.current;
    if (current && !(isRestore(request) && !isRestore(current))) {
      throw new PromptlibError("job_running", {
        message: `A ${current.verb} has been running since ${current.startedAt}.`,
        details: { id: current.id, verb: current.verb },
      });
    }
    const { verb, options } = request;
    const startedAt = now().toISOString();
    const blank = { endedAt: null, progress: null, result: null, error: null };
    const job: Job = { id: randomUUID(), verb, options, by, state: "running", startedAt, ...blank };
    this.#jobs.push(job);
    this.#jobs.splice(0, Math.max(0, this.#jobs.length - KEPT));
    if (this.#running) this.#beginAfter(this.#running, job);
    else this.#begin(job);
    return job;
  }

  /** What was begun is taken back, or left so that the next start finishes it. */
  cancel(id: string): void {
    if (this.#next?.id === id) this.#dropNext("cancelled");
    else if (this.#running?.job.id === id) this.#terminate(this.#running, "cancelled");
  }

  /** Called at every change of the job, the last time when it has ended. Answers how to stop listening. */
  listen(listener: (job: Job) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    this.#dropNext(null);
    const running = this.#running;
    if (!running) return;
    running.process.kill("SIGTERM");
    const { grace = GRACE_MS } = this.#options;
    if (!(await until(() => this.#running !== running, { timeout: grace }))) running.process.kill("SIGKILL");
    await running.over;
  }

  #begin(job: Job): void {
    const { id, verb, options, by } = job;
    const child = this.#spawn(job);
    if (typeof child === "string") this.#end(job, child, null);
    else {
      this.#running = { job, process: child, over: this.#attend(job, child), ending: null };
      this.#options.log.info({ id, verb, options, by }, "a job begins");
    }
  }

  #beginAfter(running: Running, job: Job): void {
    const { id, verb } = running.job;
    this.#options.log.info({ id, verb, for: job.id }, "a job makes way for a restore");
    this.#next = job;
    job.progress = { phase: "end what is running", done: null, total: null };
    this.#terminate(running, "makes way");
  }

  #dropNext(ending: Ending | null): void {
    const next = this.#next;
    this.#next = null;
    if (next) this.#end(next, "it had not begun", ending);
  }

  /** One that waits for a disk that hangs does not hear us. */
  #terminate(running: Running, ending: Ending): void {
    running.process.kill("SIGTERM");
    if (running.ending) return;
    running.ending = ending;
    const { grace = isRestore(running.job) ? RESTORE_GRACE_MS : GRACE_MS } = this.#options;
    const kill = setTimeout(() => running.process.kill("SIGKILL"), grace);
    void running.over.finally(() => clearTimeout(kill));
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
    const ending = this.#running?.ending ?? null;
    this.#running = null;
    this.#end(job, how, ending);
    const next = this.#next;
    this.#next = null;
    if (next) this.#begin(next);
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

  #end(job: Job, how: string, ending: Ending | null): void {
    job.endedAt = now().toISOString();
    job.state = job.error === null && job.result !== null ? "done" : "failed";
    // What went wrong on the way back is told as it is.
    const isEnded = job.state === "failed" && (job.error === null || job.error.code === "interrupted");
    const wanted = isEnded ? ending : null;
    if (wanted) job.error = (wanted === "cancelled" ? cancelled(job) : madeWay(job)).toJSON().error;
    else if (job.state === "failed") job.error ??= endedEarly(job, how).toJSON().error;
    const { log, onEnd } = this.#options;
    log.info({ id: job.id, verb: job.verb, state: job.state, error: job.error }, "a job ended");
    this.#tell(job);
    // One that was due and cancelled is due still: it is tried again like one that failed.
    const isTakenBack = wanted === "makes way" || (wanted === "cancelled" && job.by !== "guardian");
    onEnd(job, { isTakenBack });
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

function madeWay({ verb }: Job): PromptlibError {
  return new PromptlibError("interrupted", {
    message: `The ${verb} made way for a restore.`,
    hint:
      verb === "backup" ? "A backup is made by itself after the restore." : "Order it again when the restore is done.",
  });
}

/** In earnest: a plan changes nothing. */
function isRestore({ verb, options }: Pick<Job, "verb" | "options">): boolean {
  return verb === "restore" && !restoreOptions.parse(options).plan;
}

function endedEarly({ verb }: Job, how: string): PromptlibError {
  return new PromptlibError("interrupted", {
    message: `The ${verb} ended before it was done (${how}).`,
    hint: "Nothing that counts was left half done. Start it again; logs/jobs.log has what it said.",
  });
}
