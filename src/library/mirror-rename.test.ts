import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACTOR, copyLibrary, type TestLibrary } from "../../test/support/library.ts";
import { filesBelow, TestMirror } from "../../test/support/mirror.ts";
import { removeAlias } from "./aliases.ts";
import { aliasFile } from "./mirror-alias.ts";
import { fetchMirrored, mirroredRevision } from "./mirror-reader.ts";
import { renamePrompt } from "./rename.ts";
import { restorePrompt, trashPrompt } from "./trash.ts";

let mirror: TestMirror;
let library: TestLibrary;
beforeEach(async () => {
  mirror = await TestMirror.open();
  library = mirror.library;
});
afterEach(async () => await mirror.close());

const rename = (name: string, to: string, of = library) => renamePrompt(of.database, of.project, ACTOR, name, to);
const remove = (name: string) => removeAlias(library.database, library.project, ACTOR, name);
const fetched = async (name: string) =>
  fetchMirrored(mirror.folder, "default", name, {}).then(
    ({ prompt }) => `${prompt.name}: ${prompt.text}`,
    (error) => error.code,
  );
const filesOf = (name: string) => [mirror.fileOf(name), aliasFile(mirror.fileOf(name))].map((path) => existsSync(path));
const PROMPT = [true, false];
const ALIAS = [false, true];
const NOTHING = [false, false];

describe("the mirror of a renamed prompt", () => {
  it("answers under every name that it had, and holds the prompt once", async () => {
    mirror.startWriter();
    await library.save({ name: "old", text: "x" });
    await mirror.caughtUp();
    await rename("old", "dir/Middle");
    await mirror.caughtUp();
    await rename("dir/Middle", "new");
    await mirror.caughtUp();
    expect(await Promise.all(["old", "dir/Middle", "new"].map(fetched))).toEqual(["new: x", "new: x", "new: x"]);
    expect([filesOf("old"), filesOf("dir/Middle"), filesOf("new")]).toEqual([ALIAS, ALIAS, PROMPT]);
    expect(await mirroredRevision(mirror.folder, "default", "old")).toBe(3n);
    await mirror.expectSame();
    await rename("new", "old");
    await mirror.caughtUp();
    expect([filesOf("old"), filesOf("dir/Middle"), filesOf("new")]).toEqual([PROMPT, ALIAS, ALIAS]);
    expect(await fetched("new")).toBe("old: x");
  });

  it("leaves nothing under a name that a new prompt took, or that was removed, also when both came at once", async () => {
    mirror.startWriter();
    for (const name of ["a", "b", "c"]) await library.save({ name, text: `first ${name}` });
    await mirror.caughtUp();
    await mirror.stopWriters();
    await rename("a", "a2");
    await library.save({ name: "a", text: "second a" });
    await rename("b", "b2");
    await remove("b");
    await rename("c", "c2");
    mirror.startWriter();
    await mirror.caughtUp();
    expect(await Promise.all(["a", "b", "c", "a2", "b2", "c2"].map(fetched))).toEqual([
      "a: second a",
      "prompt_not_found",
      "c2: first c",
      "a2: first a",
      "b2: first b",
      "c2: first c",
    ]);
    expect([filesOf("a"), filesOf("b"), filesOf("c")]).toEqual([PROMPT, NOTHING, ALIAS]);
    await mirror.expectSame();
  });

  it("exchanges names, and goes into the trash and back, with its aliases", async () => {
    mirror.startWriter();
    for (const name of ["p", "q"]) await library.save({ name, text: name });
    await mirror.caughtUp();
    await rename("p", "tmp");
    await remove("p");
    await rename("q", "p");
    await remove("q");
    await rename("tmp", "q");
    await mirror.caughtUp();
    expect(await Promise.all(["p", "q", "tmp"].map(fetched))).toEqual(["p: q", "q: p", "q: p"]);
    const { id } = await trashPrompt(library.database, library.project, ACTOR, "q");
    await mirror.caughtUp();
    expect([filesOf("q"), filesOf("tmp"), filesOf("p")]).toEqual([NOTHING, NOTHING, PROMPT]);
    await restorePrompt(library.database, library.project, ACTOR, id);
    await mirror.caughtUp();
    expect([filesOf("q"), filesOf("tmp")]).toEqual([PROMPT, ALIAS]);
    await mirror.expectSame();
  });

  it("is finished by the next writer when the first one died between two files", async () => {
    mirror.startWriter();
    await library.save({ name: "old", text: "x" });
    await mirror.caughtUp();
    await mirror.stopWriters();
    const before = await readFile(mirror.fileOf("old"));
    const state = await readFile(`${mirror.folder}/.mirror.json`);
    await rename("old", "new");
    mirror.startWriter();
    await mirror.caughtUp();
    await mirror.stopWriters();
    // As it lay after the first of the files: the prompt under both names, and the feed not gone on.
    await writeFile(mirror.fileOf("old"), before);
    await writeFile(`${mirror.folder}/.mirror.json`, state);
    mirror.startWriter();
    await mirror.caughtUp();
    expect([filesOf("old"), filesOf("new")]).toEqual([ALIAS, PROMPT]);
  });
});

describe("a mirror that is compared as a whole", () => {
  it("finds a renamed prompt under its old name and moves nothing aside", async () => {
    mirror.startWriter();
    for (const name of ["a", "b"]) await library.save({ name, text: name });
    await rename("b", "b2");
    await mirror.caughtUp();
    await mirror.stopWriters();
    await rename("a", "a2");
    await remove("b");
    await writeFile(`${mirror.folder}/.mirror.json`, "{}");
    mirror.startWriter();
    await mirror.caughtUp();
    expect(await filesBelow(mirror.beyond).catch(() => [])).toEqual([]);
    expect([filesOf("a"), filesOf("a2"), filesOf("b"), filesOf("b2")]).toEqual([ALIAS, PROMPT, NOTHING, PROMPT]);
    await mirror.expectSame();
  });

  it("keeps aside a prompt with the new name that the database, put back to before, does not know", async () => {
    mirror.startWriter();
    await library.save({ name: "a", text: "x" });
    await mirror.caughtUp();
    await mirror.stopWriters();
    const earlier = await copyLibrary(library);
    try {
      mirror.startWriter();
      await rename("a", "a2");
      await mirror.caughtUp();
      await mirror.stopWriters();
      mirror.startWriter(earlier);
      await mirror.caughtUp(earlier);
      expect([filesOf("a"), filesOf("a2")]).toEqual([PROMPT, NOTHING]);
      expect((await filesBelow(mirror.beyond)).map((path) => path.replace(/.*\//, ""))).toEqual(["a2.json"]);
    } finally {
      await mirror.stopWriters();
      await earlier.close();
    }
  });
});
