/** Answers whose readers leave. */
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import Fastify from "fastify";
import { afterEach, expect, it } from "vitest";
import { send } from "./answer.ts";
import type { Parts } from "./route.ts";

const app = Fastify();
afterEach(() => app.close());

it("of many lines end at once for a caller who left before they began", async () => {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<number>();
  async function* lines() {
    let told = 0;
    try {
      for (; told < 1_000; told += 1) yield "x".repeat(100_000);
    } finally {
      ended.resolve(told);
    }
  }
  app.get("/", async (_request, reply) => {
    begun.resolve();
    await once(reply.raw, "close");
    // No error is to be told, so nothing of the server is asked.
    return await send({} as Parts, reply, { body: lines() });
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nhost: here\r\n\r\n");
  await begun.promise;
  socket.destroy();
  expect(await ended.promise).toBe(0);
});
