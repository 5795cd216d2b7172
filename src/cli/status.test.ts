import { describe, expect, it } from "vitest";
import { parseRunning } from "./running.ts";
import { statusLines } from "./status.ts";

const health = {
  url: "http://127.0.0.1:8000",
  status: "degraded" as const,
  message: "The database does not answer; reading goes on.",
  version: "0.1.0",
  parts: {
    database: { state: "down" as const, latencyMs: null, note: "connection refused" },
    mirror: { state: "up" as const, latencyMs: 0.42, note: null },
  },
};

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
    expect(statusLines({ ...health, processes })).toEqual([
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
    expect(statusLines({ ...health, parts: {}, processes: null })).toHaveLength(2);
  });

  it("knows of no processes where the file about them is torn or another one", () => {
    expect(parseRunning('{"supervisor": 7, "chi')).toBeNull();
    expect(parseRunning("[]")).toBeNull();
    expect(parseRunning('{"supervisor": "x", "children": {}}')).toBeNull();
  });
});
