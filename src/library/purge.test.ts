import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exported } from "../../test/support/exports.ts";
import { ACTOR, countRows, runOnce, type TestLibrary } from "../../test/support/library.ts";
import { filesBelow, TestMirror } from "../../test/support/mirror.ts";
import { currentCursor, deleteOldChanges, readChanges } from "../database/changes.ts";
import { readChangedPrompts } from "./changed-prompts.ts";
import { writeFetches } from "./label-fetches.ts";
import { undoLabel } from "./label-undo.ts";
import { moveLabel } from "./labels.ts";
import { listTrash } from "./list.ts";
import { protectLabel } from "./protected-labels.ts";
import { purgePrompt } from "./purge.ts";
import { redactVersion } from "./redact.ts";
import { renamePrompt } from "./rename.ts";
import { restorePrompt, trashPrompt } from "./trash.ts";

const SAID = "quetzalcoatlus";
/** A former name, which it still answered under, and one that it did not. */
const NAMES = ["was/first", "was/second"];

let mirror: TestMirror;
let library: TestLibrary;
beforeEach(async () => {
  mirror = await TestMirror.open();
  library = mirror.library;
});
afterEach(async () => await mirror.close());

const trash = async (name: string) => (await trashPrompt(library.database, library.project, ACTOR, name)).id;
const purge = (id: string) => purgePrompt(library.database, library.project, ACTOR, id);
const lastDeed = async () =>
  (await library.asSuperuser("select action, subject, details from audit_log order by id desc limit 1"))[0];
const rowsOf = (table: string) => library.asSuperuser(`select * from ${table}`);
const idOf = async (name: string) =>
  ((await library.asSuperuser(`select id from prompts where name = '${name}'`)) as { id: string }[])[0]?.id ?? "";

/** A prompt that has all that one can have. */
async function saveFull(): Promise<void> {
  const { database, project } = library;
  await library.save({ name: "was/first", text: `one ${SAID}`, labels: ["production"], tags: ["t"] });
  await library.save({ name: "was/first", text: "two", description: SAID });
  await moveLabel(database, project, ACTOR, "was/first", "production", 2);
  await undoLabel(database, project, ACTOR, "was/first", "production", undefined);
  await renamePrompt(database, project, ACTOR, "was/first", "was/second");
  await renamePrompt(database, project, ACTOR, "was/second", "is");
  const at = new Date();
  const fetch = { promptId: await idOf("is"), label: "latest", caller: "key:a", count: 3, firstAt: at, lastAt: at };
  await writeFetches(database.writes, [fetch]);
}

/** Rows that say something of it, by table. */
async function rowsWith(text: string): Promise<string[]> {
  const tables = (await library.asSuperuser(
    "select table_name from information_schema.tables where table_schema = 'promptlib'",
  )) as { table_name: string }[];
  const found = tables.map(async ({ table_name }) =>
    (await library.asSuperuser(`select from ${table_name} as t where t::text like '%${text}%'`)).map(() => table_name),
  );
  return (await Promise.all(found)).flat();
}

describe("a purged prompt", () => {
  it("is gone from every table; the audit log says that it was there, and who purged it", async () => {
    await library.save({ name: "other", text: "stays", labels: ["production"] });
    const [before, text] = [await rowsWith("other"), await exported(library)];
    await saveFull();
    const id = await trash("is");
    expect(await rowsWith(SAID)).not.toEqual([]);
    expect(await purge(id)).toMatchObject({ id, name: "is", newest: 2, heldByBackupsUntil: null });
    expect(await rowsWith(SAID)).toEqual([]);
    for (const table of ["versions", "labels", "label_moves"]) expect(await rowsOf(table), table).toHaveLength(1);
    for (const table of ["aliases", "label_fetches"]) expect(await rowsOf(table), table).toEqual([]);
    expect(await lastDeed()).toEqual({ action: "prompt.purge", subject: "is", details: { id, versions: 2 } });
    expect(await rowsWith("other")).toEqual(before);
    expect(await exported(library)).toBe(text);
    expect((await listTrash(library.database.reads, library.project, { limit: 9, cursor: null })).items).toEqual([]);
    const back = restorePrompt(library.database, library.project, ACTOR, id);
    await expect(back).rejects.toMatchObject({ code: "prompt_not_found" });
    // Its names are free, and a count that comes late is passed over.
    await library.save({ name: "is", text: "another" });
    await writeFetches(library.database.writes, [
      { promptId: id, label: "latest", caller: "key:a", count: 1, firstAt: new Date(), lastAt: new Date() },
    ]);
  });

  it("leaves no word of its name, tags and description that another search is corrected to", async () => {
    await library.save({ name: "xylophone", text: "x", tags: ["zeppelin"], description: "marzipan, shared" });
    await library.save({ name: "other", text: "shared" });
    const query = "select array_agg(word order by word) as words from search_words";
    const words = async () => (await library.asSuperuser(query))[0];
    expect(await words()).toEqual({ words: ["marzipan", "other", "shared", "xylophone", "zeppelin"] });
    await purge(await trash("xylophone"));
    expect(await words()).toEqual({ words: ["other", "shared"] });
  });

  it("was in the trash, of this project, and without a label that the caller may not move", async () => {
    await library.save({ name: "living", text: "x" });
    const living = await idOf("living");
    await expect(purge(living)).rejects.toMatchObject({ code: "prompt_not_found" });
    await expect(runOnce(library.fresh.appConfig, `select purge_prompt(${living})`)).rejects.toThrow(
      "not in the trash",
    );
    const guard = runOnce(library.fresh.guardConfig, `select purge_prompt(${living})`);
    await expect(guard).rejects.toMatchObject({ code: "42501" });
    await library.save({ name: "guarded", text: "x", labels: ["production"] });
    const guarded = await trash("guarded");
    const elsewhere = purgePrompt(library.database, { id: "999", name: "elsewhere" }, ACTOR, guarded);
    await expect(elsewhere).rejects.toMatchObject({ code: "prompt_not_found" });
    await protectLabel(library.database, library.project, ACTOR, "production");
    await expect(purge(guarded)).rejects.toMatchObject({ code: "label_protected" });
    expect(await countRows(library, "prompts")).toBe(2);
  });

  it("is told as gone to who listens, under each name that it had, as long as changes are kept", async () => {
    await saveFull();
    const id = await trash("is");
    const before = await currentCursor(library.database.reads);
    await purge(id);
    const { changes } = await readChanges(library.database.reads, before, 10);
    const read = () => readChangedPrompts(library.database.reads, [id]);
    const [told] = await read();
    expect(told).toMatchObject({ name: "is", trashed: true, formerNames: NAMES });
    expect(changes).toMatchObject([{ kind: "prompt", subject: id, revision: BigInt(told?.revision ?? 0) }]);
    await library.asSuperuser("update purged_prompts set purged_at = now() - interval '9 days'");
    await deleteOldChanges(library.database.writes);
    expect(await read()).toEqual([]);
  });

  it("leaves nothing in the mirror, also where that was away, or is compared as a whole; nothing is moved aside", async () => {
    for (const compared of [false, true]) {
      mirror.startWriter();
      await saveFull();
      await mirror.caughtUp();
      expect(await mirror.promptFiles()).not.toEqual([]);
      await mirror.stopWriters();
      await purge(await trash("is"));
      if (compared) await rm(join(mirror.folder, ".mirror.json"));
      mirror.startWriter();
      await mirror.caughtUp();
      await mirror.stopWriters();
      const left = (await filesBelow(mirror.folder)).filter((path) => !path.includes("/.mirror"));
      expect(left, String(compared)).toEqual([]);
    }
    await expect(filesBelow(mirror.beyond)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("a version in the trash", () => {
  it("is redacted as any other, but where a label is on it", async () => {
    await library.save({ name: "a", text: SAID });
    await library.save({ name: "a", text: "clean" });
    const id = await trash("a");
    const redact = (version: number) =>
      redactVersion(library.database, library.project, ACTOR, { trashed: id }, version, "a password");
    expect(await redact(1)).toMatchObject({ name: "a", version: 1, redactedBy: ACTOR.name });
    expect(await rowsWith(SAID)).toEqual([]);
    await expect(redact(2)).rejects.toMatchObject({ code: "version_in_use", details: { labels: ["latest"] } });
    expect(await lastDeed()).toMatchObject({ action: "version.redact", subject: "a" });
  });
});
