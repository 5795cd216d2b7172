/** Recovery through the server: in whose name, whatever is dead, and what of it is written down. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../test/support/database.ts";
import type { DatabaseProxy } from "../../test/support/database-proxy.ts";
import { type TestGuardian, testGuardian } from "../../test/support/guardian.ts";
import {
  eventually,
  freshServer,
  JWT_SECRET,
  newUser,
  proxyTo,
  type Served,
  serveOn,
} from "../../test/support/server.ts";

const DRILL = { verb: "drill", options: { scenario: "database-failure" } } as const;

let database: FreshDatabase;
let proxy: DatabaseProxy;
let guardian: TestGuardian;
let server: Served;
let eva: string;

beforeAll(async () => {
  database = await freshDatabase();
  proxy = await proxyTo(database);
  guardian = await testGuardian({ jwtSecret: JWT_SECRET });
  server = await serveOn(database, { proxy, settings: { GUARDIAN_URL: `${guardian.url}/` } });
  eva = await newUser(server, "eva", { operator: true });
});
afterEach(async () => {
  proxy.restore();
  await server.untilHealth("healthy");
});
afterAll(async () => {
  await server.close();
  await guardian.close();
  await proxy.close();
  await database.drop();
});

const audited = async (subject: string) => (await server.local.listAudit({ subject })).items;

describe("recovery through the server", () => {
  it("is ordered in the name of who asks, and the audit log has it when the answer comes", async () => {
    const job = await server.as(eva).startJob(DRILL);
    expect(job).toMatchObject({ by: "user:eva", verb: "drill", state: "running" });
    await server.as(eva).cancelJob(job.id);
    expect(guardian.jobs.cancelled).toContain(job.id);
    const who = { actor: "user:eva", address: "127.0.0.1", project: null };
    expect(await audited(job.id)).toMatchObject([
      { action: "recovery.cancel", ...who },
      { action: "recovery.drill", ...who, details: { options: DRILL.options } },
    ]);
    expect(guardian.journal.waiting).toEqual([]);
  });

  it("goes on while the database is away; the audit log has it afterwards, once", async () => {
    proxy.cut();
    await server.untilHealth("degraded");
    expect((await server.as(eva).readReadiness()).level).toBe("critical");
    const job = await server.as(eva).startJob({ verb: "backup" });
    expect(job).toMatchObject({ by: "user:eva", options: { reason: "manual" } });
    expect(guardian.journal.waiting).toMatchObject([{ deed: "backup", by: "user:eva", job: job.id }]);
    proxy.restore();
    await eventually(async () => guardian.journal.waiting.length === 0);
    await server.untilHealth("healthy");
    expect(await audited(job.id)).toMatchObject([{ action: "recovery.backup", actor: "user:eva" }]);
  });

  it("lists jobs without what came of them, the newest first", async () => {
    const { id } = await server.as(eva).startJob({ verb: "verify" });
    const { items, total } = await server.as(eva).listJobs();
    expect([items[0]?.id, total]).toEqual([id, guardian.jobs.all.length]);
    expect(items[0]).not.toHaveProperty("result");
    expect(await server.as(eva).readJob(id)).toMatchObject({ id, result: null });
  });

  it("makes plans, and restores nothing: that is the command line's", async () => {
    expect(await server.as(eva).planRestore()).toMatchObject({ kind: "impossible", hint: "Make one." });
    await expect(server.as(eva).planRestore({ backup: "yesterday's" })).rejects.toMatchObject({ status: 400 });
    const orders = guardian.jobs.all.length;
    for (const body of [
      { verb: "restore", options: {} },
      { verb: "backup", options: { reason: "schedule" } },
    ]) {
      const { status, json } = await server.ask("/api/recovery/jobs", { method: "POST", token: eva, body });
      expect([status, json.error.code]).toEqual([400, "invalid_request"]);
    }
    expect(guardian.jobs.all).toHaveLength(orders);
  });

  it("answers in maintenance, too, when even reading is closed", async () => {
    await server.local.setMaintenance({ mode: "closed" });
    expect((await server.as(eva).readReadiness()).level).toBe("critical");
    await server.local.setMaintenance({ mode: "off" });
  });

  it("says that the guardian is away, or does not believe it, in a sentence", async () => {
    const other = await testGuardian({ jwtSecret: "another secret, which is as long as it must be" });
    const stranger = await serveOn(database, { settings: { GUARDIAN_URL: other.url }, wait: false });
    await eventually(async () => (await stranger.ask("/api/auth/me", { token: eva })).status === 200);
    await expect(stranger.as(eva).readReadiness()).rejects.toMatchObject({
      code: "guardian_unreachable",
      message: expect.stringContaining("JWT_SECRET"),
    });
    await other.close();
    await expect(stranger.as(eva).startJob(DRILL)).rejects.toMatchObject({
      code: "guardian_unreachable",
      message: "The guardian does not answer.",
    });
    await stranger.close();
  });

  it("says that there is none where the PostgreSQL is not ours", async () => {
    const alone = await freshServer();
    await expect(alone.local.readReadiness()).rejects.toMatchObject({ code: "no_guardian", status: 409 });
    await alone.close();
  });
});
