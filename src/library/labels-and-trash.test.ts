import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACTOR, countRows, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { listLabels, moveLabel, removeLabel } from "./labels.ts";
import { listTrash, listVersions } from "./list.ts";
import { restorePrompt, trashPrompt } from "./trash.ts";

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

const BOB = { name: "key:abc", address: null };
const move = (name: string, label: string, version: number) =>
  moveLabel(library.database, library.project, BOB, name, label, version);
const remove = (name: string, label: string) => removeLabel(library.database, library.project, BOB, name, label);
const trash = (name: string) => trashPrompt(library.database, library.project, ACTOR, name);
const restore = (id: string) => restorePrompt(library.database, library.project, ACTOR, id);
const labels = async (name: string) =>
  (await listLabels(library.database.reads, library.project, name)).items.map(({ label, version }) => [label, version]);
const revision = async (name: string) =>
  (
    await library.database.reads
      .selectFrom("prompts")
      .select("revision")
      .where("name", "=", name)
      .executeTakeFirstOrThrow()
  ).revision;
const moves = async (name: string) =>
  library.database.reads
    .selectFrom("label_moves")
    .innerJoin("prompts", "prompts.id", "label_moves.prompt_id")
    .select(["label", "from_version", "to_version", "moved_by"])
    .where("name", "=", name)
    .orderBy("label_moves.id")
    .execute();

async function twoVersions(name: string) {
  await library.save({ name, text: "one", labels: ["production"] });
  await library.save({ name, text: "two" });
}

describe("a label", () => {
  it("is moved, removed and put back, and remembers where it came from", async () => {
    await twoVersions("moves");
    expect(await move("moves", "production", 2)).toMatchObject({ label: "production", version: 2, movedBy: BOB.name });
    await remove("moves", "production");
    await move("moves", "production", 1);
    expect(await labels("moves")).toEqual([["production", 1]]);
    expect(await moves("moves")).toEqual([
      { label: "production", from_version: null, to_version: 1, moved_by: ACTOR.name },
      { label: "production", from_version: 1, to_version: 2, moved_by: BOB.name },
      { label: "production", from_version: 2, to_version: null, moved_by: BOB.name },
      { label: "production", from_version: null, to_version: 1, moved_by: BOB.name },
    ]);
  });

  it("moved to where it is changes nothing", async () => {
    await twoVersions("stays");
    const before = [
      await revision("stays"),
      await countRows(library, "audit_log"),
      await countRows(library, "changes"),
    ];
    expect(await move("stays", "production", 1)).toMatchObject({ version: 1, movedBy: ACTOR.name });
    expect([
      await revision("stays"),
      await countRows(library, "audit_log"),
      await countRows(library, "changes"),
    ]).toEqual(before);
    expect(await moves("stays")).toHaveLength(1);
  });

  it("moved by many at once ends on one of the places, and its history is a chain", async () => {
    await twoVersions("race");
    await Promise.all(Array.from({ length: 20 }, (_, at) => move("race", "staging", 1 + (at % 2))));
    const chain = (await moves("race")).filter(({ label }) => label === "staging");
    for (const [at, { from_version }] of chain.entries()) {
      expect(from_version).toBe(at === 0 ? null : chain[at - 1]?.to_version);
    }
    expect(await labels("race")).toContainEqual(["staging", chain.at(-1)?.to_version]);
  });

  it("cannot be on a version that is not there, nor be called latest, nor be removed where it is not", async () => {
    await twoVersions("refusals");
    await expect(move("refusals", "production", 3)).rejects.toMatchObject({
      code: "version_not_found",
      details: { newest: 2 },
    });
    await expect(move("refusals", "latest", 1)).rejects.toMatchObject({ code: "invalid_request" });
    await expect(remove("refusals", "latest")).rejects.toMatchObject({ code: "invalid_request" });
    await expect(remove("refusals", "nowhere")).rejects.toMatchObject({ code: "label_not_found" });
    await expect(move("nothing", "production", 1)).rejects.toMatchObject({ code: "prompt_not_found" });
    await expect(library.save({ name: "refusals", text: "three", labels: ["latest"] })).rejects.toMatchObject({
      code: "invalid_request",
    });
    // and the save with it: nothing of it is there
    const { items } = await listVersions(library.database.reads, library.project, "refusals", {
      limit: 9,
      cursor: null,
    });
    expect(items).toHaveLength(2);
  });
});

describe("the trash", () => {
  it("gives a prompt back with its versions and labels", async () => {
    await twoVersions("comes back");
    const { id, trashedBy } = await trash("comes back");
    expect(trashedBy).toBe(ACTOR.name);
    await expect(labels("comes back")).rejects.toMatchObject({ code: "prompt_not_found" });
    expect(
      (await listTrash(library.database.reads, library.project, { limit: 9, cursor: null })).items[0],
    ).toMatchObject({ id });
    expect(await restore(id)).toMatchObject({ name: "comes back", newest: 2, labels: { production: 1, latest: 2 } });
    expect(await library.save({ name: "comes back", text: "three" })).toMatchObject({ version: 3 });
  });

  it("keeps a prompt whose name was taken since, until that is free again", async () => {
    await twoVersions("taken");
    const first = await trash("taken");
    await library.save({ name: "taken", text: "another" });
    await expect(restore(first.id)).rejects.toMatchObject({ code: "already_exists" });
    const second = await trash("taken");
    expect(await restore(first.id)).toMatchObject({ newest: 2 });
    await expect(restore(second.id)).rejects.toMatchObject({ code: "already_exists" });
  });

  it("is listed on from where the page before ended, also when that prompt is out of it by then", async () => {
    for (const name of ["page 1", "page 2", "page 3"]) {
      await library.save({ name, text: "x" });
      await trash(name);
    }
    const page = (cursor: string | null) =>
      listTrash(library.database.reads, library.project, { limit: 1, cursor }).then(
        ({ items: [item], nextCursor }) => ({
          item,
          nextCursor,
        }),
      );
    const first = await page(null);
    expect(first.item?.name).toBe("page 3");
    await restore(first.item?.id ?? "");
    expect((await page(first.nextCursor)).item?.name).toBe("page 2");
  });

  it("takes nothing twice and gives back nothing that is not in it", async () => {
    await twoVersions("once");
    const { id } = await trash("once");
    await expect(trash("once")).rejects.toMatchObject({ code: "prompt_not_found" });
    await restore(id);
    await expect(restore(id)).rejects.toMatchObject({ code: "prompt_not_found" });
  });

  it("restored into by many at once comes back once", async () => {
    await twoVersions("many");
    const { id } = await trash("many");
    const all = await Promise.allSettled(Array.from({ length: 6 }, () => restore(id)));
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});
