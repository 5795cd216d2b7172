/** promptlib up: starts everything on this machine and keeps it running. What `npm start` runs. */

import { join } from "node:path";
import type { Command } from "commander";
import { type Config, type Home, readConfig } from "../base/config.ts";
import { readIfExists } from "../base/files.ts";
import { lockHome, prepareHome } from "../base/home.ts";
import { bindSocket, isSocket } from "../base/listening-socket.ts";
import { parseRunning } from "../base/running.ts";
import { PromptlibError } from "../contract/errors.ts";
import { clusterExists } from "../postgres/cluster.ts";
import { announcement, Terminal } from "./announcement.ts";
import { type Predecessor, predecessor } from "./successor.ts";
import { type ChildName, Supervisor } from "./supervisor.ts";
import { program as thisProgram } from "./this-program.ts";
import { examples } from "./verb.ts";

export function registerUp(program: Command): void {
  const command = program
    .command("up")
    .summary("start everything on this machine and keep it running")
    .description(
      "Start everything on this machine: the embedded PostgreSQL (unless DATABASE_URL names another), its guard and the server. Whatever dies is started again. Ctrl-C or SIGTERM stops all of it in order. Configuration: docs/configuration.md.",
    )
    .action(up);
  examples(command, "promptlib up", "PORT=9000 GUARDIAN_PORT=9010 PROMPTLIB_HOME=/srv/prompts promptlib up");
}

async function up(): Promise<void> {
  // Asked first: what the old server sends must find someone listening.
  const before = await predecessor();
  const config = readConfig();
  const settled = before ? await settledBefore(config.home) : [];
  await prepareHome(config.home, config.database ? [] : ["database"]);
  const lock = await lockHome(config.home, "lock").catch(async (error) => {
    // Two servers lost their supervisors one after the other, and the other one's successor was first.
    if (error instanceof PromptlibError && error.code === "home_in_use") await before?.relieve("taken-over");
    throw error;
  });
  try {
    await supervise(config, before, settled);
  } finally {
    await lock.release();
  }
}

/**
 * Which children ran under the supervisor that was killed. Throws where the home went away with it: a new one in its
 * place would be an empty library that looks like the real one.
 */
async function settledBefore(home: Home): Promise<ChildName[]> {
  const text = await readIfExists(join(home.run, "children.json"));
  if (text === null) {
    throw new PromptlibError("home_not_writable", {
      message: `The home ${home.root} is gone; nothing new was made in its place.`,
      hint: "Bring it back: is a disk not mounted?",
    });
  }
  const guard = parseRunning(text)?.processes.find(({ name }) => name === "guard");
  const ran = guard !== undefined && guard.state !== "starting";
  return ran || (await clusterExists(home)) ? ["serve", "guard"] : ["serve"];
}

async function supervise(config: Config, before: Predecessor | null, settled: ChildName[]): Promise<void> {
  const socket = before ? before.socket : await bindSocket(config.host, config.port);
  if (!isSocket(socket)) throw new Error("the predecessor handed over something that is no socket");
  const terminal = new Terminal();
  terminal.starting(config.database || (await clusterExists(config.home)) ? "Starting" : "Making the database");
  const supervisor = new Supervisor({
    config,
    program: thisProgram(),
    socket,
    settled,
    events: {
      onReady: (url) => terminal.ready(announcement(url, config)),
      onServing: () => void before?.relieve("taken-over"),
      onPostgres: (postgres) => terminal.postgres(postgres),
      onFirstAdmin: (username, password) => terminal.firstAdmin(username, password),
    },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // `on`, not `once`: under npm the same Ctrl-C arrives twice, from the terminal and from npm.
    process.on(signal, () => {
      // Set by the launcher when it was started with nohup.
      if (signal === "SIGHUP" && process.env.PROMPTLIB_IGNORE_HANGUP === "1") return;
      void before?.relieve("stop");
      supervisor.stop();
    });
  }
  const refusal = await supervisor.run();
  terminal.over();
  if (refusal) throw refusal;
}
