import { describe, expect, it } from "vitest";
import type { ToldPlan } from "../../sdk/index.ts";
import { commandOf, leftOut, localField, requestOf } from "./plan-words.ts";

const plan = (lost: Extract<ToldPlan, { kind: "plan" }>["lost"]) => ({
  ...{ kind: "plan" as const, locations: ["primary"], walNeeded: 1, bytes: 1, warnings: [], steps: [], lost },
  backup: { id: "x", end: { at: "", timeline: 1, lsn: "0/0" }, tar: { size: 1 } },
  reaches: { lsn: "0/0", timeline: 1, notLaterThan: null },
});

describe("a plan of a restore", () => {
  it("is carried out by the command that asks for the same", () => {
    expect(commandOf({})).toBe("promptlib restore latest");
    expect(commandOf({ backup: "20261122T060000Z-7f3a" })).toBe("promptlib restore 20261122T060000Z-7f3a");
    expect(commandOf({ at: "2026-11-22T06:00:00Z" })).toBe("promptlib restore --at 2026-11-22T06:00:00Z");
  });

  it("takes the moment on the clock of who asks, and no moment where none is given", () => {
    const at = Date.parse("2026-11-22T06:00:07Z");
    expect(requestOf({ kind: "time", local: localField(at) })).toEqual({ at: "2026-11-22T06:00:07Z" });
    expect(requestOf({ kind: "time", local: "" })).toBeNull();
    expect(requestOf({ kind: "latest" })).toEqual({});
  });

  it("says what it leaves out: nothing, what is later, at most so much, or what lies behind a gap", () => {
    expect(leftOut(plan(null), {})).toBe("Nothing that is known.");
    const lost = { from: "0/2000000", to: "0/3000000", reason: "target" as const };
    expect(leftOut(plan(lost), { at: "x" })).toBe(
      "Everything that was written after that moment (at most 16.0 MiB of WAL).",
    );
    expect(leftOut(plan(lost), { backup: "x" })).toBe(
      "Everything that was written after the backup (16.0 MiB of WAL).",
    );
    expect(leftOut(plan({ ...lost, reason: "gap" }), {})).toMatch(
      /^What was written after a gap in the WAL \(16\.0 MiB/,
    );
  });
});
