import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { GuardianClient } from "./guardian-client.ts";

async function guardian(listener: RequestListener): Promise<GuardianClient> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new GuardianClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: "t" });
}

async function followed(client: GuardianClient): Promise<string[]> {
  const states: string[] = [];
  for await (const { state } of client.follow("j")) states.push(state);
  return states;
}

const line = (state: string) => `${JSON.stringify({ id: "j", verb: "restore", state })}\n`;

it("follows a job on when the connection breaks, until the job has ended", async () => {
  let connections = 0;
  const client = await guardian((request, response) => {
    if (!request.url?.endsWith("/events")) return response.end(line("running"));
    connections += 1;
    if (connections === 3) return response.end(line("running") + line("done"));
    response.write(line("running"), () => response.destroy());
  });
  const states = await followed(client);
  expect(connections).toBe(3);
  expect(states.at(-1)).toBe("done");
});

it("is told of no end where the guardian went away, or another came", async () => {
  const broken: RequestListener = (_request, response) => response.write(line("running"), () => response.destroy());
  const gone = await guardian((request, response) =>
    request.url?.endsWith("/events") ? broken(request, response) : request.socket.destroy(),
  );
  expect(await followed(gone)).toEqual(["running"]);
  const successor = await guardian((request, response) => {
    if (request.url?.endsWith("/events")) return broken(request, response);
    response.statusCode = 401;
    response.end(JSON.stringify({ error: { code: "unauthorized", message: "Who?", hint: "" } }));
  });
  expect(await followed(successor)).toEqual(["running"]);
});
