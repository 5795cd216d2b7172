import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFolderLocation } from "./folder-location.ts";
import { nextIncarnation, writeIncarnation } from "./incarnation.ts";
import { readInfo } from "./info.ts";
import { gatherRecoverable } from "./info-recoverable.ts";
import { historyObject, walFolder } from "./layout.ts";
import { keepReport } from "./reports.ts";
import {
  makePlaces,
  OF,
  type Place,
  SYSTEM,
  storeAttested,
  storeBackup,
  storeClaim,
  storeWal,
  walBytes,
} from "./testing/verify-fixture.ts";

const ID = "20261122T060000Z-7f3a";
const [TWO, THREE, FIVE] = [2, 3, 5].map((number) => `00000001000000000000000${number}`) as [string, string, string];

let directory: string;
let first: Place;
let second: Place;
let remove: () => Promise<void>;

beforeEach(async () => {
  const made = await makePlaces(["primary", "secondary"]);
  const [one, other] = made.places;
  if (!one || !other) throw new Error("two places were asked for");
  [directory, first, second, remove] = [made.directory, one, other, made.remove];
});

afterEach(async () => await remove());

describe("the information about locations", () => {
  it("of new ones says that there is nothing yet", async () => {
    const info = await readInfo([first.location, second.location]);
    expect(info).toMatchObject({
      ...{ library: null, incarnation: null, backups: [], wal: [], warnings: [] },
      window: { earliest: null, latest: null, gaps: [] },
    });
    expect(info.locations[0]).toMatchObject({
      name: "primary",
      reachable: true,
      claim: null,
      backups: { objects: 0, bytes: 0 },
    });
    expect(info.locations[0]?.free).toBeGreaterThan(0);
  });

  it("tells what they hold together, and from when to when one can return, with the gaps", async () => {
    await storeClaim(first, { number: 1 });
    const manifest = await storeBackup([first], { id: ID });
    const attested = await storeAttested(first, ID, "0/2000200");
    await storeWal(first, TWO, walBytes(TWO));
    await storeWal(second, THREE, walBytes(THREE), { from: 0, to: 4096 });
    await storeWal(first, FIVE, walBytes(FIVE));
    const info = await readInfo([first.location, second.location]);
    expect(info).toMatchObject({ library: "library", incarnation: OF.incarnation, systemId: SYSTEM, warnings: [] });
    expect(info.backups).toEqual([
      {
        ...{ id: ID, state: "whole", start: manifest.start, end: manifest.end, incarnation: OF.incarnation },
        ...{ postgres: "18.4", reason: "schedule", size: manifest.tar.size, parts: manifest.parts.length },
        stored: manifest.parts.reduce((sum, { size }) => sum + size, 0),
        in: ["primary"],
        attested: { point: attested.point, at: attested.at, lsn: attested.lsn },
        problems: [],
        warnings: [],
        compared: null,
        verified: null,
      },
    ]);
    expect(info.wal.map(({ from, to }) => [from, to])).toEqual([
      ["0/2000000", "0/3001000"],
      ["0/5000000", "0/6000000"],
    ]);
    expect(info.window.earliest).toEqual({ ...manifest.end, incarnation: OF.incarnation });
    expect(info.window.latest?.lsn).toBe("0/3001000");
    expect(info.window.gaps).toEqual([{ from: info.window.latest, to: null, missing: THREE }]);
    expect(info.locations.map(({ wal }) => wal.objects)).toEqual([2, 1]);
    expect(info.locations[0]?.claim).toMatchObject({ number: 1, host: "host" });
    expect(JSON.parse(JSON.stringify(info))).toEqual(info);
  });

  it("tells which backups were restored and compared, or read back, the last time of each", async () => {
    const [other, never] = ["20261122T070000Z-7f3b", "20261122T080000Z-7f3c"];
    for (const id of [ID, other, never]) await storeBackup([first], { id });
    const drill = {
      ...{ scenario: "database-failure", point: null, compared: { tables: 18, rows: "120" }, differences: [] },
      ...{ notCompared: [], timeToRecover: 2, seconds: 3, phases: [], warnings: [] },
    };
    const keep = async (at: string, more: object) => await keepReport(directory, "drills", { ...drill, at, ...more });
    await keep("2026-11-22T06:30:00.000Z", { ok: true, backup: ID, failure: null });
    await keep("2026-11-22T07:30:00.000Z", { ok: false, backup: ID, failure: null });
    await keep("2026-11-22T07:40:00.000Z", { ok: false, backup: other, failure: "the disk is full" });
    await keepReport(directory, "drills", { at: "2026-11-22T07:50:00.000Z" });
    for (const [at, ok] of [
      ["2026-11-22T08:00:00.000Z", false],
      ["2026-11-22T09:00:00.000Z", true],
    ] as const) {
      const report = { at, ok, backup: other, locations: ["primary"] };
      await keepReport(directory, "verifications", report);
    }
    const { backups } = await readInfo([first.location], { recovery: directory });
    expect(backups.map(({ compared, verified }) => ({ compared, verified }))).toEqual([
      {
        compared: { at: "2026-11-22T07:30:00.000Z", ok: false, tables: 18, rows: "120", seconds: 3 },
        verified: null,
      },
      { compared: null, verified: { at: "2026-11-22T09:00:00.000Z", ok: true, locations: ["primary"] } },
      { compared: null, verified: null },
    ]);
  });

  it("names a location that is away, and tells about the others", async () => {
    const gone = openFolderLocation({
      path: join(directory, "gone"),
      url: "file:///gone",
      name: "gone",
      domain: "host",
      required: false,
    });
    await storeBackup([first], { id: ID });
    const info = await readInfo([gone, first.location]);
    expect(info.locations.map(({ name, reachable }) => [name, reachable])).toEqual([
      ["gone", false],
      ["primary", true],
    ]);
    expect(info.locations[0]?.problem).toBe(info.warnings[0]);
    expect(info.backups.length).toBe(1);
  });

  it("with claims that cannot be read still tells of the backups", async () => {
    await storeBackup([first], { id: ID });
    await first.location.put("claims/000001.json", Buffer.from("no claim"));
    const info = await readInfo([first.location]);
    expect(info).toMatchObject({ incarnation: OF.incarnation, window: { latest: { lsn: "0/2000100" } } });
    expect(info.locations[0]).toMatchObject({
      reachable: true,
      problem: expect.stringContaining("claims/000001.json"),
    });
  });
});

describe("what can be recovered", () => {
  it("includes the spool of this home, and its incarnation that could not claim anything yet", async () => {
    await storeClaim(first, { number: 1 });
    await storeBackup([first], { id: ID });
    const recovery = join(directory, "recovery");
    await mkdir(join(recovery, "spool", OF.incarnation), { recursive: true });
    await writeFile(join(recovery, "spool", OF.incarnation, TWO), walBytes(TWO));
    const from = { incarnation: OF.incarnation, timeline: 1, lsn: "0/2800000" };
    const next = nextIncarnation(null, from, { library: "library", systemId: SYSTEM, replaces: [] });
    await writeIncarnation(recovery, next);
    const gathered = await gatherRecoverable([first.location], { recovery });
    expect(gathered.lineage.chain.map(({ incarnation }) => incarnation)).toEqual([OF.incarnation, next.incarnation]);
    expect((await readInfo([first.location], { recovery })).window.latest).toMatchObject({
      lsn: "0/2800000",
      timeline: 1,
    });
    expect((await readInfo([first.location])).window.latest).toMatchObject({ lsn: "0/2000100" });
  });

  it("does not depend on what this home says of itself", async () => {
    await storeBackup([first], { id: ID });
    await writeFile(join(directory, "incarnation.json"), "spoilt");
    const gathered = await gatherRecoverable([first.location], { recovery: directory });
    expect(gathered.lineage.present?.incarnation).toBe(OF.incarnation);
    expect(gathered.unreachable).toEqual([
      { location: "this home", problem: expect.stringContaining("incarnation.json") },
    ]);
  });

  it("knows the way of each incarnation from its history files", async () => {
    await storeClaim(first, { number: 1 });
    await first.location.put(historyObject(walFolder(OF), 2), Buffer.from("1\t0/2800000\tfailover\n"));
    const { histories, unreachable } = await gatherRecoverable([first.location, second.location], { recovery: null });
    expect(histories).toMatchObject([{ incarnation: OF.incarnation, timeline: 2, branches: [{ timeline: 1 }] }]);
    expect(unreachable).toEqual([]);
  });
});
