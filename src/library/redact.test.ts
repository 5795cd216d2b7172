import { readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACTOR, countRows, runOnce, type TestLibrary } from "../../test/support/library.ts";
import { filesBelow, TestMirror } from "../../test/support/mirror.ts";
import { undoLabel } from "./label-undo.ts";
import { moveLabel } from "./labels.ts";
import { listVersions } from "./list.ts";
import { fetchMirrored } from "./mirror-reader.ts";
import { ReadyPrompts } from "./ready.ts";
import { redactVersion } from "./redact.ts";
import { duplicatePrompt } from "./rename.ts";
import { trashPrompt } from "./trash.ts";

const SECRET = "hunter2-hunter2";

let mirror: TestMirror;
let library: TestLibrary;
beforeEach(async () => {
  mirror = await TestMirror.open();
  library = mirror.library;
});
afterEach(async () => await mirror.close());

const redact = (name: string, version: number) =>
  redactVersion(library.database, library.project, ACTOR, { name }, version, "a password");
const move = (name: string, version: number) =>
  moveLabel(library.database, library.project, ACTOR, name, "production", version);
const versions = async (name: string) =>
  (await listVersions(library.database.reads, library.project, name, { limit: 50, cursor: null })).items;

async function secretThenClean(name: string) {
  await library.save({
    name,
    text: `password: ${SECRET}`,
    config: { key: SECRET },
    variables: { a: { default: SECRET } },
  });
  await library.save({ name, text: "clean" });
}

/** Every row of the library's tables that holds the secret, as text. */
async function rowsWithSecret(): Promise<unknown[]> {
  const tables = (await library.asSuperuser(
    "select table_name from information_schema.tables where table_schema = 'promptlib'",
  )) as { table_name: string }[];
  const found = await Promise.all(
    tables.map(({ table_name }) =>
      library.asSuperuser(`select '${table_name}' as name from ${table_name} as t where t::text like '%${SECRET}%'`),
    ),
  );
  return found.flat();
}

async function filesWithSecret(): Promise<string[]> {
  const paths = await filesBelow(mirror.folder);
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8")));
  return paths.filter((_, at) => texts[at]?.includes(SECRET));
}

describe("a redacted version", () => {
  it("says nothing any more, in no table; number, author, time and hash stay", async () => {
    await secretThenClean("a");
    const [, before] = await versions("a");
    expect(await rowsWithSecret()).toEqual([{ name: "versions" }]);
    expect(await redact("a", 1)).toMatchObject({
      name: "a",
      version: 1,
      redactedBy: ACTOR.name,
      heldByBackupsUntil: null,
    });
    expect(await rowsWithSecret()).toEqual([]);
    const [newest, after] = await versions("a");
    expect(newest).toMatchObject({ version: 2, redactedAt: null, redactedBy: null });
    expect(after).toEqual({ ...before, redactedAt: expect.any(String), redactedBy: ACTOR.name });
    expect(
      await library.asSuperuser("select action, subject, details from audit_log order by id desc limit 1"),
    ).toEqual([{ action: "version.redact", subject: "a", details: { version: 1, reason: "a password" } }]);
  });

  it("comes with the versions that say the same and are still there, in the trash as well, of its project alone", async () => {
    await secretThenClean("a");
    for (const to of ["b", "c"])
      await duplicatePrompt(library.database, library.project, ACTOR, "a", { to, version: 1 });
    await secretThenClean("a");
    await trashPrompt(library.database, library.project, ACTOR, "c");
    await library.asSuperuser(`
      with other as (insert into projects (name) values ('other') returning id),
        prompt as (insert into prompts (project_id, name, type, newest) select id, 'd', 'text', 1 from other returning id)
      insert into versions (prompt_id, version, text, variables, config, template, content_hash, author)
        select prompt.id, 1, text, variables, config, template, content_hash, author
        from prompt, versions where text is not null order by version limit 1`);
    const copies = [
      { name: "a", version: 3, trashed: false },
      { name: "b", version: 1, trashed: false },
      { name: "c", version: 1, trashed: true },
    ];
    expect((await redact("a", 1)).copies).toEqual(copies);
    expect((await redact("a", 3)).copies).toEqual(copies.slice(1));
  });

  it("is fetched, duplicated and labelled by nobody", async () => {
    await secretThenClean("a");
    await move("a", 1);
    await move("a", 2);
    await redact("a", 1);
    const gone = { code: "version_redacted" };
    const ready = new ReadyPrompts(1e6);
    await expect(ready.read(library.database.reads, library.project, "a", { version: 1 })).rejects.toMatchObject(gone);
    const copy = duplicatePrompt(library.database, library.project, ACTOR, "a", { to: "b", version: 1 });
    await expect(copy).rejects.toMatchObject(gone);
    await expect(move("a", 1)).rejects.toMatchObject(gone);
    const undo = undoLabel(library.database, library.project, ACTOR, "a", "production", undefined);
    await expect(undo).rejects.toMatchObject(gone);
  });

  it("is not one that a label is on: applications that fetch it must not break", async () => {
    await secretThenClean("a");
    await move("a", 1);
    await expect(redact("a", 1)).rejects.toMatchObject({ code: "version_in_use", details: { labels: ["production"] } });
    await expect(redact("a", 2)).rejects.toMatchObject({ code: "version_in_use", details: { labels: ["latest"] } });
    await expect(redact("a", 3)).rejects.toMatchObject({ code: "version_not_found" });
    await expect(redact("b", 1)).rejects.toMatchObject({ code: "prompt_not_found" });
    expect((await versions("a")).map(({ redactedAt }) => redactedAt)).toEqual([null, null]);
  });

  it("stays as it is when it is redacted again; the server changes versions in no other way", async () => {
    await secretThenClean("a");
    const first = await redact("a", 1);
    const [changes, deeds] = [await countRows(library, "changes"), await countRows(library, "audit_log")];
    expect(await redact("a", 1)).toEqual(first);
    expect([await countRows(library, "changes"), await countRows(library, "audit_log")]).toEqual([changes, deeds]);
    for (const statement of ["update versions set text = 'x'", "update versions set redacted_at = null"]) {
      await expect(runOnce(library.fresh.appConfig, statement)).rejects.toMatchObject({ code: "42501" });
    }
    const guard = runOnce(library.fresh.guardConfig, "select redact_version(1, 2, 'x')");
    await expect(guard).rejects.toMatchObject({ code: "42501" });
  });

  it("is never labelled by a move at the same time", async () => {
    for (let round = 0; round < 8; round += 1) {
      const name = `race ${round}`;
      await secretThenClean(name);
      const [redacted, moved] = await Promise.allSettled([redact(name, 1), move(name, 1)]);
      expect([redacted.status, moved.status].toSorted()).toEqual(["fulfilled", "rejected"]);
    }
  });
});

describe("the mirror", () => {
  it("forgets what was redacted, and says so when it is asked", async () => {
    mirror.startWriter();
    await secretThenClean("a");
    await mirror.caughtUp();
    expect(await filesWithSecret()).toHaveLength(1);
    await redact("a", 1);
    await mirror.caughtUp();
    expect(await filesWithSecret()).toEqual([]);
    await expect(fetchMirrored(mirror.folder, "default", "a", { version: 1 })).rejects.toMatchObject({
      code: "version_redacted",
    });
    expect(await fetchMirrored(mirror.folder, "default", "a", { version: 2 })).toMatchObject({
      prompt: { text: "clean" },
    });
  });

  it("makes its archives anew, with everything else in them", async () => {
    mirror.startWriter();
    const large = (text: string) => text.padEnd(900_000, "x");
    await library.save({ name: "a", text: large(SECRET) });
    for (let version = 2; version <= 9; version += 1) await library.save({ name: "a", text: large(`v${version}`) });
    await mirror.caughtUp();
    expect((await mirror.promptFiles()).length).toBeGreaterThan(1);
    expect(await filesWithSecret()).toHaveLength(1);
    await redact("a", 1);
    await mirror.caughtUp();
    expect(await filesWithSecret()).toEqual([]);
    for (let version = 2; version <= 9; version += 1) {
      const { text } = (await fetchMirrored(mirror.folder, "default", "a", { version })).prompt;
      expect(text).toMatch(new RegExp(`^v${version}x`));
    }
  });

  it("that was away at the redaction catches up, also when it is compared as a whole, and moves nothing aside", async () => {
    mirror.startWriter();
    await secretThenClean("a");
    await mirror.caughtUp();
    await mirror.stopWriters();
    await redact("a", 1);
    await writeFile(`${mirror.folder}/.mirror.json`, "{}");
    mirror.startWriter();
    await mirror.caughtUp();
    expect(await filesWithSecret()).toEqual([]);
    expect(await filesBelow(mirror.beyond).catch(() => [])).toEqual([]);
  });
});
