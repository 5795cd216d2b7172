/**
 * What `up` and its children tell each other, over Node's IPC channel; and the child's side of it.
 * The channel also tells that the other is gone: it closes, whatever killed it.
 */
import type { ErrorBody, PromptlibError } from "../contract/errors.ts";

export type PostgresState = "starting" | "running" | "stopped" | "failed";

/** What the guard knows of its PostgreSQL. */
export interface PostgresStatus {
  state: PostgresState;
  pid: number | null;
  restarts: number;
  /** When this state began; ISO 8601, UTC. */
  since: string;
  /** Why it failed, in a sentence; else null. */
  problem: string | null;
}

export type FromChild =
  | { type: "alive" }
  | { type: "ready"; url?: string }
  | { type: "refused"; error: ErrorBody["error"] }
  | { type: "first-admin"; username: string; password: string }
  | { type: "postgres"; postgres: PostgresStatus };

/** From `up` to `serve`; the listening socket comes along with `listen`. */
type ToChild = { type: "listen" };

/** Between a `serve` that lost its supervisor and the `up` that it called; see src/cli/successor.ts. */
export type FromSuccessor = { type: "taken-over" } | { type: "stop" };

export interface Supervision {
  /** The listening socket, as `http.Server.listen` takes it. */
  socket(): Promise<object>;
  /** Resolves when the message has left, or when there is nobody to take it. */
  say<T extends { type: string } = FromChild>(message: T): Promise<void>;
  ready(info?: { url?: string }): Promise<void>;
  refused(error: PromptlibError): Promise<void>;
  /** Called once, when the supervisor is gone. */
  onLost(callback: () => void): void;
}

/** So often a child says that it is alive; see child.ts for what follows when it does not. */
export const BEAT_MS = 1_000;

/** Set for processes that `up` starts. */
export const SUPERVISED = "PROMPTLIB_SUPERVISED";

let beating = false;

/** The supervisor of this process, or null when it was started by itself. */
export function supervision(): Supervision | null {
  if (process.env[SUPERVISED] !== "1" || !process.send) return null;
  if (!beating) setInterval(() => void say({ type: "alive" }), BEAT_MS).unref();
  beating = true;
  return {
    socket: receiveSocket,
    say,
    ready: async (info = {}) => await say({ type: "ready", ...info }),
    refused: async (error) => await say({ type: "refused", error: error.toJSON().error }),
    onLost(callback) {
      if (process.connected) process.once("disconnect", callback);
      else queueMicrotask(callback);
    },
  };
}

/** The socket that the parent sends; whatever was sent before anybody listened, Node keeps. */
export async function receiveSocket(): Promise<object> {
  return await new Promise((resolve) => {
    process.on("message", function receive(message: unknown, handle: unknown) {
      if (!isMessage<ToChild>(message, "listen") || typeof handle !== "object" || handle === null) return;
      process.off("message", receive);
      resolve(handle);
    });
  });
}

/** Messages come from processes of this same program: their type is all there is to check. */
export function isMessage<T extends { type: string }>(message: unknown, ...types: T["type"][]): message is T {
  return (
    typeof message === "object" && message !== null && "type" in message && types.some((type) => type === message.type)
  );
}

async function say<T extends { type: string }>(message: T): Promise<void> {
  await new Promise<void>((resolve) => {
    if (!process.send || !process.connected) return resolve();
    // An error means that the parent is gone, which `onLost` tells.
    process.send(message, undefined, undefined, () => resolve());
  });
}
