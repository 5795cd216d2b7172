import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Instance } from "../../test/support/instance.ts";
import { fuzz } from "../../test/support/library.ts";
import { refusal } from "../../test/support/refusal.ts";
import type { RestoreReport } from "../contract/recovery-shapes.ts";
import { detailLines } from "./details.ts";
import { drillLines } from "./drill.ts";
import { instantOf } from "./instant.ts";
import { Pace, timeLeft } from "./recovery-progress.ts";
import { reportLines } from "./restore.ts";

describe("a time to restore to", () => {
  it.each([
    ["2026-11-22T06:00:00Z", "2026-11-22T06:00:00Z"],
    ["2026-11-22T06:00Z", "2026-11-22T06:00:00Z"],
    [" 2026-11-22 06:00:00.123456z ", "2026-11-22T06:00:00.123456Z"],
    ["2026-11-22 06:00+02:00", "2026-11-22T06:00:00+02:00"],
    ["2026-11-22T06:00:00-0330", "2026-11-22T06:00:00-03:30"],
    ["2026-11-22 06:00:00.5 +02", "2026-11-22T06:00:00.5+02:00"],
  ])("%j goes on as %s, to the microsecond", (given, sent) => {
    expect(instantOf(given)).toBe(sent);
  });

  it("without a zone is local time, and keeps its microseconds", () => {
    const at = new Date(2026, 10, 22, 6, 0, 7).toISOString().slice(0, 19);
    expect(instantOf("2026-11-22 06:00:07.000123")).toBe(`${at}.000123Z`);
  });

  it.each([
    ...[
      "",
      "latest",
      "06:00",
      "2026-11-22",
      "2026-11-22T25:00Z",
      "2026-11-22T24:00Z",
      "2026-02-31T06:00",
      "2026-02-30T06:00Z",
    ],
    ...["2026-11-22T06:60Z", "2026-11-22T06:00:00 (noon)", "2026-11-22T06:00:00.1234567Z", "22.11.2026 06:00"],
  ])("%j is refused", (given) => {
    expect(() => instantOf(given)).toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("is the same moment, whichever", () => {
    const date = fc.date({ min: new Date("2000-01-01"), max: new Date("2100-01-01"), noInvalidDate: true });
    fc.assert(
      fc.property(date, (at) => {
        expect(new Date(instantOf(at.toISOString()))).toEqual(at);
      }),
      fuzz,
    );
  });
});

const report: RestoreReport = {
  ...{ at: "", target: "everything there is", backup: "20261122T060000Z-7f3a" },
  reached: { timeline: 1, lsn: "0/3000028", newTimeline: 2, lastCommit: null },
  ...{ lost: { bytes: 0, seconds: 0 }, downtime: 4.66, seconds: 4, phases: [{ phase: "plan", seconds: 0.04 }] },
  ...{ oldState: null, warnings: [] },
};

describe("what a restore says afterwards", () => {
  const lost = (loss: RestoreReport["lost"]) => reportLines({ ...report, lost: loss })[2];

  it("is how far it came, what was lost and how long it took", () => {
    expect(reportLines(report)).toEqual([
      "Restored everything there is, from the backup 20261122T060000Z-7f3a.",
      "  reached   0/3000028 of timeline 1, now timeline 2",
      "  lost      nothing that PostgreSQL was seen to write",
      "  downtime  4.7 s",
      "  phases    plan 0.0 s",
      "  old state there was none",
    ]);
    expect(reportLines({ ...report, oldState: "/h/before-1", warnings: ["x"] }).slice(5)).toEqual([
      "  old state /h/before-1 (remove it when you need it no more)",
      "  note      x",
    ]);
  });

  it("tells a loss in bytes and in time, as far as they are known", () => {
    expect(lost({ bytes: 1_256, seconds: 2.5 })).toBe("  lost      1,256 bytes of WAL, at most 2.5 s of writing");
    expect(lost({ bytes: 1_256, seconds: null })).toBe("  lost      1,256 bytes of WAL");
    expect(lost(null)).toBe("  lost      not known, or what you asked to leave out");
  });
});

it("a drill says what was compared and how long a recovery takes", () => {
  const lines = drillLines({
    ...{ at: "", scenario: "database-failure", ok: true, backup: "b", point: { name: "p", at: "noon", lsn: "0/3" } },
    ...{ compared: { tables: 12, rows: "12345678901234567890" }, differences: [], notCompared: [], warnings: [] },
    ...{ timeToRecover: 4.7, seconds: 6.1, phases: [{ phase: "replay", seconds: 1 }], failure: null },
  });
  expect(lines).toEqual([
    "The backup b was restored to its attested point (noon), and is the same.",
    "  compared         12 tables, 12,345,678,901,234,567,890 rows",
    "  time to recover  4.7 s (6.1 s with the comparison)",
    "  phases           replay 1.0 s",
  ]);
  expect(detailLines({ differences: ["a: 1 row is missing"] })).toEqual(["a: 1 row is missing"]);
});

describe("progress", () => {
  it("tells nothing of what nobody can count, and bytes at once", () => {
    const pace = new Pace();
    expect(pace.words({ phase: "plan", done: null, total: null })).toBe("");
    expect(pace.words({ phase: "copy", done: 0, total: 10 })).toBe("");
    expect(pace.words({ phase: "copy", done: 2048, total: 4096 })).toBe("2.0 KiB of 4.0 KiB");
    expect(pace.words({ phase: "fetch", done: 5, total: null })).toBe("5 bytes");
  });

  it("tells the time that is left in the unit that fits", () => {
    expect([0.2, 99, 100, 5_999, 6_000, 90_000].map(timeLeft)).toEqual([
      "1 s",
      "99 s",
      "2 min",
      "100 min",
      "1.7 h",
      "25.0 h",
    ]);
  });
});

describe("a home that was never made", () => {
  let instance: Instance;
  beforeAll(async () => {
    instance = await Instance.make();
  });
  afterAll(() => instance.remove());

  it.each([
    [["info"], "not_running"],
    [["backup"], "not_running"],
    [["drill", "database-failure"], "not_running"],
    [["status"], "not_running"],
    [["verify"], "location_unavailable"],
    [["restore", "latest", "--plan"], "restore_impossible"],
    [["restore", "latest"], "restore_impossible"],
    [["restore", "--lsn", "nowhere"], "usage"],
  ])("is not made by %j, which says %s", async (words, code) => {
    const { stdout, stderr } = await instance.run(words);
    expect([stdout, stderr.slice(stderr.indexOf("promptlib:"))]).toEqual(["", refusal(code)]);
    expect(await readdir(instance.directory)).toEqual([]);
  });

  it.each([
    ["--lsn", "0/3000028", "--timeline", "first"],
    ["--lsn", "0/3000028", "--timeline", "0"],
    ["latest", "--timeline", "1"],
    ["--point", "before_lunch", "--timeline", "1"],
  ])("is not made by restore %s %s %s %s, whose timeline says nothing", async (...words) => {
    const { stderr } = await instance.run(["restore", ...words]);
    expect(stderr).toEqual(refusal("usage", "--timeline is a number, and goes with --at or --lsn."));
    expect(await readdir(instance.directory)).toEqual([]);
  });

  it("is not made by info either where a location is named that holds nothing", async () => {
    const far = join(instance.directory, "far");
    await mkdir(far);
    const ran = await instance.run(["info", "--json"], { env: { BACKUP_LOCATIONS: `file://${far}?domain=elsewhere` } });
    expect(JSON.parse(ran.stdout)).toMatchObject({
      backups: [],
      locations: [{ reachable: false }, { reachable: true }],
    });
    expect(existsSync(instance.home.root)).toBe(false);
    expect(await readdir(far)).toEqual([]);
  });
});
