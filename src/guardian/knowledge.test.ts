import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Config, readConfig } from "../base/config.ts";
import { openLog } from "../base/log.ts";
import type { Job } from "../contract/recovery.ts";
import { parseLsn } from "../postgres/lsn.ts";
import { openFolderLocation } from "../recovery/folder-location.ts";
import type { LostWal } from "../recovery/lost-wal.ts";
import type { ReceiverStatus } from "../recovery/receive-status.ts";
import { keepReport } from "../recovery/reports.ts";
import { OF, type Place, storeAttested, storeBackup } from "../recovery/testing/verify-fixture.ts";
import { Knowledge } from "./knowledge.ts";

const ID = "20261122T060000Z-7f3a";

let directory: string;
let config: Config;
let knowledge: Knowledge;
let primary: Place;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "promptlib-knowledge-"));
  const far = join(directory, "far");
  await mkdir(far);
  config = readConfig({ PROMPTLIB_HOME: directory, BACKUP_LOCATIONS: `file://${far}?domain=elsewhere` });
  knowledge = new Knowledge(config, openLog("error", join(directory, "test.log")));
  const place = { url: `file://${config.backup.dir}`, name: "primary", domain: "disk" as const, required: false };
  const location = openFolderLocation({ ...place, path: config.backup.dir, create: true });
  primary = { root: config.backup.dir, location, path: (name) => join(config.backup.dir, name), spoil: async () => {} };
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function ended(state: Job["state"], verb: Job["verb"] = "backup", isTakenBack = false, id = ID): void {
  const at = new Date().toISOString();
  const error = state === "failed" ? { code: "backup_failed" as const, message: "no room", hint: "" } : null;
  const job: Job = {
    id: "1",
    verb,
    by: "guardian",
    options: { reason: "schedule" },
    state,
    startedAt: at,
    endedAt: at,
    progress: null,
    result: state === "done" ? { id } : null,
    error,
  };
  knowledge.jobEnded(job, isTakenBack);
}

describe("what the guardian knows", () => {
  it("is nothing before it has read the locations, so that no backup is ordered for want of one", async () => {
    expect(knowledge.isKnown).toBe(false);
    await knowledge.refreshIfOld();
    expect(knowledge.isKnown).toBe(true);
    expect(knowledge.facts(null)).toMatchObject({ backup: null, drill: null, restore: null, lastDrill: null });
    expect(knowledge.schedule(OF.incarnation)).toEqual({ newest: null, any: false, made: null, failed: null });
  });

  it("is the newest whole backup, of the life of the database that runs, and where it lies", async () => {
    const manifest = await storeBackup([primary], { id: ID });
    await storeAttested(primary, ID, "0/2000200");
    await knowledge.refreshIfOld();
    expect(knowledge.newest?.id).toBe(ID);
    expect(knowledge.facts(null)).toMatchObject({
      backup: { id: ID, end: new Date(manifest.end.at), attested: true, warnings: 0 },
      locations: [
        { name: "primary", domain: "disk", hasBackup: true, riskSeconds: null, problem: null },
        { name: "secondary", domain: "elsewhere", hasBackup: false },
      ],
    });
    expect(knowledge.schedule(OF.incarnation).newest).toEqual({
      start: new Date(manifest.start.at),
      lsn: parseLsn(manifest.start.lsn),
    });
    expect(knowledge.schedule("ffffffff")).toEqual({ newest: null, any: true, made: null, failed: null });
  });

  it("is the backup that goes furthest: the id of another may be of a clock that was ahead", async () => {
    const ahead = "20261222T060000Z-7f3a";
    await storeBackup([primary], { id: ahead });
    await storeAttested(primary, ahead, "0/2000200");
    const end = { at: "2026-11-22T06:00:02.000000Z", timeline: 1, lsn: "0/9000100" };
    await storeBackup([primary], { id: ID, start: { ...end, lsn: "0/9000028" }, end });
    await knowledge.refreshIfOld();
    expect(knowledge.schedule(OF.incarnation).newest?.lsn).toBe(parseLsn("0/9000028"));
    const receiver = { incarnation: OF.incarnation, locations: [] };
    expect(knowledge.facts(receiver as unknown as ReceiverStatus).backup).toMatchObject({ id: ID, attested: false });
  });

  it("is the backup that was just made, too, as long as it is there, also where another goes further", async () => {
    const later = "20261122T120000Z-7f3a";
    await storeBackup([primary], { id: ID });
    await storeBackup([primary], { id: later });
    ended("done", "backup", false, later);
    await knowledge.refreshIfOld();
    expect(knowledge.schedule(OF.incarnation).made).toEqual({ seconds: expect.any(Number), reason: "schedule" });
    await rm(join(config.backup.dir, "backups"), { recursive: true });
    ended("done", "verify");
    await knowledge.refreshIfOld();
    expect(knowledge.schedule(OF.incarnation).made).toBeNull();
  });

  it("does not count a backup that can only be brought up to where WAL was lost", async () => {
    const manifest = await storeBackup([primary], { id: ID });
    await knowledge.refreshIfOld();
    const begun = Date.parse(manifest.start.at);
    const to = parseLsn(manifest.start.lsn);
    const held = (lost: LostWal) => knowledge.facts(null, lost).locations[0]?.hasBackup;
    expect(held({ at: new Date(begun - 1), to })).toBe(true);
    expect(held({ at: new Date(begun), to })).toBe(false);
    expect(held({ at: new Date(begun - 1), to: parseLsn("0/9000000") })).toBe(false);
  });

  it("is read again after each job, and not at each look", async () => {
    await knowledge.refreshIfOld();
    await storeBackup([primary], { id: ID });
    await knowledge.refreshIfOld();
    expect(knowledge.newest).toBeNull();
    ended("done", "verify");
    await knowledge.refreshIfOld();
    expect(knowledge.newest?.id).toBe(ID);
  });

  it("includes a location that is away, with the reason", async () => {
    await rm(join(directory, "far"), { recursive: true });
    await knowledge.refreshIfOld();
    expect(knowledge.isKnown).toBe(true);
    expect(knowledge.facts(null).locations).toMatchObject([
      { name: "primary", problem: null },
      { name: "secondary", problem: expect.stringContaining("not there") },
    ]);
  });

  it("is waited for once: until the locations were looked at, whatever came of that", async () => {
    await writeFile(config.backup.dir, "a file");
    const waiting = knowledge.firstLook;
    await knowledge.refreshIfOld();
    await waiting;
    expect(knowledge.firstLook).toBeNull();
  });

  it("is nothing, and ends nobody, where the folder of backups cannot be made or reports cannot be read", async () => {
    await writeFile(config.backup.dir, "a file");
    await knowledge.refreshIfOld();
    expect(knowledge.isKnown).toBe(false);
    await rm(config.backup.dir);
    await writeFile(config.home.recovery, "a file");
    ended("done");
    await knowledge.refreshIfOld();
    expect(knowledge.isKnown).toBe(false);
  });

  it("counts tries that failed until one succeeds; other jobs, and what a person took back, do not count", async () => {
    ended("failed");
    ended("failed");
    ended("failed", "backup", true);
    ended("failed", "drill");
    expect(knowledge.schedule("x").failed).toMatchObject({ times: 2, message: "no room" });
    ended("done", "restore");
    expect(knowledge.facts(null).lastFailure).toMatchObject({ message: "no room" });
    ended("done");
    expect(knowledge.schedule("x").failed).toBeNull();
  });

  it("is the newest drill, whatever became of it, and the newest that measured something", async () => {
    const { recovery } = config.home;
    const drill = (hour: number, more: object) =>
      keepReport(recovery, "drills", { at: `2026-11-22T0${hour}:00:00.000Z`, ...more });
    await drill(1, { ok: true, timeToRecover: 4.7 });
    await drill(2, { ok: false, timeToRecover: 3 });
    await drill(3, { ok: false, timeToRecover: null });
    await keepReport(recovery, "restores", { at: "2026-11-22T04:00:00.000Z", ...{ seconds: 9 } });
    await knowledge.refreshIfOld();
    expect(knowledge.facts(null)).toMatchObject({
      lastDrill: { at: new Date("2026-11-22T03:00:00Z"), ok: false },
      drill: { at: new Date("2026-11-22T01:00:00Z"), seconds: 4.7 },
      restore: { at: new Date("2026-11-22T04:00:00Z"), seconds: 9 },
    });
  });
});
