import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACTOR } from "../../test/support/library.ts";
import { TestMirror } from "../../test/support/mirror.ts";
import { countFolders, countLabels, countTags } from "./counts.ts";
import { mirroredFolders, mirroredLabels, mirroredTags } from "./mirror-reader.ts";
import { trashPrompt } from "./trash.ts";

let mirror: TestMirror;
beforeEach(async () => {
  mirror = await TestMirror.open();
});
afterEach(async () => await mirror.close());

describe("folders, tags and labels with counts", () => {
  it("are the same with the database and without, page by page", async () => {
    const { library, folder } = mirror;
    const { database, project } = library;
    const saved = ["top", "a/1", "a/2", "a/b/3", "a/b/c/4", "a/d/5", "Grüße/x", "😀/y/z", "a%/_", "ab/1"];
    for (const [at, name] of saved.entries()) {
      const labels = ["production", ...(at % 5 ? [] : ["a-b", "a.b"])];
      await library.save({ name, text: "x", tags: ["all", ...(at % 2 ? ["odd", "Ö"] : [])], labels });
    }
    await library.save({ name: "a/gone", text: "x", tags: ["gone"], labels: ["gone"] });
    await trashPrompt(database, project, ACTOR, "a/gone");
    mirror.startWriter();
    await mirror.caughtUp();

    const top = await countFolders(database.reads, project, {});
    expect(top.items).toEqual([
      { folder: "Grüße", prompts: 1, folders: 0 },
      { folder: "a", prompts: 5, folders: 2 },
      { folder: "a%", prompts: 1, folders: 0 },
      { folder: "ab", prompts: 1, folders: 0 },
      { folder: "😀", prompts: 1, folders: 1 },
    ]);
    expect((await countFolders(database.reads, project, { folder: "a/" })).items).toEqual([
      { folder: "a/b", prompts: 2, folders: 1 },
      { folder: "a/d", prompts: 1, folders: 0 },
    ]);
    expect((await countTags(database.reads, project, {})).items).toEqual([
      { tag: "all", prompts: 10 },
      { tag: "odd", prompts: 5 },
      { tag: "Ö", prompts: 5 },
    ]);
    expect((await countLabels(database.reads, project, {})).items).toEqual([
      { label: "a-b", prompts: 2 },
      { label: "a.b", prompts: 2 },
      { label: "production", prompts: 10 },
    ]);

    for (const inside of [undefined, "a", "a/b", "Grüße", "nowhere", "😀/"]) {
      for (let cursor: string | null = ""; cursor !== null; ) {
        const query = { limit: 2, cursor, ...(inside === undefined ? {} : { folder: inside }) };
        const counted = await countFolders(database.reads, project, query);
        expect(await mirroredFolders(folder, project.name, query)).toEqual(counted);
        cursor = counted.nextCursor;
      }
    }
    for (let cursor: string | null = ""; cursor !== null; ) {
      const counted = await countTags(database.reads, project, { limit: 2, cursor });
      expect(await mirroredTags(folder, project.name, { limit: 2, cursor })).toEqual(counted);
      cursor = counted.nextCursor;
    }
    for (let cursor: string | null = ""; cursor !== null; ) {
      const counted = await countLabels(database.reads, project, { limit: 2, cursor });
      expect(await mirroredLabels(folder, project.name, { limit: 2, cursor })).toEqual(counted);
      cursor = counted.nextCursor;
    }
  });
});
