/** Disks that fill under a whole instance: a location's, the spool's, PostgreSQL's. Needs root, for small file systems. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, it } from "vitest";
import { until } from "../src/base/clock.ts";
import type { RestoreReport } from "../src/contract/recovery-shapes.ts";
import type { VerifyReport } from "../src/recovery/verify-shapes.ts";
import { temporaryDirectory } from "./support/cluster.ts";
import { Instance } from "./support/instance.ts";
import { done, jobInPhase, order, refused, settled, workplaces } from "./support/recovery-orders.ts";
import { Prompts } from "./support/recovery-prompts.ts";

const run = promisify(execFile);
const slow = { timeout: 400_000 };

let instance: Instance;
let disk: string | null = null;
afterEach(async () => {
  await instance.stop();
  if (disk) await run("umount", ["--lazy", disk]);
  disk = null;
  await instance.remove();
}, 60_000);

/** `where`, below the instance's directory, is a disk of its own of so many MiB. */
async function startedOn(where: string, megabytes: number): Promise<Prompts> {
  const directory = await temporaryDirectory();
  const second = join(directory, "second");
  await mkdir(second);
  disk = join(directory, where);
  await mkdir(disk, { recursive: true });
  await run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0711`, "tmpfs", disk]);
  instance = await Instance.make({ BACKUP_LOCATIONS: `file://${second}` }, { directory });
  const prompts = await Prompts.of(instance, await instance.start());
  await settled(instance);
  return prompts;
}

/** Leaves so many bytes. Answers how to make room again. */
async function fill(leave: number): Promise<() => Promise<void>> {
  const path = disk;
  if (!path) throw new Error("no disk");
  const ballast = join(path, `ballast-${randomUUID()}`);
  const filled = async () => {
    const { bavail, bsize } = await statfs(path);
    // What the instance writes at the same time takes room, too.
    return await run("fallocate", ["--length", String(bavail * bsize - leave), ballast]).catch(() => null);
  };
  if (!(await until(filled, { timeout: 20_000 }))) throw new Error(`${path} could not be filled`);
  return async () => await rm(ballast);
}

it("a location whose disk is full misses a backup, and is filled in when there is room", slow, async () => {
  const prompts = await startedOn("second", 64);
  const makeRoom = await fill(1_000_000);
  const made = await done<{ id: string; in: string[]; missing: object[]; notFilledIn: object[] }>(instance, "backup");
  expect(made).toMatchObject({
    in: ["primary"],
    missing: [{ location: "secondary", reason: expect.stringContaining("its disk is full") }],
  });
  // It is tried at once: one that was only too slow has it then.
  expect(made.notFilledIn).toContainEqual(expect.objectContaining({ backup: made.id, location: "secondary" }));
  await prompts.save("written meanwhile");
  await makeRoom();
  const next = await done<{ in: string[]; filledIn: object[] }>(instance, "backup");
  expect(next.in).toEqual(["primary", "secondary"]);
  expect(next.filledIn).toEqual([{ backup: made.id, location: "secondary", from: "primary" }]);
  const whole = async () => {
    const { reports } = await done<{ reports: VerifyReport[] }>(instance, "verify", made.id);
    return reports.length === 2 && reports[0]?.walUpTo === reports[1]?.walUpTo;
  };
  expect(await until(whole, { timeout: 30_000 })).toBe(true);
});

it("a spool whose disk is full loses nothing", slow, async () => {
  const prompts = await startedOn("home/recovery", 64);
  const makeRoom = await fill(0);
  await prompts.save("one");
  await prompts.save("two");
  await makeRoom();
  await prompts.save("three");
  const report = await done<RestoreReport>(instance, "restore", "latest");
  expect(report.lost).toMatchObject({ bytes: 0 });
  expect(await prompts.names()).toEqual(["one", "three", "two"]);
});

it("a restore that finds no room says so, and one whose room goes meanwhile leaves the old state", slow, async () => {
  const prompts = await startedOn("home/postgres", 700);
  await prompts.save("kept");
  const makeRoom = await fill(20_000_000);
  const early = await refused(instance, "restore", "latest");
  expect(early).toMatchObject({
    exit: 23,
    message: expect.stringMatching(/needs \d+ bytes on the disk, and \d+ are free/),
  });
  expect(await prompts.names()).toEqual(["kept"]);
  await makeRoom();

  // What is left is filled in a moment.
  const [needed] = /\d+/.exec(early.message) ?? [];
  const makeMostRoom = await fill(Number(needed) + 20_000_000);
  const ordered = order(instance, "restore", "latest", "--json");
  await jobInPhase(instance, "restore", "fetch backup");
  const makeLastRoom = await fill(0);
  const { code, stdout } = await ordered;
  expect(stdout).toContain('"code":"disk_full"');
  expect(code).not.toBe(0);
  expect(await workplaces(instance)).toEqual([]);
  await makeLastRoom();
  await makeMostRoom();
  expect(await prompts.names()).toEqual(["kept"]);
  const report = await done<RestoreReport>(instance, "restore", "latest");
  expect(report.lost).toMatchObject({ bytes: 0 });
  expect(await prompts.names()).toEqual(["kept"]);
});
