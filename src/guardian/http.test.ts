import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ALONE, NO_PLAN, NOTHING_YET } from "../../test/support/guardian.ts";
import { now, until } from "../base/clock.ts";
import { readConfig } from "../base/config.ts";
import { signGuardianToken } from "../base/guardian-token.ts";
import { prepareHome } from "../base/home.ts";
import { openLog } from "../base/log.ts";
import { ACCESS_FILE, writeSealed } from "../base/sealed-file.ts";
import type { Job } from "../contract/recovery.ts";
import { type ReadinessInput, readiness } from "../recovery/readiness.ts";
import { type GuardianServer, startGuardianServer } from "./http.ts";
import { Jobs } from "./jobs.ts";
import { Journal } from "./journal.ts";
import { GuardianMetrics } from "./metrics.ts";
import { eventsOf as eventsOfJob } from "./recovery-routes.ts";

const fake = fileURLToPath(new URL("../../test/support/fake-child.ts", import.meta.url));
const facts: ReadinessInput = { ...ALONE, now: now() };

/** A job, or a list of them, or something else that is only looked at. */
const SECRET = "0123456789abcdef0123456789abcdef";

interface Answer extends Job {
  items: Job[];
}

let directory: string;
let jobs: Jobs;
let server: GuardianServer;
let metrics: GuardianMetrics;
let journal: Journal;
let token: string;
let listeners: number;
let start: () => Promise<void>;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "promptlib-http-"));
  const config = readConfig({ PROMPTLIB_HOME: join(directory, "home"), GUARDIAN_PORT: "0" });
  await prepareHome(config.home);
  const log = openLog("error", join(directory, "test.log"));
  const postgres = { stop: async () => {}, start: async () => {} };
  const knows = () => ({ downSince: null, lastSeen: null });
  jobs = new Jobs({ program: [fake], logs: directory, log, postgres, knows, onEnd: (job) => metrics.jobEnded(job) });
  listeners = 0;
  const following = new Set<(job: Job) => void>();
  const listen = jobs.listen.bind(jobs);
  jobs.listen = (listener) => {
    const silence = listen(listener);
    following.add(listener);
    listeners += 1;
    return () => {
      silence();
      if (following.delete(listener)) listeners -= 1;
    };
  };
  const looks = { info: async () => NOTHING_YET, plan: async () => NO_PLAN };
  const guardian = { jobs, looks, postgres: null, readiness: () => readiness(facts), hasLooked: async () => {} };
  metrics = new GuardianMetrics(guardian);
  start = async () => {
    journal = await Journal.open(config.home.recovery, log);
    server = await startGuardianServer({ config, log, jwtSecret: SECRET, guardian, journal, metrics });
    ({ token } = JSON.parse(await readFile(join(config.home.run, "guardian.json"), "utf8")));
  };
  await start();
});
afterEach(async () => {
  await jobs.stop();
  await server.close();
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

async function ask(
  path: string,
  { method = "GET", body, as = token }: { method?: string; body?: string; as?: string } = {},
) {
  const headers = {
    authorization: `Bearer ${as}`,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  const response = await fetch(`${server.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  return { status: response.status, body: (await response.json()) as Answer };
}

async function operatorLogin(): Promise<string> {
  const users = [{ id: "1", username: "eva", operator: true, disabled: false }];
  const { accessFile } = readConfig({ PROMPTLIB_HOME: join(directory, "home") }).home;
  await writeSealed(
    accessFile,
    { jwtSecret: SECRET, purpose: ACCESS_FILE },
    JSON.stringify({ users, endedSessions: [] }),
  );
  const login = new SignJWT({ sid: "s1" }).setProtectedHeader({ alg: "HS256" }).setSubject("1");
  return await login.setExpirationTime("1h").sign(Buffer.from(SECRET));
}

const serverToken = async () => await signGuardianToken(SECRET, { name: "server", address: null });
const order = async (request: unknown) =>
  await ask("/api/recovery/jobs", { method: "POST", body: JSON.stringify(request) });
const put = async (change: object) => await ask("/api/maintenance", { method: "PUT", body: JSON.stringify(change) });
const BACKUP = { verb: "backup", options: {} };

describe("the guardian over HTTP", () => {
  it("tells everybody that it is there and what it measures, and nobody else than operators more", async () => {
    expect(await ask("/health", { as: "" })).toEqual({ status: 200, body: { status: "ok" } });
    expect((await fetch(`${server.url}/metrics`)).status).toBe(200);
    for (const [method, path] of [
      ["GET", "/api/recovery/readiness"],
      ["GET", "/api/recovery/info"],
      ["POST", "/api/recovery/plan"],
      ["GET", "/api/recovery/drills"],
      ["GET", "/api/recovery/restores"],
      ["GET", "/api/recovery/deeds"],
      ["PUT", "/api/recovery/deeds/audited"],
      ["GET", "/api/recovery/jobs"],
      ["POST", "/api/recovery/jobs"],
      ["GET", "/api/recovery/jobs/x"],
      ["DELETE", "/api/recovery/jobs/x"],
      ["GET", "/api/recovery/jobs/x/events"],
      ["GET", "/api/maintenance"],
      ["PUT", "/api/maintenance"],
      ["PUT", "/api/maintenance/audited"],
    ] as const) {
      for (const as of ["", "plo_0", `${token}0`]) expect((await ask(path, { method, as })).status, path).toBe(401);
    }
  });

  it("keeps the token where only its owner reads it, and takes it away at the end", async () => {
    const file = join(directory, "home/run/guardian.json");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await server.close();
    await expect(stat(file)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("answers how safe everything is", async () => {
    const { body } = await ask("/api/recovery/readiness");
    expect(body).toMatchObject({
      level: "critical",
      dataAtRisk: { ifMachineVanishes: "everything", ifDatabaseVanishes: 0.4 },
    });
  });

  it("takes an order and shows the job until and after its end", async () => {
    vi.stubEnv("FAKE_JOB", "linger");
    const { status, body: job } = await order(BACKUP);
    expect([status, job.state, job.options]).toEqual([202, "running", { reason: "manual" }]);
    expect(await order(BACKUP)).toMatchObject({ status: 409, body: { error: { code: "job_running" } } });
    expect((await ask("/api/recovery/jobs")).body.items).toMatchObject([{ id: job.id }]);
    await until(() => jobs.current?.progress, { timeout: 20_000 });
    expect((await ask(`/api/recovery/jobs/${job.id}`, { method: "DELETE" })).status).toBe(200);
    await until(() => !jobs.current, { timeout: 20_000 });
    expect((await ask(`/api/recovery/jobs/${job.id}`)).body).toMatchObject({
      state: "done",
      result: { verb: "backup" },
    });
  });

  it("takes the order of a restore from an operator's login, and writes down whose it was", async () => {
    vi.stubEnv("FAKE_JOB", "linger");
    const as = await operatorLogin();
    const restore = JSON.stringify({ verb: "restore", options: {} });
    const { status, body: job } = await ask("/api/recovery/jobs", { method: "POST", body: restore, as });
    expect([status, job.by]).toEqual([202, "user:eva"]);
    expect((await ask(`/api/recovery/jobs/${job.id}`, { method: "DELETE", as })).status).toBe(200);
    expect(journal.waiting.map(({ deed, by }) => [deed, by])).toEqual([
      ["restore", "user:eva"],
      ["cancel", "user:eva"],
    ]);
  });

  it.each([
    ["no JSON", "{"],
    ["no job", '{"verb":"dance"}'],
    ["an option that nobody reads", '{"verb":"backup","options":{"fast":true}}'],
    ["a time that is none", '{"verb":"restore","options":{"at":"yesterday"}}'],
    ["a timeline that is none", '{"verb":"restore","options":{"lsn":"0/3000028","timeline":0}}'],
    ["too much", JSON.stringify({ verb: "backup", options: { x: "x".repeat(100_000) } })],
  ])("refuses %s, and starts nothing", async (_what, body) => {
    expect(await ask("/api/recovery/jobs", { method: "POST", body })).toMatchObject({
      status: 400,
      body: { error: { code: "invalid_request" } },
    });
    expect(jobs.all).toEqual([]);
  });

  it("holds maintenance over its own death, the newest change last, and what the audit log has of it", async () => {
    expect((await ask("/api/maintenance")).body).toEqual({ changes: [], audited: null });
    const who = { at: now().toISOString(), by: "user:eva", address: null, message: "", endsAt: null };
    const closed = { id: "2", ...who, mode: "closed" };
    await Promise.all([put({ id: "1", ...who, mode: "read-only" }), put(closed)]);
    await ask("/api/maintenance/audited", { method: "PUT", body: '{"id":"1"}' });
    await server.close();
    await start();
    const { body } = await ask("/api/maintenance");
    expect(body).toMatchObject({ changes: [{ id: "1" }, closed], audited: "1" });
    expect((await put({ ...closed, mode: "ajar" })).status).toBe(400);
  });

  it("writes down who decided on maintenance: a server says of whom it is, a person can say it of nobody else", async () => {
    const as = await operatorLogin();
    const other = { at: now().toISOString(), by: "user:ada", address: "10.0.0.7", message: "", endsAt: null };
    const body = (id: string) => JSON.stringify({ id, ...other, mode: "read-only" });
    await ask("/api/maintenance", { method: "PUT", body: body("1"), as });
    await ask("/api/maintenance", { method: "PUT", body: body("2"), as: await serverToken() });
    expect((await ask("/api/maintenance")).body).toMatchObject({
      changes: [
        { id: "1", by: "user:eva", address: "127.0.0.1" },
        { id: "2", by: "user:ada", address: "10.0.0.7" },
      ],
    });
  });

  it("lets nobody who signed in say what the audit log has, so that nothing is kept out of it", async () => {
    const as = await operatorLogin();
    const at = now().toISOString();
    await put({ id: "1", at, by: "local:root", address: null, mode: "closed", message: "", endsAt: null });
    vi.stubEnv("FAKE_JOB", "linger");
    await ask("/api/recovery/jobs", { method: "POST", body: JSON.stringify(BACKUP), as });
    const id = journal.waiting[0]?.id ?? "";
    const inTheirName = await signGuardianToken(SECRET, { name: "user:eva", address: null });
    const forbidden = { status: 403, body: { error: { code: "forbidden" } } };
    for (const person of [as, inTheirName]) {
      const mark = async (path: string, told: string) =>
        await ask(path, { method: "PUT", body: JSON.stringify({ id: told }), as: person });
      expect(await mark("/api/maintenance/audited", "1")).toMatchObject(forbidden);
      expect(await mark("/api/recovery/deeds/audited", id)).toMatchObject(forbidden);
    }
    expect((await ask("/api/maintenance")).body).toMatchObject({ audited: null });
    expect(journal.waiting).toMatchObject([{ id }]);
    const body = JSON.stringify({ id });
    await ask("/api/recovery/deeds/audited", { method: "PUT", body, as: await serverToken() });
    expect(journal.waiting).toEqual([]);
  });

  it("does not take all changes of maintenance for missing in the audit log where one that it does not know is said to be there", async () => {
    const who = { at: now().toISOString(), by: "user:eva", address: null, message: "", endsAt: null };
    await put({ id: "1", ...who, mode: "closed" });
    for (const id of ["1", "2"]) {
      await ask("/api/maintenance/audited", { method: "PUT", body: JSON.stringify({ id }), as: await serverToken() });
    }
    expect((await ask("/api/maintenance")).body).toMatchObject({ audited: "1" });
  });

  it("does not do later what it was asked for while it stood still", async () => {
    const at = new Date(now().getTime() - 10_000).toISOString();
    const late = { id: "1", at, by: "user:eva", address: null, mode: "closed", message: "", endsAt: null };
    const { status, body } = await put(late);
    expect([status, body.error]).toEqual([
      503,
      {
        code: "guardian_unreachable",
        message: expect.stringMatching(/this was asked \d+ s ago: it stood still, or the clocks differ/),
        hint: expect.stringContaining("set the clocks"),
      },
    ]);
    expect((await ask("/api/maintenance")).body).toEqual({ changes: [], audited: null });
    // By a clock that is ahead it would not be late, however long it took.
    const early = { ...late, at: new Date(now().getTime() + 10_000).toISOString() };
    expect((await put(early)).body.error).toMatchObject({
      code: "guardian_unreachable",
      message: expect.stringMatching(/this was asked in \d+ s: the clocks differ/),
    });
  });

  it("knows nothing of other places and jobs", async () => {
    for (const path of ["/", "/api/recovery/jobs/x", "/api/recovery/jobs/x/events"]) {
      expect(await ask(path)).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
    }
  });

  it("tells a job line by line until it ends, and one that has ended in one line", async () => {
    vi.stubEnv("FAKE_JOB", "linger");
    const { body: job } = await order(BACKUP);
    const events = async () => await (await eventsOf(job.id)).text();
    const all = events();
    await until(() => jobs.current?.progress, { timeout: 20_000 });
    jobs.cancel(job.id);
    const lines = (await all)
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Job);
    expect(lines.map(({ state }) => state)).toContain("running");
    expect(lines.at(-1)).toMatchObject({ state: "done", id: job.id });
    expect((await events()).trim().split("\n")).toHaveLength(1);
    expect(listeners).toBe(0);
  });

  it("tells a job of which nothing is new again and again, so that nobody takes the connection for broken", async () => {
    vi.stubEnv("FAKE_JOB", "linger");
    const { body: job } = await order(BACKUP);
    const lines = eventsOfJob({ jobs }, jobs.find(job.id) as Job, 5);
    let told = 0;
    lines.on("data", () => {
      told += 1;
    });
    expect(await until(() => told > 20, { timeout: 20_000 })).toBe(true);
    jobs.cancel(job.id);
    expect(await until(() => lines.closed, { timeout: 20_000 })).toBe(true);
  });

  it("forgets who followed a job and went away", async () => {
    vi.stubEnv("FAKE_JOB", "linger");
    const { body: job } = await order(BACKUP);
    const leaving = new AbortController();
    const response = await eventsOf(job.id, leaving.signal);
    await response.body?.getReader().read();
    expect(listeners).toBe(1);
    leaving.abort();
    expect(await until(() => listeners === 0, { timeout: 20_000 })).toBe(true);
  });

  it("does not wait at its end for those who still follow", async () => {
    vi.stubEnv("FAKE_JOB", "linger");
    const { body: job } = await order(BACKUP);
    const followed = (await eventsOf(job.id)).text().catch(() => "broken");
    await server.close();
    await followed;
  });
});

async function eventsOf(id: string, signal?: AbortSignal): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  return await fetch(`${server.url}/api/recovery/jobs/${id}/events`, { headers, ...(signal ? { signal } : {}) });
}

describe("its metrics", () => {
  const line = async (name: string) =>
    (await metrics.registry.metrics()).split("\n").filter((one) => one.startsWith(name));

  it("say in numbers what readiness says, and leave out what nobody knows", async () => {
    expect(await line("promptlib_dr_data_at_risk_seconds")).toEqual(["promptlib_dr_data_at_risk_seconds +Inf"]);
    expect(await line("promptlib_dr_rpo_seconds")).toEqual(['promptlib_dr_rpo_seconds{location="primary"} 0.4']);
    expect(await line("promptlib_dr_wal_lag_bytes")).toEqual(['promptlib_dr_wal_lag_bytes{location="primary"} 8']);
    expect(await line("promptlib_dr_location_up")).toEqual(['promptlib_dr_location_up{location="primary"} 1']);
    expect(await line("promptlib_dr_postgres_up")).toEqual(["promptlib_dr_postgres_up 0"]);
    expect(await line("promptlib_dr_rto_seconds")).toEqual([]);
    expect(await line("promptlib_dr_backup_last_success")).toEqual([]);
    const { reasons } = readiness(facts);
    const critical = reasons.filter(({ level }) => level === "critical").length;
    expect(await line("promptlib_dr_reasons_critical")).toEqual([`promptlib_dr_reasons_critical ${critical}`]);
  });

  it("forget what is not known any more, and count jobs by how they ended", async () => {
    const found = { ...readiness(facts) };
    const changing = new GuardianMetrics({ postgres: null, readiness: () => found });
    const has = async (name: string) => (await changing.registry.metrics()).includes(`\n${name} `);
    found.timeToRecover = { seconds: 4.7, measuredAt: "2026-11-22T06:00:00Z", by: "drill" };
    found.dataAtRisk = { ifMachineVanishes: 3, ifDatabaseVanishes: 0 };
    expect([await has("promptlib_dr_rto_seconds"), await has("promptlib_dr_data_at_risk_seconds")]).toEqual([
      true,
      true,
    ]);
    found.timeToRecover = null;
    found.dataAtRisk = { ifMachineVanishes: null, ifDatabaseVanishes: null };
    expect([await has("promptlib_dr_rto_seconds"), await has("promptlib_dr_data_at_risk_seconds")]).toEqual([
      false,
      false,
    ]);
    const ended = {
      id: "1",
      options: {},
      by: "",
      startedAt: "",
      endedAt: "",
      progress: null,
      result: null,
      error: null,
    };
    changing.jobEnded({ ...ended, verb: "drill", state: "failed" });
    expect(await changing.registry.metrics()).toContain('promptlib_dr_jobs_total{verb="drill",result="failed"} 1');
  });
});
