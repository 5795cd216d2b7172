/**
 * Having a recovery verb done: by the guardian where one runs on the home, else here, under the guardian's lock. Both
 * ways show the same progress and answer the same result.
 */
import { devNull } from "node:os";
import { join } from "node:path";
import { sleep } from "../base/clock.ts";
import { type Config, readConfig } from "../base/config.ts";
import { lockHome, outlive, prepareHome } from "../base/home.ts";
import { openLog } from "../base/log.ts";
import { PromptlibError } from "../contract/errors.ts";
import { type Job, type JobRequest, jobRequest } from "../contract/recovery.ts";
import { GuardianClient, reachGuardian } from "./guardian-client.ts";
import { lookOf, nobody, wasMade } from "./no-home.ts";
import { note } from "./output.ts";
import { openRecoveryProgress, type RecoveryProgress } from "./recovery-progress.ts";
import { usage } from "./verb.ts";

/** A job whose guard was killed takes back what it began. */
const ORPHAN_MS = 60_000;
/** A guardian whose disk stands still does not hear it the first time. */
const CANCEL_TRIES = 10;
const CANCEL_AGAIN_MS = 500;

const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Answers the result. Ctrl-C, and a terminal that goes away, end what was ordered; it is then taken back. */
export async function order<Result>(request: JobRequest): Promise<Result> {
  refuseFaults(request);
  const config = readConfig();
  const stop = new AbortController();
  const onInterrupt = (signal: NodeJS.Signals) => {
    // The launcher says that nohup started us.
    if (signal === "SIGHUP" && process.env.PROMPTLIB_IGNORE_HANGUP === "1") return;
    stop.abort();
  };
  for (const signal of INTERRUPTS) process.on(signal, onInterrupt);
  const progress = await openRecoveryProgress(request.verb);
  try {
    const guardian = await reachGuardian(config.home);
    const result = guardian
      ? await throughGuardian(guardian, request, progress, stop.signal)
      : await here(config, request, progress, stop.signal);
    return result as Result;
  } finally {
    progress.close();
    for (const signal of INTERRUPTS) process.off(signal, onInterrupt);
  }
}

/** The same is refused in the same words, whoever would do it. */
function refuseFaults(request: JobRequest): void {
  const { error } = jobRequest.safeParse(request);
  if (!error) return;
  throw usage(error.issues.map(({ path, message }) => `${String(path.at(-1) ?? request.verb)}: ${message}`).join("; "));
}

type Ordering = Pick<GuardianClient, "order" | "cancel" | "follow">;

export async function throughGuardian(
  guardian: Ordering,
  request: JobRequest,
  progress: RecoveryProgress,
  signal: AbortSignal,
): Promise<unknown> {
  if (signal.aborted) throw new PromptlibError("interrupted", { message: "Nothing was begun." });
  const ordered = await guardian.order(request);
  const over = new AbortController();
  const cancel = () => void insistOnCancel(guardian, ordered, over.signal);
  signal.addEventListener("abort", cancel, { once: true });
  // Meanwhile, when nobody listened yet.
  if (signal.aborted) cancel();
  let last: Job = ordered;
  try {
    for await (const job of guardian.follow(ordered.id)) {
      last = job;
      if (job.progress) progress.show(job.progress);
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    over.abort();
  }
  if (last.state === "running") {
    throw new PromptlibError("guardian_unreachable", {
      message: `The guardian ended before the ${request.verb} did.`,
      hint: "What was begun was taken back, but for a restore whose state was in place already: that one stays. Look with promptlib status before you order it again.",
    });
  }
  if (last.error) throw GuardianClient.errorOf(last.error);
  return last.result;
}

async function insistOnCancel(guardian: Ordering, { id, verb }: Job, over: AbortSignal): Promise<void> {
  for (let left = CANCEL_TRIES; left > 0 && !over.aborted; left--) {
    try {
      return await guardian.cancel(id);
    } catch {
      await sleep(CANCEL_AGAIN_MS, over).catch(() => {});
    }
  }
  if (!over.aborted) note(`The guardian does not take the order to stop: the ${verb} may go on.`);
}

/** Nobody else may touch the home meanwhile. */
async function here(config: Config, request: JobRequest, progress: RecoveryProgress, signal: AbortSignal) {
  if (!wasMade(config.home)) {
    // Nothing is made for somebody who only looks, or who named another home than he meant.
    const looking = {
      config,
      log: openLog(config.logLevel, devNull),
      signal,
      progress: progress.show,
      patient: nobody,
    };
    const look = await lookOf(request, looking);
    if (look) return look.result;
  }
  await prepareHome(config.home);
  const lock = await lockHome(config.home, "guard.lock");
  try {
    await outlive(config.home, "job.lock", ORPHAN_MS);
    const job = await lockHome(config.home, "job.lock");
    const [{ work }, { OwnPostgres }] = await Promise.all([import("./recovery-work.ts"), import("./own-postgres.ts")]);
    const log = openLog(config.logLevel, join(config.home.logs, "recovery.log"));
    const postgres = new OwnPostgres(config, log);
    try {
      if (request.verb === "backup") await postgres.start();
      return await work(request, { config, log, signal, progress: (now) => progress.show(now), patient: postgres });
    } finally {
      await postgres.stop();
      await job.release();
    }
  } finally {
    await lock.release();
  }
}
