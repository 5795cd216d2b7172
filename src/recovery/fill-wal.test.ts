import { rm } from "node:fs/promises";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/support/cluster.ts";
import { fillInWal, missingWal } from "./fill-wal.ts";
import { openFolderLocation } from "./folder-location.ts";
import type { Location } from "./location.ts";

const OLD = "wal/7-aaaaaaaa/";
const NOW = "wal/7-bbbbbbbb/";
const segment = (folder: string, number: number) => `${folder}00000001/00000001000000000000000${number}.zst`;
const fragment = (folder: string, number: number, range: string) =>
  `${folder}00000001/00000001000000000000000${number}/${range}.zst`;
const missing = (there: string[], here: string[]) => missingWal(new Set(there), new Set(here), NOW);

describe("the WAL that a location lacks", () => {
  it("is that of earlier lives, whole segments, fragments and histories", () => {
    const there = [segment(OLD, 1), segment(OLD, 2), fragment(OLD, 3, "0-80"), `${OLD}00000002.history`];
    expect(missing(there, [])).toEqual(there.toSorted());
    expect(missing(there, there)).toEqual([]);
    expect(missing(there, [segment(OLD, 3)])).not.toContain(fragment(OLD, 3, "0-80"));
  });

  it("is that of the present life only before what it has: the rest is the receiver's to bring", () => {
    const there = [segment(NOW, 1), segment(NOW, 2), segment(NOW, 3), fragment(NOW, 4, "0-80")];
    expect(missing(there, [])).toEqual([]);
    expect(missing(there, [segment(NOW, 3)])).toEqual([segment(NOW, 1), segment(NOW, 2)]);
    expect(missing(there, [segment(NOW, 1), fragment(NOW, 3, "0-9")])).toEqual([segment(NOW, 2)]);
  });

  it("is never anything else that lies there", () => {
    expect(missing(["wal/notes.txt", "backups/x", `${OLD}readme`], [])).toEqual([]);
  });

  it("is none any more once it was copied", () => {
    const names = fc.subarray([1, 2, 3, 4].flatMap((n) => [segment(OLD, n), segment(NOW, n), fragment(NOW, n, "0-8")]));
    fc.assert(
      fc.property(names, names, (there, here) => {
        const filled = [...here, ...missing(there, here)];
        expect(missing(there, filled)).toEqual([]);
      }),
    );
  });
});

describe("filling it in", () => {
  let directories: string[];
  let locations: [Location, Location];
  beforeEach(async () => {
    directories = [await temporaryDirectory(), await temporaryDirectory()];
    locations = directories.map((path, index) =>
      openFolderLocation({ path, url: `file://${path}`, name: `l${index}`, domain: "disk", required: false }),
    ) as [Location, Location];
  });
  afterEach(async () => {
    for (const path of directories) await rm(path, { recursive: true, force: true });
  });
  const never = new AbortController().signal;

  it("copies the bytes, both ways, once", async () => {
    const [one, other] = locations;
    await one.put(segment(OLD, 1), Buffer.from("first"));
    await other.put(segment(OLD, 2), Buffer.from("second"));
    const { filled, failed } = await fillInWal(NOW, locations, { signal: never });
    expect(failed).toEqual([]);
    expect(filled).toEqual([
      { location: "l0", from: "l1", objects: 1 },
      { location: "l1", from: "l0", objects: 1 },
    ]);
    expect(await text(await other.get(segment(OLD, 1)))).toBe("first");
    expect(await text(await one.get(segment(OLD, 2)))).toBe("second");
    expect(await fillInWal(NOW, locations, { signal: never })).toEqual({ filled: [], failed: [] });
  });

  it("begins no more when its time is over, with the newest first: what is left is for the next time", async () => {
    const [one, other] = locations;
    for (const number of [1, 2, 3]) await one.put(segment(OLD, number), Buffer.from(`${number}`));
    let left = 1;
    const some = await fillInWal(NOW, locations, { signal: never, mayBegin: () => left-- > 0 });
    expect(some).toEqual({ filled: [{ location: "l1", from: "l0", objects: 1 }], failed: [] });
    expect((await other.list("wal/")).map(({ name }) => name)).toEqual([segment(OLD, 3)]);
    expect((await fillInWal(NOW, locations, { signal: never })).filled).toMatchObject([{ objects: 2 }]);
  });

  it("leaves a location that is away as it is", async () => {
    await locations[0].put(segment(OLD, 1), Buffer.from("first"));
    await rm(directories[1] ?? "", { recursive: true });
    expect(await fillInWal(NOW, locations, { signal: never })).toEqual({ filled: [], failed: [] });
  });
});
