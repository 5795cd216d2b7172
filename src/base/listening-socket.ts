/**
 * A listening socket that outlives the process that answers on it.
 *
 * `up` binds it and hands it to `serve`; should `serve` be killed, clients wait in the kernel's queue until the next
 * one accepts them. `up` itself must never accept, and Node's public `net.Server` would: hence
 * `net._createServerHandle`, undocumented, by which node:cluster shares sockets between its workers. Our Node is
 * pinned, and a test tries it with real processes.
 */
import type { ChildProcess, SendHandle } from "node:child_process";
import { lookup } from "node:dns/promises";
import net from "node:net";
import { getSystemErrorName } from "node:util";
import { PromptlibError } from "../contract/errors.ts";
import { configInvalid } from "./config.ts";
import { isErrno } from "./files.ts";

/** Node's own handle of a bound TCP socket. */
export interface ListeningSocket {
  getsockname(out: { address?: string; port?: number }): number;
  close(): void;
}

/** Errors: `port_in_use`, `config_invalid` where the address is not this machine's or the port not ours to take. */
export async function bindSocket(host: string, port: number): Promise<ListeningSocket> {
  const { address, family } = await addressOf(host);
  const create: unknown = Reflect.get(net, "_createServerHandle");
  if (typeof create !== "function") throw new Error("this Node has no net._createServerHandle");
  const made: unknown = create(address, port, family);
  if (typeof made === "number") throw refusal(made, host, port);
  if (!isSocket(made)) throw new Error("net._createServerHandle answered something unknown");
  // That the port is taken is reported with the first use of the socket, not with the binding.
  const fault = made.getsockname({});
  if (fault === 0) return made;
  made.close();
  throw refusal(fault, host, port);
}

/** Node takes these handles too; its types only name the public classes. */
export function sendSocket(child: ChildProcess, message: object, socket: object): void {
  // An error means that the child is gone, which its exit tells.
  child.send(message, socket as SendHandle, () => {});
}

export function portInUse(host: string, port: number): PromptlibError {
  const shown = net.isIPv6(host) ? `[${host}]` : host;
  return new PromptlibError("port_in_use", { message: `${shown}:${port} is in use by another program.` });
}

async function addressOf(host: string): Promise<{ address: string; family: number }> {
  try {
    return await lookup(host);
  } catch (error) {
    if (!isErrno(error, "ENOTFOUND", "EAI_AGAIN")) throw error;
    throw configInvalid([{ setting: "HOST", fault: `names no address (${host})` }]);
  }
}

function refusal(errno: number, host: string, port: number): PromptlibError {
  const name = getSystemErrorName(errno);
  if (name === "EADDRINUSE") return portInUse(host, port);
  if (name === "EACCES") return configInvalid([{ setting: "PORT", fault: `may not be used by this user (${port})` }]);
  return configInvalid([{ setting: "HOST", fault: `is no address of this machine to listen on (${host}, ${name})` }]);
}

export function isSocket(value: unknown): value is ListeningSocket {
  return typeof value === "object" && value !== null && "getsockname" in value && "close" in value;
}
