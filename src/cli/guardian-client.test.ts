import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { GuardianClient } from "./guardian-client.ts";

async function guardian(
  listener: RequestListener,
  limits: { answerMs?: number; patienceMs?: number } = {},
): Promise<GuardianClient> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return new GuardianClient({ url, token: "t" }, limits);
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

it("takes a guardian that is slow for one that lives: the job is followed to its end", async () => {
  const asked = { events: 0, job: 0 };
  const client = await guardian(
    (request, response) => {
      if (request.url === "/health") return response.end("{}");
      if (!request.url?.endsWith("/events")) {
        asked.job += 1;
        // The first is answered by nobody.
        return asked.job === 1 ? undefined : response.end(line("running"));
      }
      asked.events += 1;
      if (asked.events === 1) return response.write(line("running"), () => response.destroy());
      if (asked.events === 2) return request.socket.destroy();
      response.end(line("running") + line("done"));
    },
    { answerMs: 2_000 },
  );
  expect((await followed(client)).at(-1)).toBe("done");
  expect(asked.events).toBe(3);
  expect(asked.job).toBeGreaterThanOrEqual(3);
});

it("tells of a job that ended meanwhile, though its events cannot be had any more", async () => {
  const client = await guardian((request, response) => {
    if (request.url?.endsWith("/events")) return request.socket.destroy();
    response.end(line("done"));
  });
  expect(await followed(client)).toEqual(["done"]);
});

it("says that a guardian which lives does not answer, when that lasts", async () => {
  const client = await guardian(
    (request, response) => {
      if (request.url === "/health") return response.end("{}");
      if (request.url?.endsWith("/events")) response.write(line("running"), () => response.destroy());
    },
    { answerMs: 100, patienceMs: 1 },
  );
  await expect(followed(client)).rejects.toMatchObject({
    code: "guardian_unreachable",
    message: "The guardian lives and does not answer.",
  });
});
