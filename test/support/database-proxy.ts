/** Stands between a server and PostgreSQL, so that a test can cut, refuse or freeze what passes. */

import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

type When = "before" | "after";

export class DatabaseProxy {
  readonly #target: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #refusing = false;
  #frozen = false;
  #cutAt: { words: string; when: When } | null = null;

  /** `target`: the Unix socket of PostgreSQL. */
  static async open(target: string): Promise<DatabaseProxy> {
    const proxy = new DatabaseProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((client) => this.#join(client));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** PostgreSQL is dead: connections end, new ones are refused. */
  cut(): void {
    this.#refusing = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** PostgreSQL stands still: connections stay, also new ones are taken, nothing is answered. */
  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** PostgreSQL is back, or goes on. */
  restore(): void {
    this.#refusing = false;
    this.#frozen = false;
    this.#cutAt = null;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Cuts everything when a client says these words, before PostgreSQL hears them or after it has answered. */
  cutAt(words: string, when: When): void {
    this.#cutAt = { words, when };
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    if (this.#refusing) {
      client.destroy();
      return;
    }
    const upstream = connect(this.#target);
    let doomed = false;
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    if (this.#frozen) client.pause();
    client.on("data", (bytes) => {
      const cutAt = this.#cutAt;
      if (cutAt && bytes.includes(cutAt.words)) {
        if (cutAt.when === "before") return this.cut();
        doomed = true;
      }
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      if (doomed) return this.cut();
      client.write(bytes);
    });
  }
}
