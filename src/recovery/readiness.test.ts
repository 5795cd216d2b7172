import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { launcher } from "../../test/support/instance.ts";
import { fuzz } from "../../test/support/library.ts";
import { settings } from "../base/settings.ts";
import { READINESS_CODES } from "../contract/recovery.ts";
import { parseLsn as lsn } from "../postgres/lsn.ts";
import { type LocationFacts, type ReadinessInput, readiness } from "./readiness.ts";

const NOW = new Date("2026-11-22T06:00:00Z");
const DAY = 86_400;
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);

const near: LocationFacts = {
  ...{ name: "primary", url: "file:///home/backups", domain: "disk" as const, hasBackup: true },
  ...{ riskSeconds: 0, lagBytes: 0, problem: null },
};
const far: LocationFacts = {
  ...near,
  name: "secondary",
  url: "file:///mnt/far",
  domain: "elsewhere",
  riskSeconds: 0.4,
};

const safe: ReadinessInput = {
  now: NOW,
  interval: 3_600,
  postgres: { running: true, checksums: true, down: null },
  receiver: { state: "streaming", problem: null, lost: null, streamedAt: NOW },
  locations: [near, far],
  backupsKnown: true,
  backup: { id: "20261122T050000Z-7f3a", end: ago(3_000), endLsn: lsn("0/5000000"), attested: true, warnings: 0 },
  lastFailure: null,
  lastDrill: { at: ago(DAY), ok: true },
  drill: { at: ago(DAY), seconds: 4.7 },
  restore: null,
  exportProblem: null,
};
const found = (changes: Partial<ReadinessInput> = {}) => readiness({ ...safe, ...changes });
const codes = (changes: Partial<ReadinessInput> = {}) =>
  found(changes).reasons.map(({ code, level }) => `${level === "critical" ? "!" : ""}${code}`);
const receiver = (changes: Partial<NonNullable<ReadinessInput["receiver"]>>) => ({
  receiver: { state: "streaming", problem: null, lost: null, streamedAt: NOW, ...changes },
});

const down = (problem: string | null) => ({
  postgres: { running: false, checksums: true, down: { since: ago(75), problem } },
});

describe("readiness", () => {
  it("has nothing to say where a whole backup and its WAL lie elsewhere and a drill has been made", () => {
    expect(found()).toEqual({
      at: NOW.toISOString(),
      level: "ok",
      dataAtRisk: { ifMachineVanishes: 0.4, ifDatabaseVanishes: 0 },
      timeToRecover: { seconds: 4.7, measuredAt: ago(DAY).toISOString(), by: "drill" },
      lastBackup: { id: "20261122T050000Z-7f3a", end: ago(3_000).toISOString(), attested: true },
      locations: [near, far].map(({ hasBackup: _, ...location }) => location),
      reasons: [],
    });
  });

  it("is as bad as its worst reason", () => {
    expect(found({ drill: null, lastDrill: null }).level).toBe("warning");
    expect(found({ drill: null, lastDrill: null, backup: null }).level).toBe("critical");
  });
});

describe("data at risk", () => {
  const risk = (...locations: LocationFacts[]) => found({ locations }).dataAtRisk;

  it("is everything where no location that would remain holds a whole backup, whatever WAL it has", () => {
    expect(risk(near)).toEqual({ ifMachineVanishes: "everything", ifDatabaseVanishes: 0 });
    expect(risk(near, { ...far, domain: "host" }).ifMachineVanishes).toBe("everything");
    expect(risk(near, { ...far, hasBackup: false }).ifMachineVanishes).toBe("everything");
    expect(risk()).toEqual({ ifMachineVanishes: "everything", ifDatabaseVanishes: "everything" });
  });

  it("is that of the best copy, and unknown where nobody knows how far any is", () => {
    expect(risk(far, { ...far, riskSeconds: 0.1 }, { ...far, riskSeconds: null }).ifMachineVanishes).toBe(0.1);
    expect(risk(far, { ...far, riskSeconds: 0, hasBackup: false }).ifMachineVanishes).toBe(0.4);
    expect(risk({ ...far, riskSeconds: null }).ifMachineVanishes).toBeNull();
  });

  it("grows while PostgreSQL writes and the receiver does not see it, whatever was last said", () => {
    const blind = receiver({ state: "not running (its process is waiting)", streamedAt: ago(300) });
    expect(found(blind).dataAtRisk).toEqual({ ifMachineVanishes: 300.4, ifDatabaseVanishes: 300 });
    expect(found(blind).locations[1]?.riskSeconds).toBe(300.4);
    expect(codes(blind)).toEqual(["location_lags", "location_lags", "!wal_not_received"]);
  });

  it("does not grow while PostgreSQL is down: it writes nothing", () => {
    const down = {
      ...receiver({ state: "waiting", streamedAt: ago(300) }),
      postgres: { running: false, checksums: true, down: null },
    };
    expect(found(down).dataAtRisk.ifMachineVanishes).toBe(0.4);
  });
});

describe("time to recover", () => {
  const measured = (changes: Partial<ReadinessInput>) => found(changes).timeToRecover;

  it("is what was measured last, by a drill or a restore in earnest, and never an estimate", () => {
    expect(measured({ restore: { at: ago(60), seconds: 9 } })).toMatchObject({ seconds: 9, by: "restore" });
    expect(measured({ restore: { at: ago(2 * DAY), seconds: 9 } })).toMatchObject({ seconds: 4.7, by: "drill" });
    expect(measured({ drill: null })).toBeNull();
  });

  it("stays known when a later drill fails, which is a reason of its own", () => {
    const changes = { lastDrill: { at: ago(60), ok: false } };
    expect(measured(changes)).toMatchObject({ seconds: 4.7 });
    expect(codes(changes)).toEqual(["!drill_failed"]);
    expect(codes({ ...changes, drill: null })).toEqual(["!drill_failed", "never_drilled"]);
  });
});

describe("a reason", () => {
  const cases: [string, Partial<ReadinessInput>, string[]][] = [
    ["nothing is stored outside this machine", { locations: [{ ...far, domain: "host" }] }, ["!nothing_elsewhere"]],
    ["every copy lies on the database's disk", { locations: [near] }, ["!nothing_elsewhere", "!same_disk"]],
    ["no backup is elsewhere", { locations: [near, { ...far, hasBackup: false }] }, ["!no_backup_elsewhere"]],
    ["the database does not run", down("It is damaged."), ["!postgres_down"]],
    ["a location is away", { locations: [{ ...near, problem: "its disk is full" }, far] }, ["location_problem"]],
    ["a location is a minute behind", { locations: [near, { ...far, riskSeconds: 60 }] }, []],
    ["a location is more behind", { locations: [near, { ...far, riskSeconds: 61 }] }, ["location_lags"]],
    [
      "one elsewhere has a backup, and another not",
      { locations: [near, far, { ...far, hasBackup: false }] },
      ["location_without_backup"],
    ],
    ["a nearer one has none", { locations: [{ ...near, hasBackup: false }, far] }, ["location_without_backup"]],
    ["a location is an hour behind", { locations: [near, { ...far, riskSeconds: 3_601 }] }, ["!location_lags"]],
    ["the receiver never said anything", { receiver: null }, ["!wal_not_received"]],
    ["the receiver waits", receiver({ state: "waiting" }), ["!wal_not_received"]],
    ["the receiver streams, and has no room", receiver({ problem: "The spool is full." }), ["wal_problem"]],
    ["the receiver is fenced", receiver({ state: "fenced" }), ["!wal_not_received"]],
    ["WAL was lost after the newest backup", receiver({ lost: { at: ago(10), to: lsn("0/3000000") } }), ["!wal_lost"]],
    ["WAL was lost before the newest backup", receiver({ lost: { at: ago(3_001), to: lsn("0/5000000") } }), []],
    [
      "WAL was lost behind a backup that was made while the clock was ahead",
      { ...receiver({ lost: { at: ago(10), to: lsn("0/6000000") } }), backup: { ...backupOf(), end: ago(-30 * DAY) } },
      ["!wal_lost", "!clock_set_back"],
    ],
    [
      "WAL was lost before the newest backup, while the clock was ahead",
      receiver({ lost: { at: ago(-30 * DAY), to: lsn("0/5000000") } }),
      [],
    ],
    ["a backup is a little ahead", { backup: { ...backupOf(), end: ago(-300) } }, []],
    ["a backup is of a moment that has not come", { backup: { ...backupOf(), end: ago(-301) } }, ["!clock_set_back"]],
    [
      "the last try failed, after a backup that was made while the clock was ahead",
      { lastFailure: { at: ago(10), message: "no room" }, backup: { ...backupOf(), end: ago(-30 * DAY) } },
      ["!clock_set_back", "backup_failed"],
    ],
    ["there is no backup", { backup: null }, ["!no_backup"]],
    ["no location can be read", { backup: null, backupsKnown: false }, ["!backups_unknown"]],
    ["a backup is two intervals old", { backup: { ...backupOf(), end: ago(7_200) } }, []],
    ["a backup is older than that", { backup: { ...backupOf(), end: ago(7_201) } }, ["!backup_old"]],
    ["the last try failed", { lastFailure: { at: ago(10), message: "no room" } }, ["backup_failed"]],
    ["a try failed before the newest", { lastFailure: { at: ago(3_001), message: "no room" } }, []],
    ["the newest is not attested", { backup: { ...backupOf(), attested: false } }, ["not_attested"]],
    ["PostgreSQL warned", { backup: { ...backupOf(), warnings: 2 } }, ["backup_warnings"]],
    ["pages have no checksums", { postgres: { running: true, checksums: false, down: null } }, ["no_checksums"]],
    ["nobody knows whether they have", { postgres: { running: true, checksums: null, down: null } }, []],
    ["nothing was ever measured", { drill: null, lastDrill: null }, ["never_drilled"]],
    ["the last drill failed", { lastDrill: { at: ago(10), ok: false } }, ["!drill_failed"]],
    ["it was measured long ago", { drill: { at: ago(93 * DAY), seconds: 5 } }, ["drill_old"]],
    ["recovery takes as long as promised", { drill: { at: ago(DAY), seconds: 4 * 3_600 } }, []],
    ["the nightly export failed", { exportProblem: "The nightly export was not made." }, ["export_failed"]],
    ["recovery takes longer than promised", { drill: { at: ago(DAY), seconds: 4 * 3_600 + 1 } }, ["!recovery_slow"]],
  ];
  it.each(cases)("is there exactly when %s", (_what, changes, expected) => {
    expect(codes(changes)).toEqual(expected);
  });

  it("says what it knows: who is behind, by how much, what failed", () => {
    const said = (changes: Partial<ReadinessInput>) => found(changes).reasons[0]?.message;
    expect(said({ locations: [near, { ...far, riskSeconds: 75.4 }] })).toBe("The location secondary is 75 s behind.");
    expect(said({ locations: [{ ...near, problem: "its disk is full" }, far] })).toContain("primary: its disk is full");
    const itself = "The location primary (file:///x) cannot be used: it is full.";
    expect(said({ locations: [{ ...near, problem: itself }, far] })).toBe(itself);
    expect(said(receiver({ state: "waiting", problem: "57P03" }))).toMatch(/the receiver is waiting \(57P03\)\.$/);
    expect(said(down("It is damaged."))).toMatch(
      /^The database has not been running for 75 s: It is damaged\. Reading/,
    );
    expect(said(down(null))).toMatch(/for 75 s\. Reading goes on/);
    expect(said({ lastFailure: { at: NOW, message: "no room" } })).toMatch(/no room$/);
  });

  it("has a remedy whose commands and settings exist", () => {
    const all = cases.flatMap(([, changes]) => found(changes).reasons);
    const verbs = helpOf("--help").matchAll(/^ {2}([a-z]+)/gm);
    const known = new Set([...verbs].map(([, verb]) => verb));
    for (const { code, remedy } of all) {
      for (const [, verb = "", argument] of remedy.matchAll(/promptlib ([a-z]+)(?: ([a-z]+-[a-z]+))?/g)) {
        expect(known, `${code}: ${remedy}`).toContain(verb);
        if (argument) expect(helpOf(verb, "--help")).toContain(argument);
      }
      for (const [name] of remedy.matchAll(/\b[A-Z]+_[A-Z_]+\b/g)) {
        expect(
          settings.map((setting) => setting.name as string),
          code,
        ).toContain(name);
      }
      expect(remedy).toMatch(/\S$/);
    }
    expect(new Set(all.map(({ code }) => code))).toEqual(new Set(READINESS_CODES));
  });
});

describe("whatever is known", () => {
  const instant = fc.integer({ min: -DAY, max: 200 * DAY }).map(ago);
  const location: fc.Arbitrary<LocationFacts> = fc.record({
    name: fc.constantFrom("primary", "secondary"),
    url: fc.constant("file:///x"),
    domain: fc.constantFrom("disk", "host", "elsewhere"),
    hasBackup: fc.boolean(),
    riskSeconds: fc.option(fc.float({ min: 0, max: 10_000, noNaN: true })),
    lagBytes: fc.option(fc.nat()),
    problem: fc.option(fc.string()),
  });
  const position = fc.bigInt({ min: 0n, max: 99n }).map((number) => lsn(`0/${number}`));
  const input: fc.Arbitrary<ReadinessInput> = fc.record({
    now: fc.constant(NOW),
    interval: fc.integer({ min: 60, max: DAY }),
    postgres: fc.record({
      running: fc.boolean(),
      checksums: fc.option(fc.boolean()),
      down: fc.option(fc.record({ since: instant, problem: fc.option(fc.string()) })),
    }),
    receiver: fc.option(
      fc.record({
        state: fc.constantFrom("streaming", "waiting", "fenced"),
        problem: fc.option(fc.string()),
        lost: fc.option(fc.record({ at: instant, to: position })),
        streamedAt: fc.option(instant),
      }),
    ),
    locations: fc.array(location, { maxLength: 4 }),
    backupsKnown: fc.boolean(),
    backup: fc.option(
      fc.record({
        id: fc.string(),
        end: instant,
        endLsn: position,
        attested: fc.boolean(),
        warnings: fc.nat({ max: 2 }),
      }),
    ),
    lastFailure: fc.option(fc.record({ at: instant, message: fc.string() })),
    lastDrill: fc.option(fc.record({ at: instant, ok: fc.boolean() })),
    drill: fc.option(fc.record({ at: instant, seconds: fc.nat() })),
    restore: fc.option(fc.record({ at: instant, seconds: fc.nat() })),
    exportProblem: fc.option(fc.string({ minLength: 1 })),
  });

  it("nothing is better than ok without reasons, and what is lost without a copy elsewhere is critical", () => {
    fc.assert(
      fc.property(input, (one) => {
        const { level, reasons, dataAtRisk } = readiness(one);
        expect(level === "ok").toBe(reasons.length === 0);
        if (dataAtRisk.ifMachineVanishes === "everything") expect(level).toBe("critical");
        if (typeof dataAtRisk.ifMachineVanishes === "number" && typeof dataAtRisk.ifDatabaseVanishes === "number") {
          expect(dataAtRisk.ifDatabaseVanishes).toBeLessThanOrEqual(dataAtRisk.ifMachineVanishes);
        }
        for (const { message, remedy } of reasons) expect([message, remedy]).not.toContain("");
      }),
      fuzz,
    );
  });
});

function backupOf() {
  return { id: "20261122T050000Z-7f3a", end: ago(3_000), endLsn: lsn("0/5000000"), attested: true, warnings: 0 };
}

const helps = new Map<string, string>();

function helpOf(...words: string[]): string {
  const help = helps.get(words.join()) ?? execFileSync(launcher, words, { encoding: "utf8" });
  helps.set(words.join(), help);
  return help;
}
