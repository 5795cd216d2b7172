import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/support/cluster.ts";
import { exported, fill, PROMPTS, putBack } from "../../test/support/exports.ts";
import { ACTOR, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { makeNightlyExport } from "./nightly-export.ts";
import { createProject } from "./projects.ts";

const OLD = "2026-11-22T023000Z";

let library: TestLibrary;
let folder: string;
beforeEach(async () => {
  [library, folder] = await Promise.all([openLibrary(), temporaryDirectory()]);
  await mkdir(join(folder, OLD));
  await writeFile(join(folder, OLD, "default.ndjson.gz"), "an export");
});
afterEach(async () => {
  await library.close();
  await rm(folder, { recursive: true, force: true });
});

const make = ({ keep = 7, floor = 0, signal = new AbortController().signal } = {}) =>
  makeNightlyExport(library.database, { folder, keep, floor, signal });
const contentOf = async (path: string) => gunzipSync(await readFile(path)).toString();

it("holds every project whole: put back into an empty library, it exports to the same bytes", async () => {
  await fill(library);
  await createProject(library.database, ACTOR, { name: "team" }, null);
  const made = await make();
  expect(made).toMatchObject({ projects: 2, prompts: PROMPTS });
  expect((await readdir(made.folder)).sort()).toEqual(["SHA256SUMS", "default.ndjson.gz", "team.ndjson.gz"]);
  const text = await contentOf(join(made.folder, "default.ndjson.gz"));
  expect(text).toBe(await exported(library));
  const empty = await openLibrary();
  try {
    await putBack(empty, text);
    expect(await exported(empty)).toBe(text);
  } finally {
    await empty.close();
  }
});

it("can be checked with sha256sum, and read by its owner alone", async () => {
  const { folder: made } = await make();
  const file = join(made, "default.ndjson.gz");
  const sum = createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
  expect(await readFile(join(made, "SHA256SUMS"), "utf8")).toBe(`${sum}  default.ndjson.gz\n`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(made)).mode & 0o777).toBe(0o700);
});

it("lets the oldest go, and only when the new one is whole", async () => {
  const { folder: made } = await make({ keep: 1 });
  expect(await readdir(folder)).toEqual([basename(made)]);
});

it("keeps what a library held before it was emptied, however many are made of it after", async () => {
  await library.save({ name: "a", text: randomBytes(3000).toString("hex") });
  const { folder: full } = await make({ keep: 1 });
  await library.asSuperuser("delete from promptlib.versions; delete from promptlib.prompts");
  const { folder: first } = await make({ keep: 1 });
  expect(await readdir(folder)).toEqual([basename(full), basename(first)]);
  const { folder: second } = await make({ keep: 1 });
  expect(await readdir(folder)).toEqual([basename(full), basename(second)]);
  await library.save({ name: "a", text: randomBytes(3000).toString("hex") });
  const { folder: again } = await make({ keep: 1 });
  expect(await readdir(folder)).toEqual([basename(again)]);
});

it("that does not say what was saved is none, and the one before it stays", async () => {
  await library.save({ name: "a", text: "as it was saved" });
  await library.asSuperuser("update promptlib.versions set text = 'as the disk has it'");
  await expect(make({ keep: 1 })).rejects.toMatchObject({
    code: "export_failed",
    message: expect.stringContaining("a: version 1 is not what it was when it was saved"),
  });
  expect(await readdir(folder)).toEqual([OLD]);
});

it("stops before the disk is full, and leaves nothing of itself behind", async () => {
  await expect(make({ keep: 1, floor: Number.MAX_SAFE_INTEGER })).rejects.toMatchObject({ code: "disk_full" });
  expect(await readdir(folder)).toEqual([OLD]);
});

it("that is interrupted leaves nothing of itself behind", async () => {
  await fill(library);
  for (const after of [0, 5, 20, 40]) {
    const stop = new AbortController();
    const making = make({ signal: stop.signal }).catch((error) => error);
    setTimeout(() => stop.abort(), after);
    const result = await making;
    if (!("folder" in result)) expect(result).toMatchObject({ code: "interrupted" });
    expect((await readdir(folder)).filter((name) => !/^[\dT-]+Z$/.test(name))).toEqual([]);
  }
});

it("clears away what one that was killed left, and is made by one process at a time", async () => {
  await mkdir(join(folder, "2026-11-23T023000Z.part"));
  await writeFile(join(folder, "2026-11-23T023000Z.part", "default.ndjson.gz"), "half an");
  const [one, other] = await Promise.allSettled([make(), make()]);
  const refused = [one, other].filter(({ status }) => status === "rejected");
  expect(refused).toMatchObject([{ reason: { code: "export_failed" } }]);
  expect(await readdir(folder)).toHaveLength(2);
});
