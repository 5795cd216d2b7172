import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exported, fill } from "../../test/support/exports.ts";
import { ACTOR, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { TestMirror } from "../../test/support/mirror.ts";
import type { ExportedPrompt, ExportLine } from "../contract/export.ts";
import { transact } from "../database/transaction.ts";
import type { Actor } from "./actor.ts";
import { listAudit } from "./audit.ts";
import { findPrompt, type ProjectRef } from "./find.ts";
import { undoLabel } from "./label-undo.ts";
import { listTrash } from "./list.ts";
import { fetchMirrored } from "./mirror-reader.ts";
import { movePrompt } from "./move.ts";
import { prepareSave } from "./prepare-save.ts";
import { createProject } from "./projects.ts";
import { protectLabel } from "./protected-labels.ts";
import { renamePrompt } from "./rename.ts";
import { savePrompt } from "./save.ts";
import { restorePrompt } from "./trash.ts";

const ADMIN: Actor = { ...ACTOR, protectedLabels: "all" };

let library: TestLibrary;
let there: TestLibrary;

async function otherProject(of: TestLibrary): Promise<TestLibrary> {
  await createProject(of.database, ACTOR, { name: "there" }, null);
  const query = of.database.reads.selectFrom("projects").select(["id", "name"]).where("name", "=", "there");
  const project = await query.executeTakeFirstOrThrow();
  return {
    ...of,
    project,
    save: (prompt) => transact(of.database, (db) => savePrompt(db, project, ACTOR, prepareSave(prompt))),
  };
}

const move = (name: string, to: { name?: string; actor?: Actor; project?: ProjectRef } = {}) => {
  const { database, project } = library;
  return movePrompt(database, project, ADMIN, name, { project: there.project, name, actor: ACTOR, ...to });
};
const named = async ({ database, project }: TestLibrary, name: string) =>
  (await findPrompt(database.reads, project, name))?.prompt.name ?? null;
const trashOf = async ({ database, project }: TestLibrary) =>
  (await listTrash(database.reads, project, { limit: 50, cursor: null })).items;

/** A prompt of an export with its versions, by its name, living or not. */
async function linesOf(of: TestLibrary, name: string) {
  const lines = (await exported(of))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as ExportLine);
  const start = lines.findIndex((line) => "prompt" in line && line.prompt.name === name);
  const [first, ...rest] = lines.slice(start);
  if (!first || !("prompt" in first)) throw new Error(`the export has no ${name}`);
  return { prompt: first.prompt, versions: rest.slice(0, first.prompt.versions) };
}

describe("a move to another project", () => {
  beforeEach(async () => {
    library = await openLibrary();
    there = await otherProject(library);
  });
  afterEach(async () => await library.close());

  it("takes everything along but former names and where it was imported from", async () => {
    await fill(library);
    for (const name of ["mail/Grüße 😀", "Chat", "verbatim", "is"]) {
      const before = await linesOf(library, name);
      const moved = await move(name, { name: `new/${name}`, actor: ADMIN });
      expect(moved).toMatchObject({ project: "there", name: `new/${name}`, newest: before.prompt.versions });
      const after = await linesOf(there, `new/${name}`);
      const { updatedAt } = after.prompt;
      const kept: ExportedPrompt = { ...before.prompt, name: `new/${name}`, aliases: [], source: null, updatedAt };
      expect(after).toEqual({ prompt: kept, versions: before.versions });
    }
  });

  it("leaves out no column: the rows there are those here but for ids", async () => {
    await fill(library);
    const { id } = (await findPrompt(library.database.reads, library.project, "is"))?.prompt ?? { id: "" };
    await move("is", { actor: ADMIN });
    const copy = (await findPrompt(there.database.reads, there.project, "is"))?.prompt.id ?? "";
    for (const table of ["versions", "labels", "label_moves"]) {
      const rows = (of: string) =>
        library.asSuperuser(`select to_jsonb(t) - array['id', 'prompt_id', 'undoes'] as row from promptlib.${table} t
          where prompt_id = ${of} order by (to_jsonb(t) - array['id', 'prompt_id', 'undoes'])::text`);
      expect((await rows(id)).length).toBeGreaterThan(0);
      expect(await rows(copy), table).toEqual(await rows(id));
    }
  });

  it("ends what applications reach here, under former names, too, and can be taken back from the trash", async () => {
    await library.save({ name: "old", text: "x", labels: ["production"] });
    await renamePrompt(library.database, library.project, ACTOR, "old", "new");
    await move("new");
    expect([await named(library, "new"), await named(library, "old")]).toEqual([null, null]);
    expect([await named(there, "new"), await named(there, "old")]).toEqual(["new", null]);
    const [trashed] = await trashOf(library);
    await restorePrompt(library.database, library.project, ACTOR, trashed?.id ?? "");
    expect([await named(library, "new"), await named(library, "old")]).toEqual(["new", "new"]);
  });

  it("goes on there: labels can be undone to where they were, and the next save is the next version", async () => {
    await library.save({ name: "a", text: "one", labels: ["production"] });
    await library.save({ name: "a", text: "two", labels: ["production"] });
    await move("a");
    const { database, project } = there;
    await undoLabel(database, project, ACTOR, "a", "production", undefined);
    expect((await findPrompt(database.reads, project, "a"))?.labels).toEqual({ production: 1 });
    expect(await there.save({ name: "a", text: "three" })).toMatchObject({ version: 3 });
  });

  it("is written down in both projects", async () => {
    await library.save({ name: "a", text: "x" });
    await move("a", { name: "b" });
    const page = { limit: 9, cursor: null };
    const deeds = (await listAudit(library.database.reads, page, { action: "prompt.move" })).items;
    expect(deeds.map(({ project, subject, details }) => ({ project, subject, details }))).toEqual([
      { project: "there", subject: "b", details: { from: { project: "default", name: "a" } } },
      { project: "default", subject: "a", details: { to: { project: "there", name: "b" } } },
    ]);
  });
});

describe("a move that is refused changes nothing", () => {
  beforeEach(async () => {
    library = await openLibrary();
    there = await otherProject(library);
    await library.save({ name: "a", text: "x", labels: ["production"] });
  });
  afterEach(async () => {
    expect(await named(library, "a")).toBe("a");
    expect(await trashOf(library)).toEqual([]);
    await library.close();
  });

  it("where the name is taken there, also as a former one that answers", async () => {
    await there.save({ name: "a", text: "theirs" });
    await expect(move("a")).rejects.toMatchObject({ code: "already_exists" });
    await renamePrompt(there.database, there.project, ACTOR, "a", "b");
    await expect(move("a")).rejects.toMatchObject({ code: "already_exists" });
    expect(await named(there, "a")).toBe("b");
  });

  it("where a label is protected there, and the mover is no admin there", async () => {
    await protectLabel(there.database, there.project, ADMIN, "production");
    await expect(move("a")).rejects.toMatchObject({ code: "label_protected" });
    expect(await named(there, "a")).toBeNull();
  });

  it("where a label is protected here, and the mover is no admin here", async () => {
    await protectLabel(library.database, library.project, ADMIN, "production");
    const to = { project: there.project, name: "a", actor: ADMIN };
    const moving = movePrompt(library.database, library.project, ACTOR, "a", to);
    await expect(moving).rejects.toMatchObject({ code: "label_protected" });
  });

  it("where others include it", async () => {
    await library.save({ name: "parent", text: "{{> a}}" });
    await expect(move("a")).rejects.toMatchObject({ code: "prompt_included", details: { includedBy: ["parent"] } });
  });

  it("where it is there already, or is not there at all", async () => {
    await expect(move("a", { project: library.project })).rejects.toMatchObject({ code: "invalid_request" });
    await expect(move("nothing")).rejects.toMatchObject({ code: "prompt_not_found" });
  });
});

it("the mirror answers for it in the other project, and no more in the one that it left", async () => {
  const mirror = await TestMirror.open();
  try {
    library = mirror.library;
    there = await otherProject(library);
    mirror.startWriter();
    await library.save({ name: "a", text: "x" });
    await mirror.caughtUp();
    await move("a");
    await mirror.caughtUp();
    expect(await fetchMirrored(mirror.folder, "there", "a", {})).toMatchObject({
      prompt: { project: "there", text: "x" },
    });
    const here = fetchMirrored(mirror.folder, "default", "a", {});
    await expect(here).rejects.toMatchObject({ code: "prompt_not_found" });
  } finally {
    await mirror.close();
  }
});
