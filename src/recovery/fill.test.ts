import { existsSync } from "node:fs";
import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listBackups } from "./backups.ts";
import { fillIn } from "./fill.ts";
import { ATTESTED, backupFolder, MANIFEST, POSTGRES_MANIFEST } from "./layout.ts";
import type { Location } from "./location.ts";
import { makePlaces, type Place, storeAttested, storeBackup } from "./testing/verify-fixture.ts";

const ID = "20261122T060000Z-7f3a";
const OLDER = "20261121T060000Z-0000";
const never = new AbortController().signal;

let first: Place;
let second: Place;
let third: Place;
let remove: () => Promise<void>;
beforeEach(async () => {
  const made = await makePlaces(["primary", "secondary", "third"]);
  [first, second, third] = made.places as [Place, Place, Place];
  remove = made.remove;
});
afterEach(() => remove());

const locations = () => [first.location, second.location];
const list = async () => (await listBackups(locations())).backups;
const fill = async (where: readonly Location[] = locations(), signal = never) =>
  await fillIn((await listBackups(locations())).backups, where, { signal });

async function store(id: string, places: Place[]): Promise<void> {
  await storeBackup(places, { id });
  for (const { location } of places) await location.put(`${backupFolder(id)}${POSTGRES_MANIFEST}`, Buffer.from("{}"));
  for (const place of places) await storeAttested(place, id, "0/2000200");
}

describe("a backup that a location missed", () => {
  it("is copied from one that has it whole, the newest first, to the byte, its attested point included", async () => {
    await store(OLDER, [first]);
    await store(ID, [first]);
    const { filled, failed } = await fill();
    expect(failed).toEqual([]);
    expect(filled).toEqual([ID, OLDER].map((backup) => ({ backup, location: "secondary", from: "primary" })));
    for (const backup of await list()) expect(backup).toMatchObject({ in: ["primary", "secondary"], problems: [] });
    for (const name of ["part-000000.tar.zst", MANIFEST, ATTESTED]) {
      const object = `${backupFolder(ID)}${name}`;
      if (existsSync(first.path(object))) {
        expect(await readFile(second.path(object))).toEqual(await readFile(first.path(object)));
      }
    }
    expect((await fill()).filled).toEqual([]);
  });

  it("is left for the next time where there is no more time, and the one before it is whole", async () => {
    await store(OLDER, [first]);
    await store(ID, [first]);
    const times = [true];
    const mayBegin = () => times.pop() ?? false;
    const { filled, failed } = await fillIn(await list(), locations(), { signal: never, mayBegin });
    expect([filled, failed]).toEqual([[{ backup: ID, location: "secondary", from: "primary" }], []]);
    expect(await list()).toMatchObject([{ in: ["primary"] }, { in: ["primary", "secondary"], problems: [] }]);
    expect((await fill()).filled).toEqual([{ backup: OLDER, location: "secondary", from: "primary" }]);
  });

  it("only with its attested point gets that", async () => {
    await store(ID, [first, second]);
    await rm(second.path(`${backupFolder(ID)}${ATTESTED}`));
    expect((await list())[0]).toMatchObject({ in: ["primary", "secondary"], attestedIn: ["primary"] });
    expect((await fill()).filled).toEqual([{ backup: ID, location: "secondary", from: "primary" }]);
    expect((await list())[0]).toMatchObject({ attestedIn: ["primary", "secondary"] });
    expect((await fill()).filled).toEqual([]);
  });

  it("is not there before it is whole: what was copied before an interruption is not copied again", async () => {
    await store(ID, [first]);
    const puts: string[] = [];
    const stop = new AbortController();
    const slow = watched(second.location, (name) => {
      puts.push(name);
      if (puts.length === 2) stop.abort();
    });
    await expect(fill([first.location, slow], stop.signal)).rejects.toMatchObject({ code: "interrupted" });
    expect((await list())[0]).toMatchObject({ in: ["primary"] });
    const before = puts.splice(0);
    await fill([first.location, slow]);
    expect(puts).not.toContain(before[0]);
    expect(puts.at(-1)).toBe(`${backupFolder(ID)}${MANIFEST}`);
    expect((await list())[0]).toMatchObject({ in: ["primary", "secondary"] });
  });

  it("stays as it is where pieces of another size lie: nothing is ever overwritten", async () => {
    await store(ID, [first, second]);
    const part = (await list())[0]?.manifest?.parts[0]?.name ?? "";
    const path = second.path(`${backupFolder(ID)}${part}`);
    await truncate(path, 10);
    const { filled, failed } = await fill();
    expect(filled).toEqual([]);
    expect(failed).toEqual([
      expect.objectContaining({ location: "secondary", reason: expect.stringMatching(/another size/) }),
    ]);
    expect(await readFile(path)).toHaveLength(10);
  });

  it("is taken from another where a part is damaged in one: that is said, and the damage is not passed on", async () => {
    await store(ID, [first, second]);
    const [part = ""] = (await list()).flatMap(({ manifest }) => manifest?.parts.map(({ name }) => name) ?? []);
    const object = `${backupFolder(ID)}${part}`;
    const whole = await readFile(first.path(object));
    await first.spoil(object);
    const damaged = `${object} in primary is not what its manifest says (SHA-256).`;
    const places = [first.location, second.location, third.location];
    const { filled, failed } = await fillIn((await listBackups(places)).backups, places, { signal: never });
    expect([filled, failed]).toEqual([[{ backup: ID, location: "third", from: "primary", damaged }], []]);
    expect(await readFile(third.path(object))).toEqual(whole);
  });

  it("is not copied where a part is damaged everywhere, and which ones is said", async () => {
    await store(ID, [first]);
    const [part = ""] = (await list()).flatMap(({ manifest }) => manifest?.parts.map(({ name }) => name) ?? []);
    const object = `${backupFolder(ID)}${part}`;
    await first.spoil(object);
    const { filled, failed } = await fill();
    expect(filled).toEqual([]);
    expect(failed).toMatchObject([{ location: "secondary", reason: expect.stringContaining(`${object} in primary`) }]);
    expect(existsSync(second.path(object))).toBe(false);
  });

  it("does not keep others from being copied when its location is away", async () => {
    await store(ID, [first]);
    await rm(second.root, { recursive: true });
    await writeFile(second.root, "a file where the folder was");
    const { failed, filled } = await fill();
    expect(filled).toEqual([]);
    expect(failed).toEqual([expect.objectContaining({ backup: ID, location: "secondary", from: "primary" })]);
  });

  it("is filled in from nowhere where none that may be written to has it whole", async () => {
    await store(ID, [first]);
    expect(await fill([second.location])).toEqual({ filled: [], failed: [] });
    const part = (await list())[0]?.manifest?.parts[0]?.name ?? "";
    await rm(first.path(`${backupFolder(ID)}${part}`));
    expect(await fill()).toEqual({ filled: [], failed: [] });
    expect(existsSync(second.path(backupFolder(ID)))).toBe(false);
  });

  it("that is spoilt in between is said, and does not end the others", async () => {
    await store(ID, [first]);
    const backups = await list();
    await rm(first.path(`${backupFolder(ID)}SHA256SUMS`));
    const { failed, filled } = await fillIn(backups, locations(), { signal: never });
    expect(filled).toEqual([]);
    expect(failed).toEqual([expect.objectContaining({ reason: expect.stringMatching(/is missing in primary/) })]);
  });
});

/** The location, with word of each put. */
function watched(location: Location, onPut: (name: string) => void): Location {
  return {
    url: location.url,
    name: location.name,
    domain: location.domain,
    required: location.required,
    put: (name, body, signal) => {
      onPut(name);
      return location.put(name, body, signal);
    },
    get: (...all) => location.get(...all),
    list: (...all) => location.list(...all),
    stat: (...all) => location.stat(...all),
    remove: (...all) => location.remove(...all),
    freeSpace: () => location.freeSpace(),
  };
}
