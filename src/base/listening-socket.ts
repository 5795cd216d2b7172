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
  if (typeof made === "number") throw refusal(getSystemErrorName(made), host, port, "PORT");
  if (!isSocket(made)) throw new Error("net._createServerHandle answered something unknown");
  // That the port is taken is reported with the first use of the socket, not with the binding.
  const fault = made.getsockname({});
  if (fault === 0) return made;
  made.close();
  throw refusal(getSystemErrorName(fault), host, port, "PORT");
}

/** Node takes these handles too; its types only name the public classes. */
export function sendSocket(child: ChildProcess, message: object, socket: object): void {
  // An error means that the child is gone, which its exit tells.
  child.send(message, socket as SendHandle, () => {});
}

/** Which setting names the port. */
type PortSetting = "PORT" | "GUARDIAN_PORT";

/** Why nothing can listen there, with the setting that mends it; any other error as it is. */
export function whyNotListening(error: unknown, host: string, port: number, setting: PortSetting): unknown {
  if (isErrno(error, "ENOTFOUND", "EAI_AGAIN")) return namesNoAddress(host);
  if (!isErrno(error, "EADDRINUSE", "EACCES", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL")) return error;
  return refusal(String(error.code), host, port, setting);
}

async function addressOf(host: string): Promise<{ address: string; family: number }> {
  try {
    return await lookup(host);
  } catch (error) {
    if (!isErrno(error, "ENOTFOUND", "EAI_AGAIN")) throw error;
    throw namesNoAddress(host);
  }
}

function namesNoAddress(host: string): PromptlibError {
  return configInvalid([{ setting: "HOST", fault: `names no address (${host})` }]);
}

function refusal(name: string, host: string, port: number, setting: PortSetting): PromptlibError {
  if (name === "EADDRINUSE") return portInUse(host, port, setting);
  if (name === "EACCES") return configInvalid([{ setting, fault: `may not be used by this user (${port})` }]);
  return configInvalid([{ setting: "HOST", fault: `is no address of this machine to listen on (${host}, ${name})` }]);
}

function portInUse(host: string, port: number, setting: PortSetting): PromptlibError {
  const at = `${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
  if (setting === "PORT") return new PromptlibError("port_in_use", { message: `${at} is in use by another program.` });
  return new PromptlibError("port_in_use", {
    message: `${at}, where the guardian would listen, is in use by another program.`,
    hint: "Stop that program, or choose another port with GUARDIAN_PORT=….",
  });
}

export function isSocket(value: unknown): value is ListeningSocket {
  return typeof value === "object" && value !== null && "getsockname" in value && "close" in value;
}
