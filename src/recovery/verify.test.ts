import { appendFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { backupFolder } from "./layout.ts";
import {
  makePlaces,
  type Place,
  storeAttested,
  storeBackup,
  storeClaim,
  storeWal,
  walBytes,
} from "./testing/verify-fixture.ts";
import { verifyBackup } from "./verify.ts";
import type { VerifyProgress } from "./verify-shapes.ts";

const ID = "20261122T060000Z-7f3a";
const FOLDER = backupFolder(ID);
const [TWO, THREE, FOUR, FIVE] = [2, 3, 4, 5].map((number) => `00000001000000000000000${number}`) as [
  string,
  string,
  string,
  string,
];

let place: Place;
let remove: () => Promise<void>;

beforeEach(async () => {
  const made = await makePlaces(["primary"]);
  const [one] = made.places;
  if (!one) throw new Error("a place was asked for");
  [place, remove] = [one, made.remove];
  await storeClaim(place, { number: 1 });
});

afterEach(async () => await remove());

const shallow = () => verifyBackup(place.location, ID, { deep: false });
const deep = () => verifyBackup(place.location, ID, { deep: true });

describe("a backup that is whole", () => {
  it("has no findings, and what was read is told", async () => {
    const manifest = await storeBackup([place], { id: ID });
    await storeAttested(place, ID, "0/2000200");
    await storeWal(place, TWO, walBytes(TWO), { from: 0, to: 4096 });
    const seen: VerifyProgress[] = [];
    const report = await verifyBackup(place.location, ID, {
      deep: false,
      onProgress: (progress) => seen.push(progress),
    });
    expect(report).toEqual({
      backup: ID,
      location: "primary",
      deep: false,
      ok: true,
      findings: [],
      read: { bytes: manifest.tar.size, files: 2, walObjects: 1 },
      walUpTo: "0/2001000",
    });
    expect(seen.filter(({ phase }) => phase === "archive").at(-1)).toMatchObject({
      done: manifest.tar.size,
      total: manifest.tar.size,
    });
    expect(seen.at(-1)).toEqual({ phase: "wal", done: 4096, total: 4096 });
  });

  it("without an attested point needs no WAL, unless all of it is asked for", async () => {
    await storeBackup([place], { id: ID });
    const bad = await storeWal(place, FIVE, walBytes(FIVE));
    await place.spoil(bad);
    expect(await shallow()).toMatchObject({ ok: true, walUpTo: "0/2000100", read: { walObjects: 0 } });
    expect((await deep()).findings.map(({ object }) => object)).toEqual(["wal/7300000000000000001-0a1b2c3d/", bad]);
  });
});

describe("everything that is wrong is listed", () => {
  it("in each part of the archive", async () => {
    const { parts } = await storeBackup([place], { id: ID });
    expect(parts.length).toBeGreaterThan(2);
    const [one, two, three] = parts.map(({ name }) => `${FOLDER}${name}`) as [string, string, string];
    await place.spoil(one);
    await place.location.remove(two);
    await appendFile(place.path(three), "more");
    const report = await shallow();
    expect(report.ok).toBe(false);
    expect(Object.fromEntries(report.findings.map(({ object, problem }) => [object, problem]))).toEqual({
      [one]: "has another SHA-256 than the manifest says",
      [two]: "is missing",
      [three]: expect.stringMatching(/^has \d+ bytes in place of \d+$/),
    });
  });

  it("in the sums, the attested point and the WAL at once", async () => {
    await storeBackup([place], { id: ID });
    await writeFile(place.path(`${FOLDER}SHA256SUMS`), "none\n");
    await place.location.put(`${FOLDER}attested.json`, Buffer.from("{}"));
    const wrong = await storeWal(place, TWO, walBytes(THREE));
    const short = await storeWal(place, THREE, walBytes(THREE), { from: 0, to: 5000 });
    await place.spoil(short);
    const { findings } = await deep();
    expect(findings).toEqual([
      { object: `${FOLDER}attested.json`, problem: expect.stringContaining("cannot be understood") },
      { object: `${FOLDER}SHA256SUMS`, problem: "gives other sums than the manifest" },
      { object: wrong, problem: "holds the WAL from 0/3000000 on" },
      { object: short, problem: expect.stringContaining("is damaged") },
    ]);
  });

  it("when WAL is missing before the attested point", async () => {
    await storeBackup([place], { id: ID });
    await storeAttested(place, ID, "0/4000200");
    await storeWal(place, TWO, walBytes(TWO));
    await storeWal(place, FOUR, walBytes(FOUR));
    const { findings, walUpTo, read } = await shallow();
    expect(findings).toEqual([
      {
        object: "wal/7300000000000000001-0a1b2c3d/",
        problem: `has a gap: WAL is missing from 0/3000000 on, in the segment ${THREE}, so the attested point at 0/4000200 cannot be reached`,
      },
    ]);
    expect(walUpTo).toBe("0/3000000");
    expect(read.walObjects).toBe(2);
  });

  it("when the manifest is damaged, or there is none", async () => {
    await storeBackup([place], { id: ID });
    await writeFile(place.path(`${FOLDER}manifest.json`), "{}");
    expect(await shallow()).toMatchObject({
      ok: false,
      walUpTo: null,
      findings: [{ object: `${FOLDER}manifest.json` }],
    });
    await place.location.remove(`${FOLDER}manifest.json`);
    expect((await shallow()).findings).toEqual([
      { object: `${FOLDER}manifest.json`, problem: "is missing: the backup was never finished" },
    ]);
  });
});

describe("what cannot be looked at", () => {
  it("is an error: no such backup, a location that is away, an interruption", async () => {
    await expect(shallow()).rejects.toMatchObject({ code: "backup_not_found" });
    await storeBackup([place], { id: ID });
    const signal = AbortSignal.abort();
    await expect(verifyBackup(place.location, ID, { deep: true, signal })).rejects.toMatchObject({
      code: "interrupted",
    });
    await remove();
    await expect(shallow()).rejects.toMatchObject({ code: "location_unavailable" });
  });
});
