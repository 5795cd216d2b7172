import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type TestServer, testServer } from "../../test/support/replication.ts";
import { until } from "../base/clock.ts";
import { embeddedConnection } from "./connection.ts";
import { parseLsn } from "./lsn.ts";
import { openReplication, type Replication } from "./replication.ts";
import { sqlstateOf } from "./replication-link.ts";

let server: TestServer;

beforeAll(async () => {
  server = await testServer();
});
afterAll(async () => await server.remove());

async function opened(patience: Parameters<typeof openReplication>[2] = {}): Promise<Replication> {
  const replication = await openReplication(server.guard, "promptlib-test", patience);
  onTestFinished(() => replication.destroy());
  return replication;
}

async function refusal(attempt: Promise<unknown>): Promise<unknown> {
  return await attempt.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
}

describe("a replication connection", () => {
  it("says which cluster it is, on which timeline, and how far", async () => {
    const replication = await opened();
    const identity = await replication.identifySystem();
    const [row] = await server.sql(
      "select system_identifier::text as id, pg_current_wal_flush_lsn()::text as lsn from pg_control_system()",
    );
    expect(identity).toMatchObject({ systemId: row?.id, timeline: 1 });
    expect(identity.lsn).toBeLessThanOrEqual(parseLsn(String(row?.lsn)));
    expect(identity.lsn).toBeGreaterThan(parseLsn("0/1000000"));
  });

  it("goes by the name it was given", async () => {
    await opened();
    const named = "select from pg_stat_activity where application_name = 'promptlib-test'";
    // PostgreSQL may not have noticed yet that the connection of the test before has ended.
    expect(await until(async () => (await server.sql(named)).length === 1, { timeout: 20_000 })).toBe(true);
  });

  it("makes a slot once, which keeps WAL from then on, and drops it once", async () => {
    const replication = await opened();
    expect(await replication.readSlot("kept")).toBeNull();
    expect(await replication.createSlot("kept")).toBe("created");
    expect(await replication.createSlot("kept")).toBe("exists");
    const [row] = await server.sql(
      "select restart_lsn::text as lsn from pg_replication_slots where slot_name = 'kept'",
    );
    const slot = await replication.readSlot("kept");
    expect(slot).toEqual({ restart: { timeline: 1, lsn: parseLsn(String(row?.lsn)) } });
    await replication.dropSlot("kept");
    await replication.dropSlot("kept");
    expect(await replication.readSlot("kept")).toBeNull();
  });

  it("tells of a slot that holds no WAL", async () => {
    const replication = await opened();
    await server.sql("select pg_create_physical_replication_slot('empty')");
    expect(await replication.readSlot("empty")).toEqual({ restart: null });
    await replication.dropSlot("empty");
  });

  it("goes on after a refusal, which is told in PostgreSQL's words", async () => {
    const replication = await opened();
    const error = await refusal(replication.createSlot("Not A Slot"));
    expect(error).toMatchObject({
      code: "replication_failed",
      message: expect.stringMatching(/CREATE_REPLICATION_SLOT: replication slot name "Not A Slot" contains invalid/),
      details: { sqlstate: "42602" },
    });
    expect(sqlstateOf(await refusal(replication.timelineHistory(1)))).toBe("58P01");
    await replication.identifySystem();
  });

  it("takes no command while a stream goes on: it would wait for ever", async () => {
    const replication = await opened();
    await replication.createSlot("busy");
    const start = await replication.readSlot("busy");
    if (!start?.restart) throw new Error("no slot");
    const stream = await replication.streamWal({ slot: "busy", start: start.restart });
    await expect(replication.identifySystem()).rejects.toThrow(/has this replication connection/);
    await stream.close();
    await replication.dropSlot("busy");
  });

  it("is gone from PostgreSQL after a farewell", async () => {
    const replication = await opened();
    await replication.close();
    await expect.poll(async () => await server.sql("select from pg_stat_replication")).toEqual([]);
    expect(await refusal(replication.identifySystem())).toMatchObject({ code: "replication_failed" });
    await replication.close();
  });
});

describe("a connection that is not to be had", () => {
  it("for a wrong password is refused without telling it", async () => {
    const error = await refusal(openReplication({ ...server.guard, password: "wrong-secret" }, "promptlib-test"));
    expect(error).toMatchObject({ code: "replication_failed", details: { sqlstate: "28P01" } });
    expect(JSON.stringify(error)).not.toContain("wrong-secret");
  });

  it("for a login that may not replicate is refused", async () => {
    const app = await embeddedConnection(server.home, "promptlib_app", "promptlib");
    expect(await refusal(openReplication(app, "promptlib-test"))).toMatchObject({
      code: "replication_failed",
      details: { sqlstate: "28000" },
    });
  });

  it("because nobody listens is told at once", async () => {
    const error = await refusal(openReplication({ host: "127.0.0.1", port: 1, user: "a" }, "promptlib-test"));
    expect(error).toMatchObject({ code: "replication_failed", message: expect.stringContaining("ECONNREFUSED") });
  });

  it("because the other side says nothing is given up", async () => {
    const silent = createServer();
    onTestFinished(() => void silent.close());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const attempt = openReplication({ host: "127.0.0.1", port, user: "a" }, "promptlib-test", { connect: 200 });
    expect(await refusal(attempt)).toMatchObject({ code: "replication_failed", details: { sqlstate: null } });
  });
});

describe("a PostgreSQL that stands still", () => {
  it("fails the command it does not answer, and the farewell ends all the same", async () => {
    const asking = await opened({ answer: 300 });
    const leaving = await opened({ farewell: 300 });
    await server.signal("SIGSTOP");
    try {
      const error = await refusal(asking.identifySystem());
      expect(error).toMatchObject({ code: "replication_failed", message: expect.stringContaining("no answer") });
      await leaving.close();
    } finally {
      await server.signal("SIGCONT");
    }
  });
});
