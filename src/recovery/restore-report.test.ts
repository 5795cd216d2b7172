import { describe, expect, it } from "vitest";
import { parseLsn } from "../postgres/lsn.ts";
import { lossOf, shortfall, targetWords } from "./restore-report.ts";

const LATEST = { kind: "latest" } as const;
const restored = (lsn: string, lastCommit: string | null = "2026-11-22T06:00:00.000Z") => ({
  ...{ timeline: 2, branch: { timeline: 1, lsn }, lastCommit, targetReached: false },
});
const seen = (lsn: string) => ({ lsn, at: "2026-11-22T06:00:02.500Z" });

describe("what a restore has lost", () => {
  it("is the WAL that PostgreSQL was seen to write and that is not there, and the time since the last commit", () => {
    expect(lossOf(LATEST, restored("0/3000000"), seen("0/3000100"))).toEqual({ bytes: 256, seconds: 2.5 });
    expect(lossOf(LATEST, restored("0/FFFFFF00"), seen("1/0"))).toEqual({ bytes: 256, seconds: 2.5 });
  });

  it("is nothing where everything that was seen is there, or more", () => {
    expect(lossOf(LATEST, restored("0/3000100"), seen("0/3000100"))).toEqual({ bytes: 0, seconds: 0 });
    expect(lossOf(LATEST, restored("0/3000200"), seen("0/3000100"))).toEqual({ bytes: 0, seconds: 0 });
  });

  it("has no time where no commit was replayed, and none below zero where two clocks differ", () => {
    expect(lossOf(LATEST, restored("0/3000000", null), seen("0/3000100"))).toEqual({ bytes: 256, seconds: null });
    const late = restored("0/3000000", "2026-11-22T07:00:00.000Z");
    expect(lossOf(LATEST, late, seen("0/3000100"))).toEqual({ bytes: 256, seconds: 0 });
  });

  it("is not known where nobody saw PostgreSQL, and no loss where less was asked for", () => {
    expect(lossOf(LATEST, restored("0/3000000"), null)).toBeNull();
    expect(lossOf({ kind: "time", time: "2026-11-22T06:00:00Z" }, restored("0/3"), seen("0/4"))).toBeNull();
  });
});

describe("a recovery that ended before the end of its WAL", () => {
  const plan = { mustRead: "0/6400000" };

  it("is told, with a target, too, unless that was reached", () => {
    expect(shortfall(plan, restored("0/6000028"))).toEqual([
      expect.stringMatching(/^WAL is there up to 0\/6400000, and PostgreSQL read it up to 0\/6000028: /),
    ]);
    expect(shortfall(plan, { ...restored("0/6000028"), targetReached: true })).toEqual([]);
  });

  it("is none where all was read, because nothing was committed behind the time asked for", () => {
    expect(shortfall(plan, restored("0/6400000"))).toEqual([]);
    expect(shortfall(plan, restored("0/7000000"))).toEqual([]);
  });
});

it("the target of a restore is told in words", () => {
  expect(targetWords(LATEST)).toBe("everything there is");
  expect(targetWords({ kind: "time", time: "2026-11-22T06:00:00Z" })).toBe("the state at 2026-11-22T06:00:00Z");
  expect(targetWords({ kind: "lsn", lsn: parseLsn("0/3000028"), timeline: null })).toMatch(/position 0\/3000028$/);
  expect(targetWords({ kind: "lsn", lsn: parseLsn("0/3000028"), timeline: 1 })).toMatch(/0\/3000028 of timeline 1$/);
  expect(targetWords({ kind: "time", time: "2026-11-22T06:00:00Z", timeline: 1 })).toMatch(/00Z of timeline 1$/);
  expect(targetWords({ kind: "point", name: "p" })).toBe("the point p");
  expect(targetWords({ kind: "backup", id: "20261122T060000Z-7f3a" })).toMatch(/20261122T060000Z-7f3a as it is$/);
});
