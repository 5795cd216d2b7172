/**
 * Stands in for the program where jobs, looks and receivers are started: fake-child.ts job VERB OPTIONS, look WHAT
 * OPTIONS, receive.
 * What a job does is in FAKE_JOB, a word a step: fail, ask-stop, ask-start, linger (until SIGTERM), deaf (not even
 * then), die, leave (without a word).
 */
import { appendFileSync } from "node:fs";
import { sleep } from "../../src/base/clock.ts";
import { JOB, JOB_KNOWS } from "../../src/base/job-channel.ts";
import { supervision } from "../../src/base/supervision.ts";

const say = async (message: object) => await new Promise<void>((done) => process.send?.(message, () => done()));
const term = new Promise<void>((resolve) => process.once("SIGTERM", () => resolve()));
const awake = setInterval(() => {}, 1_000);

const steps: Record<string, () => Promise<void>> = {
  fail: async () => await say({ type: "failed", error: { code: "backup_failed", message: "no room", hint: "none" } }),
  "ask-stop": async () => await ask("stop"),
  "ask-start": async () => await ask("start"),
  linger: async () => {
    await say({ type: "progress", progress: { phase: "linger", done: 1, total: 2 } });
    await term;
  },
  deaf: async () => await new Promise(() => {}),
  die: async () => process.exit(7),
  leave: async () => process.disconnect(),
};

async function ask(act: "stop" | "start"): Promise<void> {
  const answer = new Promise((resolve) => process.once("message", resolve));
  await say({ type: "ask-patient", act });
  await say({
    type: "progress",
    progress: { phase: `${act}: ${JSON.stringify(await answer)}`, done: null, total: null },
  });
}

async function job(): Promise<void> {
  const words = (process.env.FAKE_JOB ?? "").split(" ").filter(Boolean);
  for (const word of words) await steps[word]?.();
  const result = {
    verb: process.argv[3],
    options: process.argv[4],
    job: process.env[JOB],
    knows: process.env[JOB_KNOWS],
    threads: process.env.UV_THREADPOOL_SIZE,
  };
  if (!words.includes("fail") && process.connected) await say({ type: "result", result });
}

/** Says that it streams until it is told to end; FAKE_TRACE: a file that gets a line at its start and at its end. */
async function receive(): Promise<void> {
  const trace = (word: string) => appendFileSync(process.env.FAKE_TRACE ?? "/dev/null", `${word} ${process.pid}\n`);
  trace("start");
  const supervisor = supervision();
  await supervisor?.ready();
  await supervisor?.say({ type: "wal", wal: JSON.parse(process.env.FAKE_STATUS ?? "{}") });
  await term;
  await sleep(300);
  trace("end");
}

/** What a job does, without being one; FAKE_TRACE as above. */
async function look(): Promise<void> {
  appendFileSync(process.env.FAKE_TRACE ?? "/dev/null", `look ${process.pid}\n`);
  const words = (process.env.FAKE_JOB ?? "").split(" ").filter(Boolean);
  for (const word of words) await steps[word]?.();
  if (words.length === 0) await say({ type: "result", result: { what: process.argv[3], options: process.argv[4] } });
}

const verbs: Record<string, () => Promise<void>> = { job, look, receive };
await verbs[process.argv[2] ?? ""]?.();
clearInterval(awake);
if (process.connected) process.disconnect();
