/** The server as a process: its socket, its lock, its signals, and what it does when its supervisor is killed. */
import { join } from "node:path";
import { monotonic, sleep } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import { lockHome, prepareHome } from "../base/home.ts";
import { type Log, openLog } from "../base/log.ts";
import { type Supervision, supervision } from "../base/supervision.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { startServer } from "../server/serve.ts";
import { callSuccessor, isSuccessor } from "./successor.ts";
import { program } from "./this-program.ts";

/** Given, not imported: only its type is loaded here, and tests give one that does next to nothing. */
export type StartServer = typeof startServer;
type RunningServer = Awaited<ReturnType<StartServer>>;

/** Requests in flight get so long to end. */
const DRAIN_MS = 5_000;

/** Answers when it was told to stop and has stopped. */
export async function serveProcess(config: Config, startServer: StartServer): Promise<void> {
  const supervisor = supervision();
  // `up` made it; should it vanish later, an empty one in its place would look like the real one.
  if (!supervisor) await prepareHome(config.home);
  // Under `up` the home is locked already, and two servers overlap for a moment when `up` was killed.
  const lock = supervisor ? null : await lockHome(config.home, "serve.lock");
  try {
    await serveUntilStopped(config, startServer, supervisor);
  } finally {
    await lock?.release();
  }
}

async function serveUntilStopped(
  config: Config,
  startServer: StartServer,
  supervisor: Supervision | null,
): Promise<void> {
  const log = openLog(config.logLevel, supervisor ? join(config.home.logs, "server.log") : null);
  const end = endOf(supervisor);
  const socket = (await supervisor?.socket()) ?? null;
  const server = await startServer(config, {
    log,
    socket,
    shared: isSuccessor(),
    program: program(),
    onFirstAdmin: (username, password) => sayFirstAdmin(supervisor, username, password),
    onRefused: end.refuse,
  });
  if (supervisor) await supervisor.ready({ url: server.url });
  else process.stdout.write(`Prompt Library is ready at ${server.url}\n`);

  let why = await end.promise;
  if (why === "lost" && socket) {
    log.warn("the supervisor was killed; calling another");
    server.share();
    why = await Promise.race([end.stopped, callSuccessor(program(), socket).then(() => "stop" as const)]);
    log.info("leaving");
  }
  await drained(server, log);
  if (why instanceof PromptlibError) throw why;
}

type End = "stop" | "lost" | PromptlibError;

/** Listens for everything that ends a server, from the first moment on. */
function endOf(supervisor: Supervision | null) {
  const first = Promise.withResolvers<End>();
  const stop = Promise.withResolvers<End>();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      first.resolve("stop");
      stop.resolve("stop");
    });
  }
  supervisor?.onLost(() => first.resolve("lost"));
  return {
    promise: first.promise,
    /** Settles at a signal or a refusal also after the supervisor was lost. */
    stopped: stop.promise,
    refuse(error: PromptlibError) {
      first.resolve(error);
      stop.resolve(error);
    },
  };
}

async function drained(server: RunningServer, log: Log): Promise<void> {
  const start = monotonic();
  await Promise.race([server.close(), sleep(DRAIN_MS)]);
  log.info({ ms: Math.round(monotonic() - start) }, "stopped");
}

function sayFirstAdmin(supervisor: Supervision | null, username: string, password: string): void {
  if (supervisor) void supervisor.say({ type: "first-admin", username, password });
  else process.stdout.write(`The first administrator, shown this once: ${username}, password ${password}\n`);
}
