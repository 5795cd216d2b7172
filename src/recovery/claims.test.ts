import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/support/cluster.ts";
import { type Claimant, claimLocation, isNewest, readClaims } from "./claims.ts";
import { openFolderLocation } from "./folder-location.ts";
import type { Incarnation } from "./incarnation.ts";
import type { Location } from "./location.ts";

let directory: string;
let recovery: string;
let location: Location;
beforeEach(async () => {
  [directory, recovery] = [await temporaryDirectory(), await temporaryDirectory()];
  location = folder(directory);
});
afterEach(async () => {
  for (const path of [directory, recovery]) await rm(path, { recursive: true });
});

function folder(path: string): Location {
  return openFolderLocation({ path, url: `file://${path}`, name: "primary", domain: "disk", required: false });
}

function life(incarnation: string, from: string | null = null, more: Partial<Incarnation> = {}): Incarnation {
  const origin = from === null ? null : { incarnation: from, timeline: 1, lsn: "0/5000000" };
  return { library: "lib", incarnation, systemId: "7001", from: origin, replaces: [], ...more };
}

function claimant(incarnation: Incarnation): Claimant {
  return { incarnation, host: "ada.example", recovery };
}

async function claim(incarnation: Incarnation): Promise<string[]> {
  return (await claimLocation(location, claimant(incarnation))).map((one) => `${one.number} ${one.incarnation}`);
}

const fenced = expect.objectContaining({ code: "fenced" });
const unusable = expect.objectContaining({ code: "location_unavailable" });

describe("a new location", () => {
  it("is marked with the library and claimed, once", async () => {
    expect(await claim(life("aaaaaaaa"))).toEqual(["1 aaaaaaaa"]);
    expect(await claim(life("aaaaaaaa"))).toEqual(["1 aaaaaaaa"]);
    expect((await location.list("")).map(({ name }) => name)).toEqual(["claims/000001.json", "promptlib.json"]);
    expect(JSON.parse(await text(await location.get("promptlib.json")))).toEqual({ format: 1, library: "lib" });
  });

  it("is taken by one of two libraries that come at the same time", async () => {
    const both = await Promise.allSettled([
      claim(life("aaaaaaaa")),
      claim(life("bbbbbbbb", null, { library: "other" })),
    ]);
    expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await readClaims(location)).toHaveLength(1);
  });
});

describe("a location whose mark is gone", () => {
  it("is a disk that is not mounted: it is left alone, until it is there again", async () => {
    await claim(life("aaaaaaaa"));
    await rename(directory, `${directory}.unmounted`);
    await mkdir(directory);
    await expect(claim(life("aaaaaaaa"))).rejects.toThrow("its promptlib.json is gone");
    expect(await readdir(directory)).toEqual([]);
    await rmdir(directory);
    await rename(`${directory}.unmounted`, directory);
    expect(await claim(life("aaaaaaaa"))).toEqual(["1 aaaaaaaa"]);
  });

  it("is begun anew once somebody says so", async () => {
    await claim(life("aaaaaaaa"));
    for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true });
    const refused = await claim(life("aaaaaaaa")).catch((error: Error) => error.message);
    const [, file] = /remove (\S+\.json)/.exec(String(refused)) ?? [];
    await rm(file ?? "");
    location = folder(directory); // a new start
    expect(await claim(life("aaaaaaaa"))).toEqual(["1 aaaaaaaa"]);
  });
});

describe("a location that somebody writes to", () => {
  beforeEach(async () => {
    await claim(life("aaaaaaaa"));
  });

  it("is refused to another library", async () => {
    await expect(claim(life("bbbbbbbb", null, { library: "other" }))).rejects.toThrow(unusable);
  });

  it("is refused to another life of the library that does not come from it", async () => {
    await expect(claim(life("bbbbbbbb"))).rejects.toThrow(fenced);
    await expect(claim(life("bbbbbbbb", "cccccccc"))).rejects.toThrow(fenced);
    expect(await readClaims(location)).toHaveLength(1);
  });

  it("is taken over by what was restored from it, and lost to the one before for good", async () => {
    expect(await claim(life("bbbbbbbb", "aaaaaaaa"))).toEqual(["1 aaaaaaaa", "2 bbbbbbbb"]);
    await expect(claim(life("aaaaaaaa"))).rejects.toThrow(fenced);
    await expect(claim(life("cccccccc", "aaaaaaaa"))).rejects.toThrow(fenced);
  });

  it("goes to one of two that were restored from it at the same time", async () => {
    const both = await Promise.allSettled([claim(life("bbbbbbbb", "aaaaaaaa")), claim(life("cccccccc", "aaaaaaaa"))]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });

  it("is taken over also across a life that never claimed it, when another location knows that one", async () => {
    await expect(claim(life("cccccccc", "bbbbbbbb"))).rejects.toThrow(fenced);
    const known = await claimLocationOf(life("bbbbbbbb", "aaaaaaaa"));
    const claims = await claimLocation(location, claimant(life("cccccccc", "bbbbbbbb")), { known });
    expect(claims.at(-1)).toMatchObject({ number: 2, incarnation: "cccccccc" });
  });

  it("is taken over by a restore to a moment before it, which knew of it", async () => {
    await claim(life("bbbbbbbb", "aaaaaaaa"));
    const back = life("cccccccc", "aaaaaaaa", { replaces: ["aaaaaaaa", "bbbbbbbb"] });
    expect(await claim(back)).toEqual(["1 aaaaaaaa", "2 bbbbbbbb", "3 cccccccc"]);
  });

  it("is told to be so by one look, also after many claims", async () => {
    const [ours] = await readClaims(location);
    if (!ours) throw new Error("no claim");
    expect(await isNewest(location, ours)).toBe(true);
    await claim(life("bbbbbbbb", "aaaaaaaa"));
    expect(await isNewest(location, ours)).toBe(false);
  });

  it("is left alone when a claim cannot be understood", async () => {
    await location.put("claims/000002.json", Buffer.from("{"));
    await expect(claim(life("aaaaaaaa"))).rejects.toThrow(unusable);
  });

  it("is left alone when claims name each other in a circle", async () => {
    const known = [
      ...(await claimLocationOf(life("bbbbbbbb", "dddddddd"))),
      ...(await claimLocationOf(life("dddddddd", "bbbbbbbb"))),
    ];
    await expect(claimLocation(location, claimant(life("cccccccc", "bbbbbbbb")), { known })).rejects.toThrow(fenced);
  });
});

/** What a location elsewhere would hold after this life claimed it. */
async function claimLocationOf(incarnation: Incarnation) {
  const elsewhere = await temporaryDirectory();
  try {
    return await claimLocation(folder(elsewhere), claimant(incarnation));
  } finally {
    await rm(elsewhere, { recursive: true });
  }
}
