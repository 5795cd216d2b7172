import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { countRows, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { meanwhile } from "../../test/support/meanwhile.ts";
import { transact } from "../database/transaction.ts";
import type { Actor } from "./actor.ts";
import { importFiles } from "./import/import.ts";
import { promoteLabel } from "./label-promotion.ts";
import { undoLabel } from "./label-undo.ts";
import { listLabels, moveLabel, removeLabel } from "./labels.ts";
import { prepareSave } from "./prepare-save.ts";
import { listProtectedLabels, protectLabel, unprotectLabel } from "./protected-labels.ts";
import { savePrompt } from "./save.ts";
import { restorePrompt, trashPrompt } from "./trash.ts";

const ADMIN: Actor = { name: "user:admin", address: null, protectedLabels: "all" };
const KEY: Actor = { name: "key:release", address: null, protectedLabels: ["production"] };
const EDITOR: Actor = { name: "user:editor", address: null };

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
  await protectLabel(library.database, library.project, ADMIN, "production");
});
afterAll(() => library.close());

let name = "";
let count = 0;
beforeEach(async () => {
  count += 1;
  name = `prompt ${count}`;
  await save(ADMIN, "one", ["production"]);
  await save(ADMIN, "two", ["staging"]);
});

const save = (actor: Actor, text: string, labels: string[] = [], of = name) =>
  transact(library.database, (transaction) =>
    savePrompt(transaction, library.project, actor, prepareSave({ name: of, text, labels })),
  );
const places = async () =>
  Object.fromEntries(
    (await listLabels(library.database.reads, library.project, name)).items.map(({ label, version }) => [
      label,
      version,
    ]),
  );

async function importPruning(actor: Actor) {
  const content = "act,prompt,for_devs,type\nimported,x,FALSE,TEXT\n";
  const options = { format: "csv", dryRun: false, prune: true } as const;
  async function* pieces() {
    yield { path: "p.csv", content };
  }
  return Array.fromAsync(importFiles(library.database, library.project, actor, pieces(), options));
}

/** Every way in which production of the prompt can come to be elsewhere. */
const WAYS: [string, (actor: Actor) => Promise<unknown>][] = [
  ["a move", (actor) => moveLabel(library.database, library.project, actor, name, "production", 2)],
  ["its removal", (actor) => removeLabel(library.database, library.project, actor, name, "production")],
  ["an undo", (actor) => undoLabel(library.database, library.project, actor, name, "production", undefined)],
  [
    "a promotion",
    (actor) => promoteLabel(library.database, library.project, actor, "production", { from: "staging", names: [name] }),
  ],
  ["a save with the label", (actor) => save(actor, "three", ["production"])],
  ["a new prompt with the label", (actor) => save(actor, "one", ["production"], `${name} new`)],
  ["the trash", (actor) => trashPrompt(library.database, library.project, actor, name)],
];

describe("a protected label", () => {
  it.each(WAYS)("is kept in its place by a refusal: %s", async (_way, go) => {
    const before = await Promise.all(
      (["audit_log", "changes", "versions"] as const).map((one) => countRows(library, one)),
    );
    const refusal = { code: "label_protected", details: { labels: ["production"] } };
    for (const actor of [EDITOR, { ...EDITOR, protectedLabels: ["staging"] }]) {
      await expect(go(actor)).rejects.toMatchObject(refusal);
    }
    expect(await places()).toEqual({ production: 1, staging: 2 });
    const after = await Promise.all(
      (["audit_log", "changes", "versions"] as const).map((one) => countRows(library, one)),
    );
    expect(after).toEqual(before);
  });

  it.each(WAYS)("is moved by an admin, and by a key that names it: %s", async (_way, go) => {
    await go(KEY);
    count += 1;
    name = `prompt ${count}`;
    await save(ADMIN, "one", ["production"]);
    await save(ADMIN, "two", ["staging"]);
    await go(ADMIN);
  });

  it("does not come back from the trash by whoever may not move it", async () => {
    const { id } = await trashPrompt(library.database, library.project, ADMIN, name);
    await expect(restorePrompt(library.database, library.project, EDITOR, id)).rejects.toMatchObject({
      code: "label_protected",
    });
    expect(await restorePrompt(library.database, library.project, KEY, id)).toMatchObject({ name });
  });

  it("keeps its prompt from being pruned by an import, which goes on and says so", async () => {
    await library.asSuperuser(`update prompts set source = 'csv' where name = '${name}'`);
    const lines = await importPruning(EDITOR);
    expect(lines).toContainEqual(
      expect.objectContaining({ name, result: "missing", notes: [expect.stringContaining("“production”")] }),
    );
    expect(lines.at(-1)).toMatchObject({ summary: { missing: 1, pruned: 0 } });
    expect(await places()).toMatchObject({ production: 1 });
    expect((await importPruning(ADMIN)).at(-1)).toMatchObject({ summary: { missing: 0, pruned: 1 } });
  });

  it("keeps what its prompt includes from being pruned, too", async () => {
    await save(ADMIN, "x", [], `${name} part`);
    await save(ADMIN, `{{> ${name} part}}`);
    await library.asSuperuser(`update prompts set source = 'csv' where name like '${name}%'`);
    const lines = await importPruning(EDITOR);
    expect(lines).toContainEqual(
      expect.objectContaining({
        name: `${name} part`,
        result: "missing",
        notes: [`kept, because “${name}” includes it`],
      }),
    );
    expect(lines.at(-1)).toMatchObject({ summary: { pruned: 0 } });
  });

  it("protected while somebody saves with it comes after that save, of which nothing is left half done", async () => {
    const protect = () => protectLabel(library.database, library.project, ADMIN, "staging");
    const writes = library.database.writes.withPlugin(meanwhile("InsertQueryNode", "versions", protect));
    const watched = Object.assign(Object.create(library.database), { writes }) as typeof library.database;
    const asked = prepareSave({ name, text: "three", labels: ["staging"] });
    const saved = await transact(watched, (transaction) => savePrompt(transaction, library.project, EDITOR, asked));
    expect(saved).toMatchObject({ version: 3 });
    expect(await places()).toEqual({ production: 1, staging: 3 });
    await expect(save(EDITOR, "four", ["staging"])).rejects.toMatchObject({ code: "label_protected" });
    expect(await save(EDITOR, "four")).toMatchObject({ version: 4 });
    await unprotectLabel(library.database, library.project, ADMIN, "staging");
  });

  it("hinders nobody who leaves it where it is, and none of the other labels", async () => {
    await moveLabel(library.database, library.project, EDITOR, name, "production", 1);
    await moveLabel(library.database, library.project, EDITOR, name, "staging", 1);
    expect(await save(EDITOR, "three", ["staging"])).toMatchObject({ version: 3 });
    expect(await places()).toEqual({ production: 1, staging: 3 });
  });

  it("of another project is another label", async () => {
    const [other] = (await library.asSuperuser(
      `insert into projects (name) values ('other-${count}') returning id::text, name`,
    )) as [{ id: string; name: string }];
    await transact(library.database, (transaction) =>
      savePrompt(transaction, other, EDITOR, prepareSave({ name, text: "x", labels: ["production"] })),
    );
  });
});

describe("the list of protected labels", () => {
  const listed = async () =>
    (await listProtectedLabels(library.database.reads, library.project)).items.map(({ label }) => label);

  it("grows and shrinks, each once, and the audit log knows who did it", async () => {
    await protectLabel(library.database, library.project, ADMIN, "live");
    expect(await protectLabel(library.database, library.project, KEY, "live")).toMatchObject({
      protectedBy: ADMIN.name,
    });
    expect(await listed()).toEqual(["live", "production"]);
    await unprotectLabel(library.database, library.project, ADMIN, "live");
    await expect(unprotectLabel(library.database, library.project, ADMIN, "live")).rejects.toMatchObject({
      code: "label_not_found",
    });
    const deeds = await library.asSuperuser(
      "select actor, action from audit_log where action ~ '^label.(un)?protect$' and subject = 'live' order by id",
    );
    expect(deeds).toEqual([
      { actor: ADMIN.name, action: "label.protect" },
      { actor: ADMIN.name, action: "label.unprotect" },
    ]);
  });

  it("never holds latest, which moves by itself", async () => {
    await expect(protectLabel(library.database, library.project, ADMIN, "latest")).rejects.toMatchObject({
      code: "invalid_request",
    });
  });
});
