import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fuzz } from "../../test/support/library.ts";
import { type CompressedFrame, compressFrames, decompressFrame, type FrameOptions, inParallel } from "./frames.ts";

async function* pieces(...all: Uint8Array[]) {
  yield* all;
}
const framesOf = (all: Uint8Array[], options: FrameOptions) => Array.fromAsync(compressFrames(pieces(...all), options));
const zeros = (count: number) => Buffer.alloc(count);

async function plainOf(frames: CompressedFrame[], compression: "zstd" | "gzip") {
  return Buffer.concat(await Promise.all(frames.map(({ bytes, plain }) => decompressFrame(bytes, plain, compression))));
}

describe("frames", () => {
  it("give back any stream, in order, whatever pieces it comes in", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 300 })),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom("zstd" as const, "gzip" as const),
        async (all, frameBytes, parallel, compression) => {
          const frames = await framesOf(all, { compression, frameBytes, parallel });
          const whole = Buffer.concat(all);
          expect((await plainOf(frames, compression)).equals(whole)).toBe(true);
          expect(frames.slice(0, -1).every(({ plain }) => plain === frameBytes)).toBe(true);
          expect(frames).toHaveLength(Math.ceil(whole.length / frameBytes));
        },
      ),
      fuzz,
    );
  });

  it("behind each other are what zstd and gzip read", async () => {
    const plain = Buffer.concat([randomBytes(3000), Buffer.alloc(9000, "prompt ")]);
    for (const [compression, program] of [
      ["zstd", "zstd"],
      ["gzip", "gzip"],
    ] as const) {
      if (!isThere(program)) continue;
      const frames = await framesOf([plain], { compression, frameBytes: 1000 });
      const read = execFileSync(program, ["-d", "-c"], { input: Buffer.concat(frames.map(({ bytes }) => bytes)) });
      expect(read.equals(plain)).toBe(true);
    }
  });

  it("notice every way in which they can be damaged", async () => {
    for (const compression of ["zstd", "gzip"] as const) {
      const [frame] = await framesOf([Buffer.alloc(5000, "prompt ")], { compression });
      const bytes = frame?.bytes ?? zeros(0);
      const damaged: [Buffer, number][] = [
        [bytes.subarray(0, -1), 5000],
        [bytes.subarray(0, 10), 5000],
        [zeros(0), 5000],
        [zeros(0), 0],
        [bytes, 4999],
        [bytes, 5001],
        [Buffer.concat([bytes, bytes]), 5000],
        [Buffer.concat([bytes, Buffer.from("more")]), 5000],
        [randomBytes(100), 5000],
      ];
      for (const [wrong, plain] of damaged) {
        await expect(decompressFrame(wrong, plain, compression)).rejects.toMatchObject({ code: "backup_damaged" });
      }
    }
  });

  it("notice a bit that changed in what they hold", async () => {
    const plain = randomBytes(5000);
    const [frame] = await framesOf([plain], { compression: "zstd" });
    const bytes = Buffer.from(frame?.bytes ?? zeros(0));
    bytes[2500] = (bytes[2500] ?? 0) ^ 1;
    await expect(decompressFrame(bytes, 5000, "zstd")).rejects.toMatchObject({ code: "backup_damaged" });
  });

  it("of a source that fails fail with it, behind the frames before", async () => {
    async function* failing() {
      yield zeros(20);
      throw new Error("gone");
    }
    const got: number[] = [];
    const reading = (async () => {
      for await (const { plain } of compressFrames(failing(), { compression: "zstd", frameBytes: 4, parallel: 2 })) {
        got.push(plain);
      }
    })();
    await expect(reading).rejects.toThrow("gone");
    expect(got).toEqual([4, 4, 4, 4]);
  });

  it("are not made ahead of who takes them", async () => {
    let given = 0;
    async function* source() {
      for (; ; given++) yield zeros(10);
    }
    const frames = compressFrames(source(), { compression: "zstd", frameBytes: 10, parallel: 3 });
    await frames.next();
    await frames.next();
    expect(given).toBeLessThan(6);
    await frames.return(undefined);
  });
});

describe("work in parallel", () => {
  it("that fails is told when it is its turn, and stops", async () => {
    const done: number[] = [];
    const working = (async () => {
      const work = async (value: number) => {
        if (value === 3) throw new Error("three");
        return value;
      };
      for await (const value of inParallel(numbers(), 4, work)) done.push(value);
    })();
    await expect(working).rejects.toThrow("three");
    expect(done).toEqual([0, 1, 2]);
  });
});

async function* numbers() {
  for (let value = 0; ; value++) yield value;
}

function isThere(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
