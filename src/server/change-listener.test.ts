/** One connection, and all of them, without a library behind. */
import { readFileSync } from "node:fs";
import { createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryHome, testLog } from "../../test/support/cluster.ts";
import { until } from "../base/clock.ts";
import { AccessList } from "../library/access.ts";
import { ChangeEvents } from "./change-events.ts";
import { ChangeListener } from "./change-listener.ts";
import { listenerLimit } from "./listener-limit.ts";

const PATIENCE = { timeout: 20_000, every: 5 };

/** A connection of somebody who reads or not; answers the server's end of it, and what was read. */
async function connected(reads: boolean): Promise<{ response: ServerResponse; text: () => string }> {
  const { promise: response, resolve } = Promise.withResolvers<ServerResponse>();
  const server = createServer((_request, answer) => resolve(answer));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const asking = request({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" }).end();
  let text = "";
  asking.on("error", () => {});
  asking.on("response", (incoming) => {
    incoming.on("error", () => {});
    if (reads) incoming.on("data", (data) => (text += data));
  });
  onTestFinished(() => {
    asking.destroy();
    server.close();
    server.closeAllConnections();
  });
  return { response: await response, text: () => text };
}

const listening = { caller: "key:a", projectId: "1", lastEventId: null, stillMay: () => true };

describe("a connection", () => {
  it("whose other end does not read is cut off before it costs much memory", async () => {
    const { response } = await connected(false);
    const listener = new ChangeListener(listening, response);
    let most = 0;
    const gone = await until(async () => {
      listener.send(Buffer.alloc(64 * 1024, "x"));
      most = Math.max(most, response.writableLength);
      return response.destroyed;
    }, PATIENCE);
    expect(gone).toBe(true);
    expect(most).toBeLessThan(512 * 1024);
  });
});

it("connections that listen leave a quarter of the file descriptors to others, whatever the setting says", () => {
  const files = Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
  expect(listenerLimit(10)).toBe(10);
  expect(listenerLimit(1_000_000_000)).toBe(Math.floor((files * 3) / 4));
});

describe("all connections", () => {
  it("are told where they are and that they live, while nothing happens, until they may not listen any more", async () => {
    const { home, remove } = await temporaryHome();
    onTestFinished(remove);
    const options = { reads: () => expect.fail("nothing is read"), access: new AccessList(), limit: 10 };
    const events = new ChangeEvents({ ...options, log: testLog(home), beatEveryMs: 20 });
    onTestFinished(() => events.close());
    const { response, text } = await connected(true);
    let may = true;
    events.admit({ ...listening, stillMay: () => may })(response);
    events.tell([], { epoch: "1-2", tx: "3", seq: "4" });
    expect(await until(() => text().split(": \n\nid: 1-2.3.4\n\n").length > 3, PATIENCE)).toBe(true);
    may = false;
    expect(await until(() => response.writableFinished && events.count === 0, PATIENCE)).toBe(true);
  });
});
