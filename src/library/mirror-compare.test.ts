import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACTOR, copyLibrary, type TestLibrary } from "../../test/support/library.ts";
import { filesBelow, TestMirror } from "../../test/support/mirror.ts";
import { otherFileSystem } from "../../test/support/run-directory.ts";
import { moveLabel } from "./labels.ts";
import { patchPrompt } from "./list.ts";
import { moveMirrorFile, readMirrorFile } from "./mirror-file.ts";
import { trashPrompt } from "./trash.ts";

let mirror: TestMirror;
let library: TestLibrary;
beforeEach(async () => {
  mirror = await TestMirror.open();
  library = mirror.library;
});
afterEach(async () => await mirror.close());

const trash = (name: string, of = library) => trashPrompt(of.database, of.project, ACTOR, name);

describe("a database that was put back to an earlier time", () => {
  const copies: TestLibrary[] = [];
  async function copy(): Promise<TestLibrary> {
    const made = await copyLibrary(library);
    copies.push(made);
    return made;
  }
  afterEach(async () => {
    await mirror.stopWriters();
    for (const one of copies.splice(0)) await one.close();
  });

  const aside = async () => {
    const paths = await filesBelow(mirror.beyond).catch(() => []);
    return Promise.all(paths.map(async (path) => JSON.parse(await readFile(path, "utf8"))));
  };

  it("loses nothing that the mirror knows: it is moved aside, the mirror shows the database", async () => {
    mirror.startWriter();
    await library.save({ name: "kept", text: "one", labels: ["production"] });
    await library.save({ name: "grew", text: "one" });
    await library.save({ name: "labelled", text: "one" });
    await library.save({ name: "replaced", text: "one" });
    await library.save({ name: "trashed later", text: "one" });
    await mirror.caughtUp();
    await mirror.stopWriters();
    const earlier = await copy();
    mirror.startWriter();
    await library.save({ name: "grew", text: "two, lost" });
    await library.save({ name: "only here", text: "lost" });
    await moveLabel(library.database, library.project, ACTOR, "labelled", "production", 1);
    await library.save({ name: "replaced", text: "two, lost" });
    await mirror.caughtUp();
    await mirror.stopWriters();
    // As many versions and more changes than were lost, by another way.
    await earlier.save({ name: "replaced", text: "two, otherwise" });
    await earlier.save({ name: "replaced", text: "three" });
    await patchPrompt(earlier.database, earlier.project, ACTOR, "labelled", { tags: ["x"] });
    await patchPrompt(earlier.database, earlier.project, ACTOR, "labelled", { tags: ["y"] });
    await trash("trashed later", earlier);
    mirror.startWriter(earlier);
    await mirror.caughtUp(earlier);
    await mirror.expectSame(earlier);
    const kept = await aside();
    expect(kept.map(({ name }) => name).sort()).toEqual(["grew", "labelled", "only here", "replaced"]);
    expect(kept.find(({ name }) => name === "grew").versions.map(({ text }: { text: string }) => text)).toEqual([
      "one",
      "two, lost",
    ]);
    expect(kept.find(({ name }) => name === "labelled").labels).toEqual({ production: 1 });
  });

  it("that has all that the mirror has moves nothing aside, also when the mirror was behind", async () => {
    mirror.startWriter();
    await library.save({ name: "a", text: "one", labels: ["production"] });
    await library.save({ name: "gone", text: "one" });
    await mirror.caughtUp();
    await mirror.stopWriters();
    await library.save({ name: "a", text: "two", labels: ["production"] });
    await trash("gone");
    const later = await copy();
    mirror.startWriter(later);
    await mirror.caughtUp(later);
    await mirror.expectSame(later);
    expect(await aside()).toEqual([]);
  });

  it("and a mirror that was damaged or lost its place meanwhile: compared, mended, nothing thrown away", async () => {
    mirror.startWriter();
    for (const name of ["a", "b", "c"]) await library.save({ name, text: "one" });
    await mirror.caughtUp();
    await mirror.stopWriters();
    await writeFile(mirror.fileOf("a"), "half a fi");
    await rm(mirror.fileOf("b"));
    await rm(join(mirror.folder, ".mirror.json"));
    mirror.startWriter();
    await mirror.caughtUp();
    await mirror.expectSame();
    expect(await Promise.all((await filesBelow(mirror.beyond)).map((path) => readFile(path, "utf8")))).toEqual([
      "half a fi",
    ]);
  });

  it("compares all when the changes since it stopped are not kept any more", async () => {
    mirror.startWriter();
    await library.save({ name: "a", text: "one" });
    await mirror.caughtUp();
    await mirror.stopWriters();
    await library.save({ name: "a", text: "two" });
    await library.save({ name: "b", text: "one" });
    await library.asSuperuser("delete from changes where seq < (select max(seq) from changes)");
    mirror.startWriter();
    await mirror.caughtUp();
    await mirror.expectSame();
    expect(await aside()).toEqual([]);
  });

  it("moves aside also to another file system", async ({ skip }) => {
    const elsewhere = (await otherFileSystem(mirror.root)) ?? skip("there is no second file system here");
    mirror.startWriter();
    await library.save({ name: "a", text: "one" });
    await mirror.caughtUp();
    await mirror.stopWriters();
    try {
      const target = join(elsewhere, "default", "a.json");
      await mkdir(dirname(target), { recursive: true });
      await moveMirrorFile(mirror.fileOf("a"), target);
      expect(await readMirrorFile(target)).toMatchObject({ name: "a" });
      expect(await mirror.promptFiles()).toEqual([]);
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });
});
