import { writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PromptlibError } from "../contract/errors.ts";
import { listBackups } from "./backups.ts";
import { backupFolder } from "./layout.ts";
import type { Location } from "./location.ts";
import { readAttested, readManifest } from "./manifest-shapes.ts";
import { makePlaces, type Place, storeAttested, storeBackup } from "./testing/verify-fixture.ts";

const EARLY = "20261122T060000Z-7f3a";
const LATE = "20261122T120000Z-11aa";

let first: Place;
let second: Place;
let remove: () => Promise<void>;

beforeEach(async () => {
  const made = await makePlaces(["primary", "secondary"]);
  const [one, other] = made.places;
  if (!one || !other) throw new Error("two places were asked for");
  [first, second, remove] = [one, other, made.remove];
});

afterEach(async () => await remove());

async function listed() {
  return await listBackups([first.location, second.location]);
}

describe("the list of backups", () => {
  it("is empty where nothing is", async () => {
    expect(await listed()).toEqual({ backups: [], unreachable: [] });
  });

  it("has each backup once, oldest first, with the locations that hold it", async () => {
    const late = await storeBackup([first], { id: LATE });
    const early = await storeBackup([first, second], { id: EARLY });
    const attested = await storeAttested(second, EARLY, "0/2000200");
    const { backups } = await listed();
    expect(backups.map(({ id, state, in: where }) => [id, state, where])).toEqual([
      [EARLY, "whole", ["primary", "secondary"]],
      [LATE, "whole", ["primary"]],
    ]);
    expect(backups[0]).toMatchObject({ manifest: early, attested, problems: [] });
    expect(backups[1]).toMatchObject({ manifest: late, attested: null });
  });

  it("knows a folder without a manifest as unfinished", async () => {
    await first.location.put(`${backupFolder(EARLY)}part-0001.tar.zst`, Buffer.from("some"));
    const { backups } = await listed();
    expect(backups).toEqual([
      expect.objectContaining({ id: EARLY, state: "unfinished", manifest: null, in: [], stored: 4 }),
    ]);
  });

  it("takes a copy that is not filled yet for none, and the backup is whole where it is", async () => {
    await storeBackup([first], { id: EARLY });
    await second.location.put(`${backupFolder(EARLY)}part-0001.tar.zst`, Buffer.from("some"));
    expect((await listed()).backups).toEqual([
      expect.objectContaining({ state: "whole", in: ["primary"], problems: [] }),
    ]);
  });

  it("names a manifest that cannot be read, and the other backups are none the worse", async () => {
    await storeBackup([first], { id: EARLY });
    await storeBackup([first], { id: LATE });
    await writeFile(first.path(`${backupFolder(EARLY)}manifest.json`), '{"format":1,"id":');
    const { backups } = await listed();
    expect(backups.map(({ id, state }) => [id, state])).toEqual([
      [EARLY, "damaged"],
      [LATE, "whole"],
    ]);
    expect(backups[0]?.problems).toEqual([{ location: "primary", object: "manifest.json", problem: "is no JSON" }]);
  });

  it("finds a part that is missing or has another size", async () => {
    const { parts } = await storeBackup([first, second], { id: EARLY });
    const [one, other] = parts;
    expect(parts.length).toBeGreaterThan(1);
    await first.location.remove(`${backupFolder(EARLY)}${one?.name}`);
    await writeFile(second.path(`${backupFolder(EARLY)}${other?.name}`), "short");
    expect((await listed()).backups).toEqual([
      expect.objectContaining({
        state: "damaged",
        in: [],
        problems: [
          { location: "primary", object: one?.name, problem: "is missing" },
          { location: "secondary", object: other?.name, problem: `has 5 bytes in place of ${other?.size}` },
        ],
      }),
    ]);
  });

  it("believes neither of two copies more than its bytes: another archive under the same name is told", async () => {
    await storeBackup([first], { id: EARLY });
    await storeBackup([second], { id: EARLY });
    const [backup] = (await listed()).backups;
    expect(backup).toMatchObject({ state: "whole", in: ["primary"] });
    expect(backup?.problems).toEqual([
      { location: "secondary", object: "manifest.json", problem: "is another one than in primary" },
    ]);
  });

  it("does without a location that is away, and names it", async () => {
    await storeBackup([first], { id: EARLY });
    const gone: Location = {
      ...{ url: "file:///gone", name: "gone", domain: "host", required: false },
      put: async () => "exists",
      get: async () => Promise.reject(new Error("not asked")),
      list: async () => Promise.reject(new PromptlibError("location_unavailable", { message: "gone is away." })),
      stat: async () => null,
      remove: async () => {},
      freeSpace: async () => null,
    };
    const { backups, unreachable } = await listBackups([gone, first.location]);
    expect(backups).toEqual([expect.objectContaining({ id: EARLY, state: "whole", in: ["primary"] })]);
    expect(unreachable).toEqual([{ location: "gone", problem: "gone is away." }]);
  });
});

describe("a manifest", () => {
  it("is believed only as a whole, and what is wrong is said", async () => {
    const manifest = await storeBackup([first], { id: EARLY });
    const [part] = manifest.parts;
    const cases: [object, RegExp][] = [
      [{ ...manifest, id: LATE }, /is that of the backup 20261122T120000Z-11aa/],
      [{ ...manifest, format: 2 }, /has the format 2, of a newer Prompt Library/],
      [{ ...manifest, end: { ...manifest.end, lsn: "0/1" } }, /ends before it begins/],
      [{ ...manifest, end: { ...manifest.end, at: "2026-11-22T06:00:02" } }, /end\.at: .*no time with a zone/],
      [{ ...manifest, end: { ...manifest.end, lsn: "here" } }, /end\.lsn/],
      [{ ...manifest, parts: [{ ...part, name: "../../etc/passwd" }] }, /parts\.0\.name/],
      [{ ...manifest, parts: [{ ...part, size: 1 }] }, /other lengths for part-0001\.tar\.zst/],
      [{ ...manifest, tar: { ...manifest.tar, size: 1 } }, /another length for the archive/],
      [{ ...manifest, parts: [] }, /parts/],
    ];
    for (const [value, problem] of cases) {
      expect(readManifest(JSON.stringify(value), EARLY)).toEqual({ problem: expect.stringMatching(problem) });
    }
    const later = { ...manifest, invented: "by a later version" };
    expect(readManifest(JSON.stringify(later), EARLY)).toEqual({ value: manifest });
  });

  it("of an attested point is that of its backup", async () => {
    const attested = await storeAttested(first, EARLY, "0/2000200");
    expect(readAttested(JSON.stringify(attested), EARLY)).toEqual({ value: attested });
    expect(readAttested(JSON.stringify(attested), LATE)).toEqual({ problem: `is that of the backup ${EARLY}` });
    expect(readAttested("[]", EARLY)).toEqual({ problem: expect.stringContaining("cannot be understood") });
  });
});
