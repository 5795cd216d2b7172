import { describe, expect, it } from "vitest";
import type { Job } from "../../sdk/index.ts";
import { byWords, doneWords, outcomeOf, phaseWords, took } from "./job-words.ts";

const job = (verb: Job["verb"], more: Partial<Job> = {}): Job => ({
  ...{ id: "1", verb, options: {}, by: "user:ada", state: "done", progress: null, result: {}, error: null },
  ...{ startedAt: "2026-11-22T06:00:00.000Z", endedAt: "2026-11-22T06:00:02.100Z" },
  ...more,
});

describe("what came of a job", () => {
  it("of a backup names the places, the size and what is missing", () => {
    const result = { in: ["primary", "secondary"], tar: { size: 50_029_568 }, missing: [], notAttested: null };
    expect(outcomeOf(job("backup", { result }))).toEqual({
      level: "ok",
      text: "Backup made in primary, secondary, 47.7 MiB, in 2.1 s.",
      notes: [],
    });
    const missing = [{ location: "far", reason: "it is full" }];
    const unread = ["/h/logs/x cannot be read (EIO)."];
    const filledIn = [{ location: "far" }, { location: "far", damaged: "part-0001 in near is spoilt." }];
    const partly = { ...result, missing, notAttested: "writers left no moment", unread, filledIn };
    expect(outcomeOf(job("backup", { result: partly }))).toMatchObject({
      level: "warning",
      notes: [
        "Not in far: it is full",
        "Not attested this time: writers left no moment",
        "Taken from another location: part-0001 in near is spoilt.",
        "Not in the backup: /h/logs/x cannot be read (EIO).",
      ],
    });
  });

  it("of a drill says what was compared, how long it took, and what was not compared", () => {
    const result = { compared: { tables: 18, rows: "1200" }, timeToRecover: 1.266, notCompared: ["the catalog"] };
    expect(outcomeOf(job("drill", { result }))).toEqual({
      level: "ok",
      text: "Recovered in 1.3 s, and the same: 18 tables with 1,200 rows compared, 2.1 s in all.",
      notes: ["Not compared: the catalog."],
    });
  });

  it("of a verification names each location that was away: nobody knows what it holds", () => {
    const result = { backup: "20261122T060000Z-7f3a", ok: true, reports: [], notVerified: [] };
    const text = "The backup 20261122T060000Z-7f3a is whole: every byte was read back, in 2.1 s.";
    expect(outcomeOf(job("verify", { result }))).toEqual({ level: "ok", text, notes: [] });
    const notVerified = [{ location: "far", problem: "it is not mounted" }];
    expect(outcomeOf(job("verify", { result: { ...result, notVerified } }))).toEqual({
      level: "warning",
      text,
      notes: ["Not verified: far, it is not mounted"],
    });
  });

  it("that failed is told with its lines and its hint; one that was ended is no failure", () => {
    const error = { code: "backup_damaged" as const, message: "It is not whole.", hint: "Make a new one." };
    const details = { lastLines: ["primary: part-0001 is missing"] };
    expect(outcomeOf(job("verify", { state: "failed", error: { ...error, details } }))).toEqual({
      level: "critical",
      text: "Verification failed: It is not whole.",
      notes: ["primary: part-0001 is missing", "Make a new one."],
    });
    const ended = { ...error, code: "interrupted" as const };
    expect(outcomeOf(job("backup", { state: "failed", error: ended }))).toMatchObject({ level: "warning", notes: [] });
  });

  it("is just that it is done where a newer guardian says something else", () => {
    for (const verb of ["backup", "drill", "verify", "restore"] as const) {
      expect(outcomeOf(job(verb, { result: [1] })).level).toBe("ok");
    }
  });
});

it("phases, bytes and people are said as people say them", () => {
  expect(phaseWords("secondary: wal")).toBe("Reading WAL back from secondary");
  expect(phaseWords("replay")).toBe("Replaying what was written since");
  expect(phaseWords("something new")).toBe("something new");
  expect(doneWords({ done: 12e6, total: 5e7 })).toBe("11.4 MiB of 47.7 MiB");
  expect([doneWords({ done: null, total: null }), doneWords({ done: 5, total: null })]).toEqual(["", "5 bytes"]);
  expect([byWords("guardian"), byWords("user:ada"), byWords("local:root")]).toEqual([
    "by itself",
    "by ada",
    "by root on the command line",
  ]);
  expect(took({ startedAt: "2026-11-22T06:00:00Z", endedAt: null })).toBe("");
});
