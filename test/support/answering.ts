/** A server of the test's own that answers as the test says, and is gone when the test is over. */
import { createServer, type RequestListener } from "node:http";
import { onTestFinished } from "vitest";

export async function answering(listener: RequestListener): Promise<{ url: string; stop(): void }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  onTestFinished(stop);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return { url: `http://127.0.0.1:${address.port}`, stop };
}
