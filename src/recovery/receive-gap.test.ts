import { rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/support/cluster.ts";
import { now } from "../base/clock.ts";
import { keepGap, readGap } from "./receive-gap.ts";

let directory: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe("WAL that was lost", () => {
  it("is remembered as it was told, and is none before", async () => {
    expect(await readGap(directory)).toBeNull();
    const gap = { at: "2026-11-22T06:00:00.000Z", from: "0/3000000", to: "0/4000000" };
    await keepGap(directory, gap);
    expect(await readGap(directory)).toEqual(gap);
  });

  it("in a file that cannot be understood is of the file's time, or of now where that has not come yet", async () => {
    const path = join(directory, "gap.json");
    await writeFile(path, "{");
    const written = new Date("2026-11-22T06:00:00.000Z");
    await utimes(path, written, written);
    expect(await readGap(directory)).toEqual({ at: written.toISOString(), from: "0/0", to: "0/0" });
    const ahead = new Date(now().getTime() + 86_400_000);
    await utimes(path, ahead, ahead);
    expect(Date.parse((await readGap(directory))?.at ?? "")).toBeLessThanOrEqual(now().getTime());
  });
});
