/** A spool whose disk fills: needs root, for a small file system in memory. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type TestServer, testServer, writeWal } from "../../test/support/replication.ts";
import { FickleLocation } from "./testing/receive-fickle.ts";
import { compareWithPgWal, endOf, ReceiveStage } from "./testing/receive-stage.ts";

const run = promisify(execFile);
let server: TestServer;
let stage: ReceiveStage;
beforeAll(async () => {
  server = await testServer();
  await server.sql("alter system set wal_keep_size = '1GB'");
  await server.sql("select pg_reload_conf()");
  stage = await ReceiveStage.open(server);
  await run("mount", ["-t", "tmpfs", "-o", "size=40m", "tmpfs", stage.recovery]);
});
afterAll(async () => {
  await run("umount", ["--lazy", stage.recovery]);
  await stage.remove();
  await server.remove();
});

it("receiving waits while the spool's disk is full, and goes on without a hole when there is room", async () => {
  const location = new FickleLocation(stage.location("primary"));
  const receiver = stage.start([location]);
  await stage.stored(receiver, "primary");
  location.away = true;
  await writeWal(server, 100);
  await expect.poll(() => receiver.status().problem).toContain("takes nothing (ENOSPC)");
  expect(receiver.status().state).toBe("streaming");
  location.away = false;
  const end = await stage.stored(receiver, "primary", 60_000);
  expect(endOf(await compareWithPgWal(location, stage.recovery, server))).toBeGreaterThanOrEqual(end);
  expect(receiver.status()).toMatchObject({ problem: null, gap: null });
  await receiver.stop();
});

it("a start on a full disk still stores what the spool holds", async () => {
  const location = new FickleLocation(stage.location("secondary"));
  location.away = true;
  const first = stage.start([location], { limits: { stopPatience: 0 } });
  await expect.poll(() => first.status().state).toBe("streaming");
  await writeWal(server, 60);
  await expect.poll(() => first.status().problem).toContain("ENOSPC");
  await first.stop();
  location.away = false;
  const second = stage.start([location]);
  const end = await stage.stored(second, "secondary", 60_000);
  expect(endOf(await compareWithPgWal(location, stage.recovery, server))).toBeGreaterThanOrEqual(end);
  expect(second.status().gap).toBeNull();
});
