import { describe, expect, it } from "vitest";
import type { Readiness } from "../contract/recovery.ts";
import { parseLsn } from "../postgres/lsn.ts";
import { readiness } from "../recovery/readiness.ts";
import { jobLine, paintFor, plain, readinessLines } from "./readiness-lines.ts";

const NOW = new Date("2026-11-22T06:00:00Z");
const calm: Readiness = {
  at: NOW.toISOString(),
  level: "ok",
  dataAtRisk: { ifMachineVanishes: 0.4, ifDatabaseVanishes: 0 },
  timeToRecover: { seconds: 4.7, measuredAt: "2026-11-22T05:58:00.000Z", by: "drill" },
  lastBackup: null,
  locations: [],
  reasons: [],
};

const measured = (seconds: number, measuredAt: string) =>
  readinessLines({ ...calm, timeToRecover: { seconds, measuredAt, by: "restore" } }, NOW, plain)[1];
const risk = (ifMachineVanishes: number | "everything" | null, ifDatabaseVanishes: number | "everything" | null) =>
  readinessLines({ ...calm, dataAtRisk: { ifMachineVanishes, ifDatabaseVanishes } }, NOW, plain)[0];

describe("how safe everything is", () => {
  it("is two lines where all is well", () => {
    expect(readinessLines(calm, NOW, plain)).toEqual([
      "Data at risk:     0.4 s",
      "Time to recover:  4.7 s, measured 2 min ago by a drill",
    ]);
  });

  it("says what would be lost with the machine, and what with the database alone", () => {
    expect(risk("everything", 0.4)).toMatch(
      / {5}everything, if this machine vanished; 0\.4 s, if only the database did$/,
    );
    expect(risk("everything", null)).toMatch(/; not known, if only the database did$/);
    expect(risk("everything", "everything")).toMatch(/everything, if this machine vanished, or the database$/);
    expect(risk(null, 3)).toMatch(/ {5}not known$/);
    expect(risk(7_200, 3)).toMatch(/ {5}2\.0 h$/);
  });

  it("says how long a recovery took, and how long ago that was", () => {
    expect(measured(130, "2026-11-22T05:59:30.000Z")).toBe("Time to recover:  3 min, measured 30 s ago by a restore");
    expect(measured(4, "2026-11-19T05:00:00.000Z")).toMatch(/measured 3 days ago/);
    expect(measured(4, "2026-11-22T07:00:00.000Z")).toMatch(/measured 0 s ago/);
    expect(readinessLines({ ...calm, timeToRecover: null }, NOW, plain)[1]).toBe("Time to recover:  never measured");
  });

  it("says in red, on a terminal, that a default home stores nothing outside of this machine", () => {
    const location = { name: "primary", url: "file:///home/backups", domain: "disk" as const, hasBackup: true };
    const home = readiness({
      now: NOW,
      interval: 21_600,
      backupsKnown: true,
      exportProblem: null,
      postgres: { running: true, checksums: true, down: null },
      receiver: { state: "streaming", problem: null, lost: null, streamedAt: NOW },
      locations: [{ ...location, riskSeconds: 0.4, lagBytes: 0, problem: null }],
      backup: { id: "x", end: NOW, endLsn: parseLsn("0/5000000"), attested: true, warnings: 0 },
      ...{ lastFailure: null, lastDrill: null, drill: null, restore: null },
    });
    const lines = readinessLines(home, NOW, paintFor({ isTTY: true }, {}));
    expect(lines[0]).toContain("\u001b[31meverything, if this machine vanished");
    expect(lines[1]).toBe("Time to recover:  \u001b[33mnever measured\u001b[0m");
    expect(lines[2]).toContain("\u001b[31mcritical\u001b[0m  \u001b[31mNothing is stored outside this machine");
    expect(lines[2]).toMatch(/0m$/);
    expect(lines[3]).toMatch(/^ {10}Name a location elsewhere, such as BACKUP_LOCATIONS=/);
  });

  it.each([
    ["a file", { isTTY: false }, {}],
    ["somebody who wants none", { isTTY: true }, { NO_COLOR: "1" }],
    ["a terminal that has none", { isTTY: true }, { TERM: "dumb" }],
  ])("has no colours for %s", (_what, stream, environment) => {
    expect(paintFor(stream, environment)("critical", "x")).toBe("x");
  });

  it("lets nobody move the cursor: a problem may hold what a disk or a server said", () => {
    const reason = {
      code: "location_problem" as const,
      level: "warning" as const,
      message: "a\u001b[2Jb\nc",
      remedy: "d\re",
    };
    expect(readinessLines({ ...calm, reasons: [reason] }, NOW, plain).slice(2)).toEqual([
      "warning   ab c",
      "          d e",
    ]);
  });
});

describe("a job that goes on", () => {
  const job = {
    id: "1",
    verb: "drill" as const,
    options: {},
    by: "local:root",
    state: "running" as const,
    startedAt: NOW.toISOString(),
  };
  const blank = { endedAt: null, progress: null, result: null, error: null };

  it("is told with its phase and bytes, as far as they are known", () => {
    expect(jobLine({ ...job, ...blank })).toMatch(/^A drill has been running since \S+ \S+\.$/);
    expect(jobLine({ ...job, ...blank, progress: { phase: "plan", done: null, total: null } })).toMatch(/ \(plan\)\.$/);
    expect(jobLine({ ...job, ...blank, progress: { phase: "copy", done: 1024, total: 2048 } })).toMatch(
      / \(copy, 1\.0 KiB of 2\.0 KiB\)\.$/,
    );
  });
});
