/** What every location promises (location.ts), as tests that each implementation runs. */
import { randomBytes } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../base/clock.ts";
import { PromptlibError } from "../../contract/errors.ts";
import type { Location } from "../location.ts";

const MIB = 1024 * 1024;

interface Made {
  location: Location;
  /** Makes it as good as new. */
  close(): Promise<void>;
}

export function describeLocation(what: string, make: () => Promise<Made>): void {
  describe(`${what} as a location`, () => {
    let made: Made;
    let location: Location;
    beforeEach(async () => {
      made = await make();
      location = made.location;
    });
    afterEach(() => made.close());

    const bytesOf = async (name: string) => await buffer(await location.get(name));
    const names = async (prefix = "") => (await location.list(prefix)).map(({ name }) => name);

    it("gives back what was put, as bytes or as a stream", async () => {
      const bytes = randomBytes(3 * MIB + 17);
      expect(await location.put("backups/one/part-0001.tar.zst", bytes)).toBe("stored");
      expect(await location.put("backups/one/part-0002.tar.zst", Readable.from([bytes, bytes]))).toBe("stored");
      expect(await location.put("backups/one/empty", new Uint8Array())).toBe("stored");
      expect((await bytesOf("backups/one/part-0001.tar.zst")).equals(bytes)).toBe(true);
      expect((await bytesOf("backups/one/part-0002.tar.zst")).equals(Buffer.concat([bytes, bytes]))).toBe(true);
      expect(await bytesOf("backups/one/empty")).toHaveLength(0);
    });

    it("never replaces what there is", async () => {
      await location.put("promptlib.json", Buffer.from("first"));
      expect(await location.put("promptlib.json", Buffer.from("second"))).toBe("exists");
      expect(await location.put("promptlib.json", Readable.from([Buffer.from("third")]))).toBe("exists");
      expect((await bytesOf("promptlib.json")).toString()).toBe("first");
    });

    it("lets one of many at once have the name, whole", async () => {
      const bodies = Array.from({ length: 8 }, (_, number) => Buffer.alloc(MIB + number, String(number)));
      const answers = await Promise.all(
        bodies.map((body) => location.put("claims/000001.json", Readable.from([body]))),
      );
      expect(answers.filter((answer) => answer === "stored")).toHaveLength(1);
      const winner = bodies[answers.indexOf("stored")];
      expect((await bytesOf("claims/000001.json")).equals(winner ?? Buffer.alloc(0))).toBe(true);
    });

    it("shows an object only once it is whole", async () => {
      const body = new PassThrough();
      const putting = location.put("wal/a/part", body);
      body.write(randomBytes(MIB));
      expect(await until(async () => body.readableLength === 0, { timeout: 10_000 })).toBe(true);
      expect(await location.stat("wal/a/part")).toBeNull();
      expect(await names()).toEqual([]);
      body.end(randomBytes(MIB));
      expect(await putting).toBe("stored");
      expect(await location.stat("wal/a/part")).toMatchObject({ name: "wal/a/part", size: 2 * MIB });
    });

    it("keeps nothing of a body that fails half way, and says why it failed", async () => {
      const failing = Readable.from(
        (async function* () {
          yield randomBytes(MIB);
          throw new Error("the disk that it was read from broke");
        })(),
      );
      await expect(location.put("backups/one/part", failing)).rejects.toThrow("the disk that it was read from broke");
      expect(await names()).toEqual([]);
      expect(await location.put("backups/one/part", Buffer.from("again"))).toBe("stored");
    });

    it("keeps nothing of a body that had failed before it was looked at, nor of one that was cut off", async () => {
      const failed = new PassThrough();
      failed.on("error", () => {});
      failed.destroy(new Error("too early"));
      await expect(location.put("a", failed)).rejects.toThrow("too early");
      const cut = new PassThrough();
      const putting = location.put("b", cut);
      cut.write("half");
      cut.destroy();
      await expect(putting).rejects.toThrow();
      expect(await names()).toEqual([]);
    });

    it("keeps nothing when it is interrupted, also while it waits for bytes", async () => {
      const stop = new AbortController();
      const body = new PassThrough();
      const putting = location.put("backups/one/part", body, stop.signal);
      body.write(randomBytes(MIB));
      await until(async () => body.readableLength === 0, { timeout: 10_000 });
      stop.abort();
      await expect(putting).rejects.toMatchObject({ code: "interrupted" });
      expect(body.destroyed).toBe(true);
      expect(await names()).toEqual([]);
      const silent = Readable.from(
        (async function* () {
          yield randomBytes(MIB);
          await new Promise(() => {});
        })(),
      );
      const later = new AbortController();
      const waiting = location.put("backups/one/other", silent, later.signal);
      await until(async () => silent.readableDidRead && silent.readableLength === 0, { timeout: 10_000 });
      later.abort();
      await expect(waiting).rejects.toMatchObject({ code: "interrupted" });
      expect(await names()).toEqual([]);
      await expect(location.put("a", Buffer.from("b"), stop.signal)).rejects.toMatchObject({ code: "interrupted" });
      await expect(location.list("", stop.signal)).rejects.toMatchObject({ code: "interrupted" });
    });

    it("gives exactly the bytes of a range", async () => {
      const bytes = randomBytes(2 * MIB + 5);
      await location.put("object", bytes);
      const ranges = [
        [0, 1],
        [0, bytes.length],
        [MIB - 1, MIB + 1],
        [bytes.length - 1, bytes.length],
        [7, 7],
      ] as const;
      for (const [from, to] of ranges) {
        const got = await buffer(await location.get("object", { from, to }));
        expect(got.equals(bytes.subarray(from, to)), `${from} to ${to}`).toBe(true);
      }
    });

    it("stops giving bytes when it is interrupted", async () => {
      await location.put("object", randomBytes(8 * MIB));
      const stop = new AbortController();
      const stream = await location.get("object", undefined, stop.signal);
      const reading = (async () => {
        for await (const _ of stream) stop.abort();
      })();
      await expect(reading).rejects.toMatchObject({ code: "interrupted" });
    });

    it("gives nothing when it is interrupted before it begins to give", async () => {
      await location.put("object", randomBytes(MIB));
      const stop = new AbortController();
      const asking = location.get("object", undefined, stop.signal).then(buffer);
      stop.abort();
      await expect(asking).rejects.toMatchObject({ code: "interrupted" });
    });

    it("lists what begins with a prefix, ordered byte by byte", async () => {
      const all = ["a", "b/2", "b/10", "b-c/x", "b.d", "bb/y", "b/2.json", "c/d/e/f", "Z", "~", "_"];
      for (const name of all) await location.put(name, Buffer.from(name));
      const ordered = (prefix: string) => all.filter((name) => name.startsWith(prefix)).sort();
      for (const prefix of ["", "b", "b/", "b/1", "c/d/", "c/d/e/f", "nothing", "nothing/here"]) {
        expect(await names(prefix), prefix).toEqual(ordered(prefix));
      }
      const [first] = await location.list("b/10");
      expect(first).toMatchObject({ name: "b/10", size: 4 });
      expect(first?.modified.getTime()).toBeGreaterThan(0);
    });

    it("says that an object is not there, for a part of a name, too", async () => {
      await location.put("backups/one/part", Buffer.from("x"));
      for (const name of ["backups/two", "backups/one", "backups", "none", "backups/one/part/below"]) {
        expect(await location.stat(name), name).toBeNull();
        const failure = await location.get(name).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(PromptlibError);
        expect(failure).toMatchObject({ code: "object_not_found" });
      }
    });

    it("removes an object, its neighbours stay, and what is not there is removed, too", async () => {
      await location.put("wal/one/a", Buffer.from("a"));
      await location.put("wal/one/b", Buffer.from("b"));
      await location.remove("wal/one/a");
      await location.remove("wal/one/a");
      await location.remove("wal/none/c");
      expect(await names()).toEqual(["wal/one/b"]);
      await location.remove("wal/one/b");
      expect(await names()).toEqual([]);
      expect(await location.put("wal/one/a", Buffer.from("new"))).toBe("stored");
      expect((await bytesOf("wal/one/a")).toString()).toBe("new");
    });

    it("stores while what lies beside it is removed", async () => {
      for (let round = 0; round < 20; round++) {
        await location.put("wal/one/old", Buffer.from("old"));
        const [answer] = await Promise.all([
          location.put("wal/one/new", Buffer.from(`new ${round}`)),
          location.remove("wal/one/old"),
        ]);
        expect(answer).toBe("stored");
        expect(await names()).toEqual(["wal/one/new"]);
        await location.remove("wal/one/new");
      }
    });

    it("refuses names that no location could hold, or that lead out of it", async () => {
      const bad = ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", ".a", "a/.b", "a b", "ä", "a\\b"];
      for (const name of [...bad, "a\0b", "a\n", "x".repeat(256), "x/".repeat(600)]) {
        await expect(location.put(name, Buffer.from("x")), JSON.stringify(name)).rejects.toThrow(
          "no name of an object",
        );
        await expect(location.get(name), JSON.stringify(name)).rejects.toThrow("no name of an object");
        await expect(location.remove(name), JSON.stringify(name)).rejects.toThrow("no name of an object");
      }
      expect(await names()).toEqual([]);
    });

    it("says what is still free, or that nobody knows", async () => {
      const free = await location.freeSpace();
      expect(free === null || free > 0).toBe(true);
    });

    it("takes and gives an object of any size in little memory", async () => {
      const piece = randomBytes(MIB);
      const body = Readable.from(
        (async function* () {
          for (let count = 0; count < 192; count++) yield Buffer.from(piece);
        })(),
        { objectMode: false },
      );
      const before = process.memoryUsage().rss;
      let most = 0;
      const watch = () => {
        most = Math.max(most, process.memoryUsage().rss - before);
      };
      body.on("data", watch).pause();
      await location.put("big", body);
      let size = 0;
      for await (const got of await location.get("big")) {
        size += got.length;
        watch();
      }
      expect(size).toBe(192 * MIB);
      expect(most).toBeLessThan(128 * MIB);
    });
  });
}
