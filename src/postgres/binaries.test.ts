import { chmod, lstat, mkdir, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/support/cluster.ts";
import type { Account } from "./account.ts";
import { type Binaries, findBinaries, installProgram } from "./binaries.ts";

const nobody: Account = { name: "nobody", uid: 65_534, gid: 65_534 };
let directory: string;
let binaries: Binaries;
let place: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  const native = join(directory, "native");
  place = join(directory, "place");
  await mkdir(join(native, "bin"), { recursive: true });
  await mkdir(join(native, "lib"));
  await mkdir(place);
  await writeFile(join(native, "bin", "postgres"), "program", { mode: 0o755 });
  await writeFile(join(native, "lib", "libpq.so.5.18"), "library", { mode: 0o644 });
  const links = [{ source: "native/lib/libpq.so.5.18", target: "native/lib/libpq.so.5" }];
  await writeFile(join(native, "pg-symlinks.json"), JSON.stringify(links));
  binaries = { native, bin: join(native, "bin"), version: "18.4.0-beta.17", major: 18 };
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

it("binaries are cloned without taking space, with the links that npm could not carry", async () => {
  const bin = await installProgram(binaries, place, null);
  expect(bin).toBe(join(place, "program-18.4.0-beta.17", "bin"));
  expect((await stat(join(bin, "postgres"))).ino).toBe((await stat(join(binaries.bin, "postgres"))).ino);
  expect(await readlink(join(bin, "..", "lib", "libpq.so.5"))).toBe("libpq.so.5.18");
});

it("files that the account could not read are copied, and the package keeps its permissions", async () => {
  const original = join(binaries.bin, "postgres");
  await chmod(original, 0o700);
  const bin = await installProgram(binaries, place, nobody);
  expect(await readFile(join(bin, "postgres"), "utf8")).toBe("program");
  expect((await lstat(join(bin, "postgres"))).mode & 0o777).toBe(0o755);
  expect((await lstat(original)).mode & 0o777).toBe(0o700);
});

it("what a crash left half way, and other versions, make room; a whole clone is used again", async () => {
  await mkdir(join(place, "program-18.4.0-beta.17~abc.tmp"));
  await mkdir(join(place, "program-17.1.0"));
  const bin = await installProgram(binaries, place, null);
  const before = await stat(join(bin, ".."));
  await installProgram(binaries, place, null);
  expect(await readdir(place)).toEqual(["program-18.4.0-beta.17"]);
  expect((await stat(join(bin, ".."))).ino).toBe(before.ino);
});

it("binaries that were given are used in place", async () => {
  const given: Binaries = { ...binaries, native: null };
  expect(await installProgram(given, place, null)).toBe(binaries.bin);
  expect(await readdir(place)).toEqual([]);
});

it("the package brings PostgreSQL 18", async () => {
  expect(await findBinaries(null)).toMatchObject({ major: 18 });
});
