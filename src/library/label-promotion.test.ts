import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACTOR, countRows, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import type { PromoteLabel } from "../contract/label-shapes.ts";
import { listLabelMoves } from "./label-history.ts";
import { promoteLabel } from "./label-promotion.ts";
import { undoLabel } from "./label-undo.ts";
import { listLabels, moveLabel } from "./labels.ts";

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

const promote = (request: PromoteLabel, label = "production") =>
  promoteLabel(library.database, library.project, ACTOR, label, request);
const places = async (name: string) =>
  Object.fromEntries(
    (await listLabels(library.database.reads, library.project, name)).items.map(({ label, version }) => [
      label,
      version,
    ]),
  );

/** Two versions, production on the first, staging on the second. */
async function staged(...names: string[]) {
  for (const name of names) {
    await library.save({ name, text: "one", labels: ["production"] });
    await library.save({ name, text: "two", labels: ["staging"] });
  }
}

describe("a promotion", () => {
  it("moves the label of each prompt to where the other is, in one act, with history, feed and audit", async () => {
    await staged("p/a", "p/b");
    await library.save({ name: "p/new", text: "one", labels: ["staging"] });
    await library.save({ name: "p/same", text: "one", labels: ["staging", "production"] });
    await library.save({ name: "p/none", text: "one" });
    const [changes, deeds] = [await countRows(library, "changes"), await countRows(library, "audit_log")];
    expect(await promote({ from: "staging", folder: "p" })).toEqual({
      label: "production",
      from: "staging",
      dryRun: false,
      moved: 3,
      unchanged: 1,
      items: [
        { name: "p/a", from: 1, to: 2 },
        { name: "p/b", from: 1, to: 2 },
        { name: "p/new", from: null, to: 1 },
      ],
    });
    expect(await places("p/a")).toEqual({ production: 2, staging: 2 });
    expect(await places("p/new")).toEqual({ production: 1, staging: 1 });
    expect(await places("p/none")).toEqual({});
    expect(await countRows(library, "changes")).toBe((changes ?? 0) + 3);
    expect(await countRows(library, "audit_log")).toBe((deeds ?? 0) + 3);
    const { items } = await listLabelMoves(library.database.reads, library.project, "p/a", "production", {
      limit: 1,
      cursor: null,
    });
    expect(items).toMatchObject([{ from: 1, to: 2, promotedFrom: "staging", movedBy: ACTOR.name }]);
    const [listed] = (await listLabels(library.database.reads, library.project, "p/a")).items;
    expect(listed?.movedAt).toBe(items[0]?.movedAt);
  });

  it("that only rehearses tells the same and changes nothing", async () => {
    await staged("dry/a", "dry/b");
    const before = [await countRows(library, "changes"), await countRows(library, "audit_log")];
    const rehearsed = await promote({ from: "staging", folder: "dry/", dryRun: true });
    expect([await countRows(library, "changes"), await countRows(library, "audit_log")]).toEqual(before);
    expect(await places("dry/a")).toEqual({ production: 1, staging: 2 });
    expect(await promote({ from: "staging", folder: "dry/" })).toEqual({ ...rehearsed, dryRun: false });
  });

  it("tells all faults at once and moves none", async () => {
    await staged("f/good");
    await library.save({ name: "f/bare", text: "one" });
    const request: PromoteLabel = { from: "staging", names: ["f/good", "f/bare", "f/gone", "f//odd"] };
    for (const dryRun of [true, false]) {
      await expect(promote({ ...request, dryRun })).rejects.toMatchObject({
        code: "promotion_refused",
        details: {
          faults: [
            { name: "f/bare", fault: "has no label staging" },
            { name: "f/gone", fault: "is not there" },
            { name: "f//odd", fault: "is not there" },
          ],
        },
      });
    }
    expect(await places("f/good")).toEqual({ production: 1, staging: 2 });
  });

  it("follows latest, takes prompts by tag or all of them, and can be undone one by one", async () => {
    await library.save({ name: "l/a", text: "one", labels: ["live"], tags: ["t"] });
    await library.save({ name: "l/a", text: "two" });
    await library.save({ name: "l/b", text: "one", tags: ["t"] });
    expect(await promote({ from: "latest", tag: "t" }, "live")).toMatchObject({ moved: 2 });
    expect(await places("l/a")).toEqual({ live: 2 });
    await undoLabel(library.database, library.project, ACTOR, "l/a", "live", 2);
    expect(await places("l/a")).toEqual({ live: 1 });
    expect((await promote({ from: "live", all: true }, "seen")).items.map(({ name }) => name)).toEqual(["l/a", "l/b"]);
  });

  it("to itself, or of latest, is refused", async () => {
    await expect(promote({ from: "production", all: true })).rejects.toMatchObject({ code: "invalid_request" });
    await expect(promote({ from: "staging", all: true }, "latest")).rejects.toMatchObject({ code: "invalid_request" });
  });

  it("beside other promotions and moves leaves each label on one place, and its history a chain", async () => {
    const names = ["r/a", "r/b", "r/c"];
    await staged(...names);
    const moves = names.flatMap((name) =>
      [1, 2].map((version) => moveLabel(library.database, library.project, ACTOR, name, "staging", version)),
    );
    await Promise.all([
      ...moves,
      ...Array.from({ length: 4 }, (_, at) => promote({ from: "staging", names: at % 2 ? names : names.toReversed() })),
    ]);
    for (const name of names) {
      const { items } = await listLabelMoves(library.database.reads, library.project, name, "production", {
        limit: 50,
        cursor: null,
      });
      for (const [at, { from }] of items.entries()) expect(from).toBe(items[at + 1]?.to ?? null);
      expect((await places(name)).production).toBe(items[0]?.to);
    }
  });
});
