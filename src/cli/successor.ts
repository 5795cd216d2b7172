/**
 * The way on when `up` was killed. `serve` notices (its channel closes without a SIGTERM before), starts a new `up`
 * and gives it the listening socket; that one starts its own guard and server; when the new server answers, the old
 * one stops accepting, drains and leaves. Both answer on the same socket meanwhile, so no client is turned away.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { sleep } from "../base/clock.ts";
import { sendSocket } from "../base/listening-socket.ts";
import { type FromSuccessor, isMessage, receiveSocket, SUPERVISED } from "../base/supervision.ts";

/** For the `up` that was called, and for what that one starts. */
const SUCCESSOR = "PROMPTLIB_SUCCESSOR";
const CALLED = "called";
const STARTED = "started";
/** A successor that started us so shortly before its own death may be dying by itself. */
const SETTLED_S = 10;
const PAUSE_MS = 5_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** In `serve`: whether its `up` was called by another server, which may still answer on the socket. */
export function isSuccessor(): boolean {
  return process.env[SUCCESSOR] === STARTED;
}

/** In `serve`: answers when another server has taken over, or when this one is to leave. Tries for as long as it takes. */
export async function callSuccessor(program: readonly string[], socket: object): Promise<void> {
  // Must not go round without a pause; everything is served meanwhile.
  if (isSuccessor() && process.uptime() < SETTLED_S) await sleep(PAUSE_MS);
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const child = spawnSuccessor(program);
    sendSocket(child, { type: "listen" }, socket);
    if (await relieved(child)) return;
    await sleep(pause);
  }
}

function spawnSuccessor(program: readonly string[]): ChildProcess {
  const { [SUPERVISED]: _, ...env } = process.env;
  return spawn(process.execPath, [...program, "up"], {
    detached: true,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...env, [SUCCESSOR]: CALLED },
  });
}

/** False: it ended before it could take over. */
async function relieved(child: ChildProcess): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    // What it said before it ended is heard first.
    child.once("exit", () => (child.connected ? child.once("disconnect", () => resolve(false)) : resolve(false)));
    child.on("error", () => resolve(false));
    child.on("message", (message) => {
      if (isMessage<FromSuccessor>(message, "taken-over", "stop")) resolve(true);
    });
  });
}

export interface Predecessor {
  socket: object;
  /** The old server may go. */
  relieve(message: FromSuccessor["type"]): Promise<void>;
}

/** In `up`: the old server that called this one, or null when a human or a script did. */
export async function predecessor(): Promise<Predecessor | null> {
  if (process.env[SUCCESSOR] !== CALLED || !process.send) return null;
  process.env[SUCCESSOR] = STARTED;
  const socket = await receiveSocket();
  return {
    socket,
    async relieve(type) {
      await new Promise<void>((resolve) => {
        if (!process.send || !process.connected) return resolve();
        process.send({ type } satisfies FromSuccessor, undefined, undefined, () => resolve());
      });
      if (process.connected) process.disconnect();
    },
  };
}
