import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { z } from "zod";
import { readConfig } from "../base/config.ts";
import { GuardianLink } from "./guardian-link.ts";

afterEach(() => void vi.useRealTimers());

it("a guardian that answered, and does not any more, is silent since its last answer", async () => {
  const guardian = createServer((_request, response) => response.end("{}"));
  await new Promise<void>((resolve) => guardian.listen(0, "127.0.0.1", resolve));
  const { port } = guardian.address() as AddressInfo;
  const config = readConfig({ PROMPTLIB_HOME: "/nowhere", GUARDIAN_URL: `http://127.0.0.1:${port}` });
  const link = GuardianLink.to(config, "a secret that is long enough for everybody");
  const ask = () => link?.ask("/", z.object({}));
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2027, 0, 31, 4, 43) });
  guardian.close();
  guardian.closeAllConnections();
  await expect(ask()).rejects.toThrow("The guardian does not answer.");
  expect(link?.silentSince).toBeNull();

  const again = createServer((_request, response) => response.end("{}"));
  await new Promise<void>((resolve) => again.listen(port, "127.0.0.1", resolve));
  await ask();
  vi.setSystemTime(Date.UTC(2027, 0, 31, 4, 43, 2));
  expect(link?.silentSince).toBeNull();
  vi.setSystemTime(Date.UTC(2027, 0, 31, 4, 43, 5));
  expect(link?.silentSince).toEqual(new Date(Date.UTC(2027, 0, 31, 4, 43)));
  await ask();
  expect(link?.silentSince).toBeNull();
  again.close();
  again.closeAllConnections();
});
