import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { now } from "./clock.ts";
import { exportedAt, exportName, exportProblemOf, noteTry, readExports } from "./export-folder.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "promptlib-exports-"));
});
afterEach(async () => await rm(dir, { recursive: true, force: true }));

const problem = () => exportProblemOf({ exports: { dir, at: { hour: 2, minute: 30 }, keep: 7 } });
const HOUR_MS = 3_600_000;
const make = async (hours: number) => {
  const name = exportName(new Date(now().getTime() - hours * HOUR_MS));
  await mkdir(join(dir, name));
  return name;
};

it("the name of an export is its moment, to the second", () => {
  const at = new Date("2027-01-31T02:30:00.000Z");
  expect(exportName(at)).toBe("2027-01-31T023000Z");
  expect(exportedAt("2027-01-31T023000Z")).toEqual(at);
  for (const other of ["2027-01-31T023000Z.part", "lock", "last-try.json", ""]) expect(exportedAt(other)).toBeNull();
});

it("what is not whole, and what is none, does not count", async () => {
  await mkdir(join(dir, "2027-01-31T023000Z.part"));
  const [older, newer] = [await make(30), await make(6)];
  expect(await readExports(dir)).toEqual({ whole: [older, newer], last: null });
  expect(await readExports(join(dir, "nowhere"))).toEqual({ whole: [], last: null });
});

describe("what is wrong", () => {
  it("is nothing before the first, and while the last is young", async () => {
    expect(await problem()).toBeNull();
    await make(49);
    await noteTry(dir, { at: now().toISOString(), problem: null });
    expect(await problem()).toBeNull();
  });

  it("is why the last one failed, with the last good one; everybody is told that it did", async () => {
    await noteTry(dir, { at: now().toISOString(), problem: "The disk is full." });
    expect(await problem()).toEqual({
      told: "The nightly export was not made; last-try.json beside the exports says why. There is none yet.",
      whole: "The nightly export was not made: The disk is full. There is none yet.",
    });
    const name = await make(30);
    expect(await problem()).toEqual({
      told: `The nightly export was not made; last-try.json beside the exports says why. The last good one is ${name}.`,
      whole: `The nightly export was not made: The disk is full. The last good one is ${name}.`,
    });
  });

  it("is that none was made for two days", async () => {
    const name = await make(51);
    const told = `No nightly export was made for two days. The last good one is ${name}.`;
    expect(await problem()).toEqual({ told, whole: told });
  });

  it("is that the folder is no folder, and never a broken note", async () => {
    await writeFile(join(dir, "last-try.json"), '{"at":');
    expect(await problem()).toBeNull();
    await rm(dir, { recursive: true });
    await writeFile(dir, "");
    expect(await problem()).toEqual({
      told: "The folder of nightly exports cannot be read; the log says why.",
      whole: expect.stringMatching(/^The folder of nightly exports cannot be read: ENOTDIR/),
    });
  });
});
