import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACTOR, countRows, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { listLabelMoves } from "./label-history.ts";
import { undoLabel } from "./label-undo.ts";
import { listLabels, moveLabel, removeLabel } from "./labels.ts";

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

const BOB = { name: "user:bob", address: null };
const move = (name: string, version: number, actor = ACTOR) =>
  moveLabel(library.database, library.project, actor, name, "production", version);
const undo = (name: string, expected?: number) =>
  undoLabel(library.database, library.project, ACTOR, name, "production", expected);
const place = async (name: string) =>
  (await listLabels(library.database.reads, library.project, name)).items[0]?.version ?? null;

async function threeVersions(name: string) {
  for (const text of ["one", "two", "three"]) await library.save({ name, text });
}

describe("undo", () => {
  it("goes back one move, and again one more, until there is none left", async () => {
    await threeVersions("back");
    for (const version of [1, 2, 3]) await move("back", version);
    const answers = [await undo("back"), await undo("back"), await undo("back")];
    expect(answers.map(({ version, undone }) => [version, undone.to])).toEqual([
      [2, 3],
      [1, 2],
      [null, 1],
    ]);
    expect(await place("back")).toBeNull();
    await expect(undo("back")).rejects.toMatchObject({ code: "nothing_to_undo" });
  });

  it("after a new move takes back that one first, then what was left from before", async () => {
    await threeVersions("branch");
    for (const version of [1, 2]) await move("branch", version);
    await undo("branch");
    await move("branch", 3);
    expect((await undo("branch")).version).toBe(1);
    expect((await undo("branch")).version).toBeNull();
  });

  it("puts a removed label back where it was", async () => {
    await threeVersions("removed");
    await move("removed", 2);
    await removeLabel(library.database, library.project, BOB, "removed", "production");
    expect(await undo("removed")).toMatchObject({ version: 2, undone: { from: 2, to: null, movedBy: BOB.name } });
    expect(await place("removed")).toBe(2);
  });

  it("is a move of its own: history, feed and audit log have it", async () => {
    await threeVersions("recorded");
    await move("recorded", 1);
    await move("recorded", 2);
    const [changes, deeds] = [await countRows(library, "changes"), await countRows(library, "audit_log")];
    const { move: made, undone } = await undo("recorded");
    const { items } = await listLabelMoves(library.database.reads, library.project, "recorded", "production", {
      limit: 9,
      cursor: null,
    });
    expect(items[0]).toEqual(made);
    expect(items[0]).toMatchObject({ from: 2, to: 1, movedBy: ACTOR.name, undoes: undone.id });
    expect(await countRows(library, "changes")).toBe((changes ?? 0) + 1);
    expect(await countRows(library, "audit_log")).toBe((deeds ?? 0) + 1);
  });

  it("that expects the label elsewhere says who moved it meanwhile, and changes nothing", async () => {
    await threeVersions("meanwhile");
    await move("meanwhile", 1);
    await move("meanwhile", 2);
    await move("meanwhile", 3, BOB);
    await expect(undo("meanwhile", 2)).rejects.toMatchObject({
      code: "label_moved",
      message: expect.stringMatching(/is on version 3, not on 2: user:bob moved it at /),
      details: { move: { to: 3, movedBy: BOB.name } },
    });
    expect(await place("meanwhile")).toBe(3);
    expect(await undo("meanwhile", 3)).toMatchObject({ version: 2, undone: { movedBy: BOB.name } });
  });

  it("by two at once that both expect the same is done once", async () => {
    await threeVersions("race");
    for (const version of [1, 2, 3]) await move("race", version);
    const both = await Promise.allSettled([undo("race", 3), undo("race", 3)]);
    expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await place("race")).toBe(2);
  });

  it("of what never was, or of latest, is refused", async () => {
    await threeVersions("never");
    await expect(undo("never")).rejects.toMatchObject({ code: "label_not_found" });
    await expect(undo("nothing")).rejects.toMatchObject({ code: "prompt_not_found" });
    await expect(
      undoLabel(library.database, library.project, ACTOR, "never", "latest", undefined),
    ).rejects.toMatchObject({ code: "invalid_request" });
  });
});
