/** Where a request came from: the connection, or what a trusted proxy says of it. */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP, isIPv6 } from "node:net";

/** host or host:port, as in a Host header. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return name === "localhost" || name === "::1" || /^127\.\d+\.\d+\.\d+$/.test(name) || name.endsWith(".localhost");
}

export class Proxies {
  readonly #trusted = new BlockList();
  readonly #any: boolean;

  /** Addresses, networks like 10.0.0.0/8, or `loopback`. */
  constructor(trusted: readonly string[]) {
    this.#any = trusted.length > 0;
    for (const entry of trusted.flatMap((name) => (name === "loopback" ? ["127.0.0.0/8", "::1"] : [name]))) {
      const [address = "", bits] = entry.split("/");
      const family = isIPv6(address) ? "ipv6" : "ipv4";
      if (bits === undefined) this.#trusted.addAddress(address, family);
      else this.#trusted.addSubnet(address, Number(bits), family);
    }
  }

  /** The first address, from the right, that no trusted proxy vouches for. */
  clientOf(request: IncomingMessage): string {
    let address = plain(request.socket.remoteAddress ?? "unknown");
    if (!this.#any) return address;
    const forwarded = String(request.headers["x-forwarded-for"] ?? "").split(",");
    while (this.#trusts(address)) {
      const next = plain(forwarded.pop()?.trim() ?? "");
      if (isIP(next) === 0) break;
      address = next;
    }
    return address;
  }

  #trusts(address: string): boolean {
    return this.#trusted.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  }
}

/** Without port, brackets, zone; IPv4 as such. */
function plain(address: string): string {
  const bare = /^\[(.*)\](?::\d+)?$/.exec(address)?.[1] ?? address.replace(/^([\d.]+):\d+$/, "$1");
  return bare.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
}

/** What one guesser has at his disposal: an IPv4 address, or the /64 that an IPv6 customer gets. */
export function guesserAt(address: string): string {
  if (!isIPv6(address)) return address;
  const [left = "", right = ""] = address.split("::");
  const groups = left === "" ? [] : left.split(":");
  const after = right === "" ? [] : right.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - after.length) }, () => "0");
  return [...groups, ...zeros, ...after].slice(0, 4).join(":");
}
