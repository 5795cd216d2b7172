import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sleep, until } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import { FanOut } from "./fan-out.ts";
import type { Location } from "./location.ts";
import { FOLDER, openScene, type Scene } from "./testing/archive.ts";

let scene: Scene;
let primary: Location;
let secondary: Location;
beforeEach(async () => {
  scene = await openScene();
  primary = scene.location("primary");
  secondary = scene.location("secondary");
});
afterEach(() => scene.remove());

const CHUNK = 1000;
const names = async (location: Location) => (await location.list("")).map(({ name }) => name.slice(FOLDER.length));

/** What a location gets of every body, and what it does before each piece of it. */
function hindered(location: Location, before: (taken: number) => Promise<void>): Location {
  const put = location.put.bind(location);
  location.put = async (name, body, signal) => {
    let taken = 0;
    const pieces = async function* () {
      for await (const piece of body instanceof Readable ? body : [body]) {
        await before(taken);
        taken += piece.length;
        yield piece;
      }
    };
    return await put(name, Readable.from(pieces(), { objectMode: true, highWaterMark: 1 }), signal);
  };
  return location;
}

/** A disk that hangs: it never answers, also not to the signal. */
const hanging = (location: Location) => {
  location.put = () => new Promise(() => {});
  return location;
};

async function write(fanOut: FanOut, name: string, chunks: number, bytes = randomBytes(CHUNK)) {
  const part = fanOut.startPart(name);
  for (let count = 0; count < chunks; count++) await part.write(bytes);
  await part.end();
}

describe("a fan-out", () => {
  it("brings every part, in order, to every location, and what is written last behind them", async () => {
    const fanOut = new FanOut([primary, secondary], FOLDER);
    const bytes = [randomBytes(50_000), randomBytes(1), randomBytes(70_000)];
    for (const [index, part] of bytes.entries()) {
      const sink = fanOut.startPart(`part-${index}`);
      for (let at = 0; at < part.length; at += 7000) await sink.write(part.subarray(at, at + 7000));
      await sink.end();
    }
    let there: string[] = [];
    const put = secondary.put.bind(secondary);
    secondary.put = async (name, ...rest) => {
      there = await names(secondary);
      return await put(name, ...rest);
    };
    await fanOut.putSmall("manifest.json", Buffer.from("{}"));
    expect(there).toEqual(["part-0", "part-1", "part-2"]);
    for (const location of [primary, secondary]) {
      expect(await names(location)).toEqual(["manifest.json", "part-0", "part-1", "part-2"]);
      for (const [index, part] of bytes.entries()) {
        expect((await buffer(await location.get(`${FOLDER}part-${index}`))).equals(part)).toBe(true);
      }
    }
    expect(fanOut.attached).toEqual([primary, secondary]);
    expect(fanOut.detached).toEqual([]);
  });

  it("goes on without a location that fails half way, keeps its reason and leaves no half object there", async () => {
    hindered(secondary, async (taken) => {
      if (taken > 3 * CHUNK) {
        throw new PromptlibError("location_unavailable", { message: "The location secondary is full." });
      }
    });
    const fanOut = new FanOut([primary, secondary], FOLDER);
    await write(fanOut, "part-1", 2);
    await write(fanOut, "part-2", 20);
    await write(fanOut, "part-3", 2);
    await fanOut.putSmall("manifest.json", Buffer.from("{}"));
    expect(await names(primary)).toEqual(["manifest.json", "part-1", "part-2", "part-3"]);
    expect(await names(secondary)).toEqual(["part-1"]);
    expect(fanOut.detached).toEqual([{ location: secondary, reason: "The location secondary is full." }]);
    expect(fanOut.attached).toEqual([primary]);
  });

  it("detaches a location that hangs, and waits for it no longer than it was told to", async () => {
    hanging(secondary);
    const fanOut = new FanOut([primary, secondary], FOLDER, { queueBytes: 10 * CHUNK, lagMs: 300 });
    await write(fanOut, "part-1", 100);
    await fanOut.settle();
    expect(await names(primary)).toEqual(["part-1"]);
    expect(fanOut.detached).toEqual([{ location: secondary, reason: expect.stringContaining("too slow") }]);
  });

  it("detaches a location that crawls, though it goes on", async () => {
    hindered(secondary, () => sleep(100));
    const fanOut = new FanOut([primary, secondary], FOLDER, { queueBytes: 10 * CHUNK, lagMs: 300 });
    await write(fanOut, "part-1", 100);
    await fanOut.settle();
    expect(fanOut.attached).toEqual([primary]);
  });

  it("waits for one that is only slower, and holds no more for it than its queue", async () => {
    let taken = 0;
    let given = 0;
    let most = 0;
    hindered(secondary, async (before) => {
      taken = before;
      await sleep(2);
    });
    const fanOut = new FanOut([primary, secondary], FOLDER, { queueBytes: 10 * CHUNK, lagMs: 20_000 });
    const part = fanOut.startPart("part-1");
    for (let count = 0; count < 100; count++) {
      await part.write(randomBytes(CHUNK));
      given += CHUNK;
      most = Math.max(most, given - taken);
    }
    await part.end();
    await fanOut.settle();
    expect(fanOut.detached).toEqual([]);
    // The queue, and what streams hold on the way.
    expect(most).toBeLessThanOrEqual(15 * CHUNK);
  });

  it("waits for the only location there is, however slow, and gives up when it takes nothing at all", async () => {
    hindered(primary, () => sleep(100));
    const patient = new FanOut([primary], FOLDER, { queueBytes: 2 * CHUNK, lagMs: 50, patienceMs: 5000 });
    await write(patient, "part-1", 10);
    await patient.settle();
    expect(patient.detached).toEqual([]);
    const dead = new FanOut([hanging(secondary)], FOLDER, { queueBytes: 2 * CHUNK, lagMs: 50, patienceMs: 500 });
    await expect(write(dead, "part-1", 10)).rejects.toMatchObject({
      code: "backup_failed",
      message: expect.stringMatching(/No location took the backup. secondary: it took nothing/),
    });
  });

  it("does not count the time in which there was nothing to take", async () => {
    const fanOut = new FanOut([primary, secondary], FOLDER, { queueBytes: 2 * CHUNK, lagMs: 700, patienceMs: 700 });
    const part = fanOut.startPart("part-1");
    for (let count = 0; count < 3; count++) {
      await part.write(randomBytes(10 * CHUNK));
      await sleep(1_000);
    }
    await part.end();
    await fanOut.settle();
    expect(fanOut.detached).toEqual([]);
  });

  it("fails with all reasons when no location is left", async () => {
    for (const location of [primary, secondary]) {
      hindered(location, async () => {
        throw new PromptlibError("location_unavailable", { message: `${location.name} burns.` });
      });
    }
    const fanOut = new FanOut([primary, secondary], FOLDER);
    const writing = (async () => {
      await write(fanOut, "part-1", 10);
      await fanOut.settle();
    })();
    await expect(writing).rejects.toMatchObject({
      code: "backup_failed",
      message: "No location took the backup. primary: primary burns. secondary: secondary burns.",
    });
    await expect(fanOut.putSmall("manifest.json", Buffer.from("{}"))).rejects.toMatchObject({ code: "backup_failed" });
  });

  it("never takes what another wrote under the same name for its own", async () => {
    await secondary.put(`${FOLDER}part-1`, Buffer.from("of another"));
    const fanOut = new FanOut([primary, secondary], FOLDER);
    await write(fanOut, "part-1", 3);
    await fanOut.settle();
    expect(fanOut.detached).toEqual([{ location: secondary, reason: expect.stringContaining("already holds") }]);
  });

  it("ends at once when it is interrupted, also while it waits for a disk that hangs", async () => {
    const stop = new AbortController();
    const fanOut = new FanOut([hanging(primary)], FOLDER, { queueBytes: CHUNK, signal: stop.signal });
    const writing = write(fanOut, "part-1", 10);
    stop.abort();
    await expect(writing).rejects.toMatchObject({ code: "interrupted" });
  });

  it("that is given up leaves nothing behind, and says where it may have", async () => {
    const stubborn = scene.location("tertiary");
    stubborn.remove = async () => {
      throw new Error("it is locked");
    };
    const fanOut = new FanOut([primary, secondary, stubborn], FOLDER);
    await write(fanOut, "part-1", 5);
    await fanOut.settle();
    const part = fanOut.startPart("part-2");
    await part.write(randomBytes(CHUNK));
    expect(await fanOut.abandon()).toEqual([{ location: stubborn, reason: "it is locked" }]);
    expect(await names(primary)).toEqual([]);
    expect(await names(secondary)).toEqual([]);
    expect(await until(async () => (await names(stubborn)).length === 1, { timeout: 30_000 })).toBe(true);
  });
});
