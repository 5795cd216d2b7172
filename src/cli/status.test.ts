import { describe, expect, it } from "vitest";
import { parseRunning } from "../base/running.ts";
import { plain } from "./readiness-lines.ts";
import { statusLines } from "./status.ts";

const health = {
  url: "http://127.0.0.1:8000",
  status: "degraded" as const,
  message: "The database does not answer; reading goes on.",
  version: "0.1.0",
  maintenance: { mode: "off" as const, message: "", since: null, endsAt: null },
  parts: {
    database: { state: "down" as const, latencyMs: null, note: "connection refused" },
    mirror: { state: "up" as const, latencyMs: 0.42, note: null },
  },
  readiness: null,
  job: null,
};
const NOW = new Date("2026-11-22T06:02:00Z");

describe("the status", () => {
  it("is told in plain words, part by part and process by process", () => {
    const processes = parseRunning(
      JSON.stringify({
        supervisor: 7,
        children: {
          serve: { pid: 8, state: "running", restarts: 0, since: null },
          guard: { pid: 9, state: "running", restarts: 2, since: null, postgres: { state: "starting", restarts: 1 } },
        },
      }),
    );
    expect(statusLines({ ...health, processes }, NOW, plain)).toEqual([
      "Prompt Library 0.1.0 at http://127.0.0.1:8000 is degraded.",
      "The database does not answer; reading goes on.",
      "",
      "PART      STATE  LATENCY  NOTE",
      "database  down            connection refused",
      "mirror    up      0.4 ms",
      "",
      "PROCESS   STATE     PID  SINCE  RESTARTS",
      "serve     running     8                0",
      "guard     running     9                2",
      "postgres  starting                     1",
    ]);
  });

  it("of a server elsewhere has no processes", () => {
    expect(statusLines({ ...health, parts: {}, processes: null }, NOW, plain)).toHaveLength(2);
  });

  it("tells how safe everything is before it tells of its parts, and what goes on", () => {
    const at = "2026-11-22T06:00:00.000Z";
    const readiness = {
      at,
      level: "warning" as const,
      dataAtRisk: { ifMachineVanishes: 0.4, ifDatabaseVanishes: 0.2 },
      timeToRecover: null,
      lastBackup: null,
      locations: [],
      reasons: [
        { code: "never_drilled" as const, level: "warning" as const, message: "Nobody measured.", remedy: "Drill." },
      ],
    };
    const job = {
      ...{
        id: "1",
        verb: "backup" as const,
        options: {},
        by: "guardian",
        state: "running" as const,
        startedAt: at,
        endedAt: null,
      },
      ...{ progress: { phase: "copy", done: 2048, total: null }, result: null, error: null },
    };
    expect(statusLines({ ...health, parts: {}, processes: null, readiness, job }, NOW, plain).slice(2)).toEqual([
      "",
      "Data at risk:     0.4 s",
      "Time to recover:  never measured",
      "warning   Nobody measured.",
      "          Drill.",
      "",
      expect.stringMatching(/^A backup has been running since 2026-11-22 \d\d:00 \(copy, 2\.0 KiB\)\.$/),
    ]);
  });

  it("knows of no processes where the file about them is torn or another one", () => {
    expect(parseRunning('{"supervisor": 7, "chi')).toBeNull();
    expect(parseRunning("[]")).toBeNull();
    expect(parseRunning('{"supervisor": "x", "children": {}}')).toBeNull();
  });
});
