/** How the server leaves: what is under way is answered, nothing new is taken, no connection is left. */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { monotonic } from "../base/clock.ts";

const LOOK_EVERY_MS = 50;
/** A connection that was made just before may have its first request on the way. */
const PATIENCE_MS = 500;

/** Follows the connections of a server from its start on; answers the function that ends them all. */
export function stopper(server: Server): () => Promise<void> {
  const connections = new Set<Socket>();
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  return async () => {
    const start = monotonic();
    server.prependListener("request", (_request, response) => {
      response.shouldKeepAlive = false;
    });
    const looking = setInterval(() => {
      // An answer that had begun before has promised to keep its connection; it falls idle at its end.
      server.closeIdleConnections();
      // Node takes a connection that was never used for one whose request is about to come.
      const unused =
        monotonic() - start > PATIENCE_MS ? [...connections].filter((socket) => socket.bytesRead === 0) : [];
      for (const socket of unused) socket.destroy();
    }, LOOK_EVERY_MS);
    await new Promise<void>((resolve) => server.close(() => resolve()));
    clearInterval(looking);
  };
}
