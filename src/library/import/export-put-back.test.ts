import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ADMIN, answering, exported, putBack, told } from "../../../test/support/exports.ts";
import { ACTOR, countRows, openLibrary, type TestLibrary } from "../../../test/support/library.ts";
import type { ImportItem } from "../../contract/import-shapes.ts";
import { moveLabel } from "../labels.ts";
import { listProtectedLabels, protectLabel } from "../protected-labels.ts";
import { redactVersion } from "../redact.ts";
import { renamePrompt } from "../rename.ts";
import { restorePrompt, trashPrompt } from "../trash.ts";

let from: TestLibrary;
let into: TestLibrary;
beforeEach(async () => {
  [from, into] = await Promise.all([openLibrary(), openLibrary()]);
});
afterEach(async () => {
  await Promise.all([from.close(), into.close()]);
});

/** A prompt that had another name before. */
async function saveRenamed({ database, project, save }: TestLibrary, name: string, to: string): Promise<void> {
  await save({ name, text: `${name}, then ${to}` });
  await renamePrompt(database, project, ACTOR, name, to);
}

const trash = ({ database, project }: TestLibrary, name: string) => trashPrompt(database, project, ACTOR, name);
const protect = ({ database, project }: TestLibrary, label: string) => protectLabel(database, project, ACTOR, label);
const protections = async ({ database, project }: TestLibrary) =>
  (await listProtectedLabels(database.reads, project)).items;
const noted = (items: readonly ImportItem[]) => items.map(({ name, result, notes }) => [name, result, ...notes]);

/** The former names of a prompt, as an export tells them. */
async function formerNames(library: TestLibrary, name: string): Promise<string[]> {
  const lines = (await exported(library)).trim().split("\n");
  const aliases = lines.map((line) => JSON.parse(line).prompt).find((prompt) => prompt?.name === name)?.aliases ?? [];
  return aliases.map(
    (alias: { name: string; endedAt: string | null }) => `${alias.name}${alias.endedAt ? " ended" : ""}`,
  );
}

describe("a former name that is put back", () => {
  it("and is the name of a prompt here does not answer; it is kept, and told", async () => {
    await saveRenamed(from, "a", "b");
    await into.save({ name: "a", text: "mine" });
    const items = [["b", "created", "its former name “a” does not answer for it here: there is a prompt of that name"]];
    expect(noted(await putBack(into, await exported(from), { dryRun: true }))).toEqual(items);
    expect(noted(await putBack(into, await exported(from)))).toEqual(items);
    expect([await answering(into, "a"), await answering(into, "b")]).toEqual(["a", "b"]);
    expect(await formerNames(into, "b")).toEqual(["a ended"]);
    expect(noted(await putBack(into, await exported(from)))).toEqual([["b", "unchanged"]]);
  });

  it("and is a former name of another prompt here goes on answering for that one", async () => {
    await saveRenamed(from, "a", "b");
    await saveRenamed(into, "a", "mine");
    expect(noted(await putBack(into, await exported(from)))).toEqual([
      ["b", "created", "its former name “a” does not answer for it here: it is a former name of “mine”"],
    ]);
    expect(await answering(into, "a")).toBe("mine");
    expect(await formerNames(into, "b")).toEqual(["a ended"]);
  });

  it("answers where only a prompt in the trash had it, which blocks no name", async () => {
    await saveRenamed(from, "a", "b");
    await saveRenamed(into, "a", "mine");
    await trash(into, "mine");
    expect(noted(await putBack(into, await exported(from)))).toEqual([["b", "created"]]);
    expect(await answering(into, "a")).toBe("b");
    expect(await formerNames(into, "mine")).toEqual(["a ended"]);
  });

  it("of a prompt in the trash takes no name here, not when it is brought back either", async () => {
    for (const name of ["a", "c", "e"]) {
      await saveRenamed(from, name, `${name}/new`);
      await trash(from, `${name}/new`);
    }
    await into.save({ name: "a", text: "mine" });
    await saveRenamed(into, "c", "mine");
    await saveRenamed(into, "e", "thrown");
    await trash(into, "thrown");
    expect(noted(await putBack(into, await exported(from)))).toEqual([
      ["a/new", "created", "its former name “a” does not answer for it here: there is a prompt of that name"],
      ["c/new", "created", "its former name “c” does not answer for it here: it is a former name of “mine”"],
      ["e/new", "created", "its former name “e” does not answer for it here: it is a former name of “thrown”"],
    ]);
    for (const row of await into.asSuperuser("select id::text from prompts where name like '%/new'")) {
      await restorePrompt(into.database, into.project, ADMIN, (row as { id: string }).id);
    }
    expect([await answering(into, "a"), await answering(into, "c")]).toEqual(["a", "mine"]);
  });
});

describe("a prompt that is put back", () => {
  it("under what is a former name here is rejected: applications go on getting what they got", async () => {
    await from.save({ name: "a", text: "from elsewhere" });
    await saveRenamed(into, "a", "b");
    const items = await putBack(into, await exported(from));
    expect(told(items)).toEqual(["3 a: “a” is a former name of “b”, which still answers under it."]);
    expect(await answering(into, "a")).toBe("b");
    await trash(into, "b");
    expect(noted(await putBack(into, await exported(from)))).toEqual([["a", "created"]]);
    expect(await answering(into, "a")).toBe("a");
  });

  it("out of the trash there, and changed here since, does not come a second time", async () => {
    await from.save({ name: "a", text: "x" });
    await trash(from, "a");
    const text = await exported(from);
    expect(noted(await putBack(into, text))).toEqual([["a", "created"]]);
    const [row] = await into.asSuperuser("select id::text from prompts");
    await restorePrompt(into.database, into.project, ADMIN, (row as { id: string }).id);
    const since = ["3 a: it is here already, and was changed since"];
    expect(told(await putBack(into, text))).toEqual(since);
    await trash(into, "a");
    expect(told(await putBack(into, text))).toEqual(since);
    expect(await countRows(into, "prompts")).toBe(1);
  });

  it("is brought back by the export although it went to the trash here", async () => {
    await from.save({ name: "a", text: "x" });
    const text = await exported(from);
    await putBack(into, text);
    await trash(into, "a");
    expect(noted(await putBack(into, text))).toEqual([["a", "created"]]);
    expect(noted(await putBack(into, text))).toEqual([["a", "unchanged"]]);
  });

  it("does not bring back what was redacted here since", async () => {
    for (const text of ["secret", "clean"]) await from.save({ name: "a", text });
    const before = await exported(from);
    await redactVersion(from.database, from.project, ACTOR, { name: "a" }, 1, "a password");
    const after = await exported(from);
    expect(after).not.toContain("secret");
    expect((await putBack(from, before)).map(({ result }) => result)).toEqual(["rejected"]);
    expect(await exported(from)).toBe(after);
  });
});

describe("protected labels that are put back", () => {
  it("are added to those that are protected here, which stay as they are; the first item tells", async () => {
    for (const name of ["a", "b"]) await from.save({ name, text: "x" });
    for (const label of ["production", "staging"]) await protect(from, label);
    for (const label of ["here", "production"]) await protect(into, label);
    const here = await protections(into);
    const items = [
      ["a", "created", "protected in the project from now on: staging"],
      ["b", "created"],
    ];
    expect(noted(await putBack(into, await exported(from), { dryRun: true }))).toEqual(items);
    expect(await protections(into)).toEqual(here);
    expect(noted(await putBack(into, await exported(from)))).toEqual(items);
    const [, staging] = await protections(from);
    expect(await protections(into)).toEqual([...here, staging]);
    expect(
      await into.asSuperuser("select actor, subject from audit_log where action = 'label.protect' order by id"),
    ).toEqual([
      { actor: ACTOR.name, subject: "here" },
      { actor: ACTOR.name, subject: "production" },
      { actor: ADMIN.name, subject: "staging" },
    ]);
  });

  it("of an export without prompts are put back, too", async () => {
    await protect(from, "production");
    expect(await putBack(into, await exported(from))).toEqual([]);
    expect(await protections(into)).toEqual(await protections(from));
  });

  it.each([
    ["there", () => from],
    ["here", () => into],
  ])("bind the import: protected %s, a label is placed only by who may move it", async (_, where) => {
    await from.save({ name: "a", text: "x", labels: ["production"] });
    await from.save({ name: "b", text: "x", labels: ["staging"] });
    await protect(where(), "production");
    const text = await exported(from);
    const refused = await putBack(into, text, { actor: ACTOR });
    expect(told(refused)).toEqual([
      "3 a: This would move “production”, which is protected in this project.",
      "5 b: null",
    ]);
    expect(await countRows(into, "prompts")).toBe(1);
    expect((await putBack(into, text)).map(({ result }) => result)).toEqual(["created", "unchanged"]);
    expect(await exported(into)).toContain('"labels":[{"label":"production"');
  });
});

describe("an export that was changed by hand", () => {
  it("costs the prompt that cannot be so, and says why", async () => {
    for (const text of ["1", "2", "3"]) await from.save({ name: "a", text });
    const { database, project } = from;
    await moveLabel(database, project, ACTOR, "a", "x", 2);
    await moveLabel(database, project, ACTOR, "a", "x", 3);
    await redactVersion(database, project, ACTOR, { name: "a" }, 1, "a password");
    await renamePrompt(database, project, ACTOR, "a", "b");
    const text = await exported(from);
    const changed = async (what: string | RegExp, by: string) => {
      expect(text).toMatch(what);
      return told(await putBack(into, text.replace(what, by), { dryRun: true }));
    };
    expect(await changed(/"redactedBy":"user:ada"/, '"redactedBy":null')).toEqual(["3 b: version 1 is half redacted"]);
    expect(await changed(/"redactedBy":null/, '"redactedBy":"user:ada"')).toEqual(["3 b: version 2 is half redacted"]);
    expect(await changed(/"variables":{}/, '"text":"1","variables":{}')).toEqual([
      "3 b: version 1 is redacted, and yet says something",
    ]);
    const redacted = "3 b: version 1 is redacted, and yet a label is on it, or it is the newest";
    expect(await changed('"label":"x","version":3', '"label":"x","version":1')).toEqual([redacted]);
    expect(await changed('"undoes":null', '"undoes":0')).toEqual([
      "3 b: a move of the label x takes back what it cannot",
    ]);
    expect(await changed('"aliases":[{"name":"a"', '"aliases":[{"name":"a/"')).toEqual([
      '3 b: the former name "a/" has an empty part: a / at an end, or two in a row',
    ]);
    const missing = "the protected labels are missing here, or are not as an export has them";
    expect(await changed('{"protectedLabels":[]}\n', "")).toEqual([`2 null: ${missing}`, "2 b: null"]);
    expect(await changed('"protectedLabels":[]', '"protectedLabels":["x"]')).toEqual([
      `2 null: ${missing}`,
      "3 b: null",
    ]);
    expect(await changed('"protectedLabels":[]', "nonsense")).toEqual([
      "2 null: the line is not valid JSON",
      "3 b: null",
    ]);
    expect(await changed('"protectedLabels":[]', '"protectedLabels":[{"__proto__":1}]')).toEqual([
      "2 null: a name in it is __proto__, which cannot be kept",
      "3 b: null",
    ]);
    const latest =
      '"protectedLabels":[{"label":"latest","protectedAt":"2026-01-02T03:04:05.000006Z","protectedBy":"me"}]';
    expect(await changed('"protectedLabels":[]', latest)).toEqual([
      "2 null: latest is among the protected labels: it moves by itself",
      "3 b: null",
    ]);
  });
});
