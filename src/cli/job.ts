/** promptlib job: how the guardian has a recovery verb carried out, in a process of its own. Nobody else calls it. */
import { join } from "node:path";
import type { Command } from "commander";
import { monotonic } from "../base/clock.ts";
import { readConfig } from "../base/config.ts";
import { lockHome } from "../base/home.ts";
import { JOB_KNOWS, type KnownOfPostgres, type ToJob } from "../base/job-channel.ts";
import { openLog } from "../base/log.ts";
import { isMessage } from "../base/supervision.ts";
import { isErrorCode, PromptlibError } from "../contract/errors.ts";
import { jobRequest, type Progress } from "../contract/recovery.ts";
import type { Patient } from "../recovery/patient.ts";
import { leave, say, sayFailed } from "./for-guardian.ts";
import { usage } from "./verb.ts";

export function registerJob(program: Command): void {
  program.command("job <verb> <options>", { hidden: true }).description("carried out for the guardian").action(job);
}

async function job(verb: string, options: string): Promise<void> {
  if (!process.send) throw usage("Only the guardian starts a job.");
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());
  // A guardian that is gone cannot start PostgreSQL for us: what was begun is taken back.
  process.once("disconnect", () => stop.abort());
  if (!process.connected) stop.abort();
  const { work } = await import("./recovery-work.ts");
  try {
    const config = readConfig();
    const request = jobRequest.parse({ verb, options: JSON.parse(options) });
    const lock = await lockHome(config.home, "job.lock");
    if (stop.signal.aborted) throw new PromptlibError("interrupted");
    const result = await work(request, {
      config,
      log: openLog(config.logLevel, join(config.home.logs, "jobs.log")),
      signal: stop.signal,
      progress: nowAndThen((progress) => void say({ type: "progress", progress })),
      patient: guardedPatient(),
    });
    await lock.release();
    await say({ type: "result", result });
  } catch (error) {
    await sayFailed(error);
  } finally {
    leave();
  }
}

const TELL_EVERY_MS = 100;

/** Each phase is told, and its bytes no oftener than somebody can look. */
function nowAndThen(tell: (progress: Progress) => void): (progress: Progress) => void {
  let phase: string | null = null;
  let last = 0;
  return (progress) => {
    if (progress.phase === phase && monotonic() - last < TELL_EVERY_MS) return;
    phase = progress.phase;
    last = monotonic();
    tell(progress);
  };
}

/** The PostgreSQL that the guardian keeps: it stops and starts it for us. */
function guardedPatient(): Patient {
  const { downSince } = JSON.parse(process.env[JOB_KNOWS] ?? "{}") as KnownOfPostgres;
  return {
    stop: async () => await ask("stop"),
    start: async () => await ask("start"),
    downSince: async () => downSince,
  };
}

async function ask(act: "stop" | "start"): Promise<void> {
  const gone = new PromptlibError("guardian_unreachable");
  const answer = new Promise<ToJob>((resolve, reject) => {
    const heard = (message: unknown) => {
      if (!isMessage<ToJob>(message, "patient")) return;
      process.off("message", heard);
      process.off("disconnect", lost);
      resolve(message);
    };
    const lost = () => reject(gone);
    process.on("message", heard);
    process.once("disconnect", lost);
    if (!process.connected) reject(gone);
  });
  await say({ type: "ask-patient", act });
  const { error } = await answer;
  if (!error) return;
  const { code, ...rest } = error;
  throw new PromptlibError(isErrorCode(code) ? code : "internal", rest);
}
