import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACTOR, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { meanwhile } from "../../test/support/meanwhile.ts";
import type { Actor } from "./actor.ts";
import { listAliases, removeAlias } from "./aliases.ts";
import { findPrompt } from "./find.ts";
import { promoteLabel } from "./label-promotion.ts";
import { moveLabel } from "./labels.ts";
import { listVersions } from "./list.ts";
import { protectLabel } from "./protected-labels.ts";
import { duplicatePrompt, renamePrompt } from "./rename.ts";
import { restorePrompt, trashPrompt } from "./trash.ts";

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
  await protectLabel(library.database, library.project, ACTOR, "guarded");
});
afterAll(() => library.close());

const ADMIN: Actor = { ...ACTOR, protectedLabels: "all" };
const rename = (name: string, to: string, actor = ACTOR) =>
  renamePrompt(library.database, library.project, actor, name, to);
const trash = (name: string) => trashPrompt(library.database, library.project, ACTOR, name);
const restore = (id: string) => restorePrompt(library.database, library.project, ACTOR, id);
const remove = (name: string, actor = ACTOR) => removeAlias(library.database, library.project, actor, name);
/** The present name of whichever prompt answers under this name. */
const answering = async (name: string) =>
  (await findPrompt(library.database.reads, library.project, name))?.prompt.name ?? null;
const refusedTwice = (error: string) => expect.objectContaining({ code: error });

describe("a rename", () => {
  it("back to its former name, while somebody looks for it by that, is found all the same", async () => {
    await library.save({ name: "r/back", text: "one" });
    await rename("r/back", "r/forth");
    const goBack = meanwhile("SelectQueryNode", "prompts", () => rename("r/forth", "r/back"));
    const reads = library.database.reads.withPlugin(goBack);
    expect(await findPrompt(reads as typeof library.database.reads, library.project, "r/back")).toMatchObject({
      prompt: { name: "r/back" },
    });
  });

  it("keeps versions and labels, and the old name answers for every read and every move of a label", async () => {
    await library.save({ name: "r/old", text: "one", labels: ["production"] });
    await library.save({ name: "r/old", text: "two" });
    expect(await rename("r/old", "moved/new")).toMatchObject({
      name: "moved/new",
      newest: 2,
      labels: { production: 1, latest: 2 },
    });
    expect(await answering("r/old")).toBe("moved/new");
    expect(
      (await listVersions(library.database.reads, library.project, "r/old", { limit: 9, cursor: null })).items,
    ).toHaveLength(2);
    await moveLabel(library.database, library.project, ACTOR, "r/old", "production", 2);
    const promoted = await promoteLabel(library.database, library.project, ACTOR, "staging", {
      from: "production",
      names: ["r/old"],
    });
    expect(promoted.items).toEqual([{ name: "moved/new", from: null, to: 2 }]);
  });

  it("again and again leaves every name that it had leading to it, and back again ends the alias", async () => {
    await library.save({ name: "c/a", text: "x" });
    await rename("c/a", "c/b");
    await rename("c/b", "c/c");
    expect([await answering("c/a"), await answering("c/b")]).toEqual(["c/c", "c/c"]);
    await rename("c/c", "c/a");
    expect([await answering("c/a"), await answering("c/b"), await answering("c/c")]).toEqual(["c/a", "c/a", "c/a"]);
    const { items } = await listAliases(library.database.reads, library.project, { limit: 200, cursor: null });
    expect(items.filter(({ prompt }) => prompt === "c/a").map(({ name }) => name)).toEqual(["c/b", "c/c"]);
  });

  it("to itself changes nothing; to a name that is taken it is refused; of a former name, too", async () => {
    await library.save({ name: "t/a", text: "x" });
    await library.save({ name: "t/b", text: "x" });
    expect(await rename("t/a", "t/a")).toMatchObject({ name: "t/a" });
    await expect(rename("t/a", "t/b")).rejects.toMatchObject({ code: "already_exists" });
    await rename("t/a", "t/c");
    await expect(rename("t/a", "t/d")).rejects.toMatchObject({
      code: "prompt_not_found",
      message: expect.stringContaining("“t/c”"),
    });
    await expect(trash("t/a")).rejects.toMatchObject({ code: "prompt_not_found" });
    await expect(rename("t/nothing", "t/d")).rejects.toMatchObject({ code: "prompt_not_found" });
  });

  it("never takes the former name of another prompt, which applications still use", async () => {
    await library.save({ name: "n/a", text: "used" });
    await rename("n/a", "n/b");
    await library.save({ name: "n/c", text: "other" });
    await expect(rename("n/c", "n/a")).rejects.toMatchObject({
      code: "already_exists",
      message: expect.stringContaining("former name of “n/b”"),
    });
    expect([await answering("n/a"), await answering("n/c")]).toEqual(["n/b", "n/c"]);
    await remove("n/a");
    expect(await answering("n/a")).toBeNull();
    expect(await rename("n/c", "n/a")).toMatchObject({ name: "n/a" });
  });

  it("of two at once to one name, or of one to two names, happens once", async () => {
    for (const name of ["w/a", "w/b", "w/c"]) await library.save({ name, text: "x" });
    const one = await Promise.allSettled([rename("w/a", "w/x"), rename("w/b", "w/x")]);
    expect(one.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const two = await Promise.allSettled([rename("w/c", "w/y"), rename("w/c", "w/z")]);
    expect(two.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(two).toContainEqual({ status: "rejected", reason: refusedTwice("prompt_not_found") });
  });

  it("and another one to the name that it leaves never take an answer away from the old name", async () => {
    for (let round = 0; round < 10; round += 1) {
      const [a, b, c] = [`leave/${round}/a`, `leave/${round}/b`, `leave/${round}/c`];
      for (const name of [a, c]) await library.save({ name, text: "x" });
      await Promise.allSettled([rename(a, b), rename(c, a)]);
      expect([await answering(a), await answering(c)]).toEqual([b, c]);
    }
  });

  it("of a prompt with a protected label takes the right to move it", async () => {
    await library.save({ name: "g/a", text: "x" });
    await moveLabel(library.database, library.project, ADMIN, "g/a", "guarded", 1);
    const refused = { code: "label_protected" };
    await expect(rename("g/a", "g/b")).rejects.toMatchObject(refused);
    await rename("g/a", "g/b", ADMIN);
    await expect(remove("g/a")).rejects.toMatchObject(refused);
    await expect(library.save({ name: "g/a", text: "in its place" })).rejects.toMatchObject(refused);
    expect(await answering("g/a")).toBe("g/b");
    await remove("g/a", ADMIN);
    await library.save({ name: "g/a", text: "in its place" });
  });
});

describe("a former name", () => {
  it("is taken by a new prompt, and by nothing else that is saved", async () => {
    await library.save({ name: "f/a", text: "one" });
    await rename("f/a", "f/b");
    expect(await library.save({ name: "f/a", text: "another" })).toMatchObject({ version: 1, created: true });
    expect([await answering("f/a"), await answering("f/b")]).toEqual(["f/a", "f/b"]);
    await rename("f/a", "f/c");
    expect(await answering("f/a")).toBe("f/c");
  });

  it("of a prompt in the trash blocks no name, and answers again when the prompt is back", async () => {
    for (const name of ["b/a", "b/x"]) await library.save({ name, text: "x" });
    await rename("b/a", "b/b");
    const { id } = await trash("b/b");
    expect(await answering("b/a")).toBeNull();
    await restore(id);
    expect(await answering("b/a")).toBe("b/b");
    await trash("b/b");
    await rename("b/x", "b/a");
    await restore(id);
    expect([await answering("b/a"), await answering("b/b")]).toEqual(["b/a", "b/b"]);
  });

  it("keeps a prompt in the trash that was called so, until it is free", async () => {
    await library.save({ name: "k/a", text: "first" });
    const { id } = await trash("k/a");
    await library.save({ name: "k/a", text: "second" });
    await rename("k/a", "k/b");
    await expect(restore(id)).rejects.toMatchObject({ code: "already_exists" });
    expect(await answering("k/a")).toBe("k/b");
    await remove("k/a");
    expect(await restore(id)).toMatchObject({ name: "k/a" });
    await expect(remove("k/a")).rejects.toMatchObject({ code: "alias_not_found" });
  });

  it("is listed page by page", async () => {
    const all = await listAliases(library.database.reads, library.project, { limit: 200, cursor: null });
    const first = await listAliases(library.database.reads, library.project, { limit: 2, cursor: null });
    const second = await listAliases(library.database.reads, library.project, { limit: 200, cursor: first.nextCursor });
    expect([...first.items, ...second.items]).toEqual(all.items);
    expect(all.total).toBe(all.items.length);
  });
});

describe("a duplicate", () => {
  const duplicate = (name: string, to: string, which = {}) =>
    duplicatePrompt(library.database, library.project, ACTOR, name, { to, ...which });

  it("is a new prompt with the content of one version, description and tags, and no label", async () => {
    const config = { model: "m", temperature: 0 };
    await library.save({ name: "d/a", text: "{{x}}", config, tags: ["t"], description: "d", labels: ["production"] });
    await library.save({ name: "d/a", text: "two" });
    const made = await duplicate("d/a", "d/b", { label: "production" });
    expect(made).toMatchObject({
      name: "d/b",
      version: 1,
      text: "{{x}}",
      config,
      tags: ["t"],
      description: "d",
      labels: ["latest"],
      message: "Copy of d/a, version 1",
    });
    expect(await duplicate("d/a", "d/c")).toMatchObject({ text: "two" });
    expect(await library.save({ name: "d/b", text: "{{x}}", config })).toMatchObject({ created: false });
  });

  it("takes no name that is there, and nothing that is not", async () => {
    await library.save({ name: "d/there", text: "x" });
    await expect(duplicate("d/there", "d/there")).rejects.toMatchObject({ code: "already_exists" });
    await expect(duplicate("d/gone", "d/new")).rejects.toMatchObject({ code: "prompt_not_found" });
    await expect(duplicate("d/there", "d/new", { version: 2 })).rejects.toMatchObject({ code: "version_not_found" });
    const many = await Promise.allSettled(Array.from({ length: 5 }, () => duplicate("d/there", "d/once")));
    expect(many.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});
