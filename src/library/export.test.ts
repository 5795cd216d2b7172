import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ADMIN, answering, exported, fill, PROMPTS, putBack, told } from "../../test/support/exports.ts";
import { ACTOR, countRows, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { type ExportLine, exportLine } from "../contract/export.ts";
import { exportPrompts } from "./export.ts";
import { undoLabel } from "./label-undo.ts";
import { moveLabel } from "./labels.ts";
import { listPrompts, listTrash } from "./list.ts";
import { protectLabel } from "./protected-labels.ts";
import { renamePrompt } from "./rename.ts";
import { restorePrompt, trashPrompt } from "./trash.ts";

let from: TestLibrary;
let into: TestLibrary;
beforeEach(async () => {
  [from, into] = await Promise.all([openLibrary(), openLibrary()]);
});
afterEach(async () => {
  await Promise.all([from.close(), into.close()]);
});

describe("an export", () => {
  it("that is put into an empty library makes one whose export is the same, to the byte", async () => {
    await fill(from);
    const text = await exported(from);
    expect((await putBack(into, text)).map(({ result }) => result)).toEqual(Array(PROMPTS).fill("created"));
    expect(await exported(into)).toBe(text);
    const list = async ({ database, project }: TestLibrary) =>
      (await listPrompts(database.reads, project, {})).items.map(({ project: _, ...rest }) => rest);
    expect(await list(into)).toEqual(await list(from));
    const trash = await listTrash(into.database.reads, into.project, { limit: 9, cursor: null });
    expect(trash.items.map(({ name }) => name)).toEqual(["thrown", "gone", "gone"]);
  });

  it("leaves out no table and no column: put back, the rows are the same but for ids and revisions", async () => {
    await fill(from);
    await putBack(into, await exported(from));
    const others = "projects users members sessions api_keys changes audit_log migrations label_fetches".split(" ");
    const tables = ["prompts", "versions", "labels", "label_moves", "aliases", "protected_labels"];
    // Made from the others; the words are those that ever occurred.
    tables.push("search_documents", "search_heads");
    others.push("search_words", "search_missing", "purged_prompts");
    const inSchema = "select table_name from information_schema.tables where table_schema = 'promptlib'";
    const named = (await from.asSuperuser(inSchema)) as { table_name: string }[];
    expect(named.map(({ table_name }) => table_name).sort()).toEqual([...tables, ...others].sort());
    for (const table of tables) {
      const own = "array['id', 'prompt_id', 'project_id', 'revision', 'undoes']";
      const statement = `select to_jsonb(t) - ${own} as row from ${table} as t order by (to_jsonb(t) - ${own})::text`;
      const rows = await from.asSuperuser(statement);
      expect(rows.length).toBeGreaterThan(0);
      expect(await into.asSuperuser(statement)).toEqual(rows);
    }
  });

  it("tells what a prompt was called, where its labels have been and why, and what was redacted", async () => {
    await fill(from);
    const lines = (await exported(from))
      .trim()
      .split("\n")
      .map((line): ExportLine => exportLine.parse(JSON.parse(line)));
    const prompts = lines.flatMap((line) => ("prompt" in line ? [line.prompt] : []));
    const is = prompts.find(({ name }) => name === "is");
    expect(is?.aliases.map(({ name, endedAt }) => `${name}${endedAt ? " ended" : ""}`)).toEqual([
      "was/first ended",
      "was/second ended",
      "was/first",
    ]);
    expect(
      is?.moves.map(({ label, from, to, undoes, promotedFrom }) => [label, from, to, undoes, promotedFrom]),
    ).toEqual([
      ["staging", null, 1, null, null],
      ["staging", 1, 2, null, null],
      ["staging", 2, 1, 1, null],
      ["staging", 1, null, 0, null],
      ["staging", null, 2, null, null],
      ["production", null, 2, null, "staging"],
      ["canary", null, 2, null, "latest"],
    ]);
    expect(lines).toContainEqual({
      version: expect.objectContaining({ message: "pasted", redactedAt: expect.any(String), redactedBy: ACTOR.name }),
    });
    expect(lines[1]).toMatchObject({ protectedLabels: [{ label: "10" }, { label: "production" }] });
  });

  it("has every version of every prompt in order, however many one has and whoever stands beside it", async () => {
    await from.asSuperuser(`
      insert into prompts (project_id, name, type, newest)
        select ${from.project.id}, 'p ' || lpad(at::text, 3, '0'), 'text', (array[1, 9, 1, 10, 11, 2, 20, 3, 21])[1 + at % 9]
        from generate_series(1, 220) at;
      insert into versions (prompt_id, version, text, variables, config, template, content_hash, author)
        select id, at, '', '{}', '{}', 'none', '', 'user:ada' from prompts, generate_series(1, newest) at`);
    const wanted = await from.asSuperuser("select name, newest from prompts order by name");
    const seen: { name: string; newest: number }[] = [];
    for await (const line of exportPrompts(from.database, from.project)) {
      const last = seen.at(-1);
      if ("prompt" in line) seen.push({ name: line.prompt.name, newest: 0 });
      else if ("version" in line && last) {
        last.newest += 1;
        expect(line.version.version).toBe(last.newest);
      }
    }
    expect(seen).toEqual(wanted);
  });

  it("of an empty library is a beginning and an end", async () => {
    expect(await exported(from)).toBe(
      '{"promptlibExport":1}\n{"protectedLabels":[]}\n{"end":{"prompts":0,"versions":0}}\n',
    );
    expect(await putBack(into, await exported(from))).toEqual([]);
  });

  it("has lines of the shape that is promised", async () => {
    await fill(from);
    for (const line of (await exported(from)).trim().split("\n")) exportLine.parse(JSON.parse(line));
  });

  it("shows one moment: what is saved while it is read is not in it", async () => {
    await fill(from);
    const text = await exported(from);
    const lines: ExportLine[] = [];
    for await (const line of exportPrompts(from.database, from.project)) {
      lines.push(line);
      if (lines.length === 4) {
        await from.save({ name: "zzz", text: "late" });
        await from.save({ name: "verbatim", text: "late" });
        await trashPrompt(from.database, from.project, ADMIN, "mail/Grüße 😀");
        await renamePrompt(from.database, from.project, ADMIN, "is", "late");
        await protectLabel(from.database, from.project, ADMIN, "late");
      }
    }
    expect(lines.map((line) => `${JSON.stringify(line)}\n`).join("")).toBe(text);
  });

  it("that nobody reads to its end gives its connection back", async () => {
    await fill(from);
    for (let at = 0; at < 15; at += 1) {
      for await (const _ of exportPrompts(from.database, from.project)) break;
    }
    expect((await exported(from)).length).toBeGreaterThan(1000);
  });
});

describe("an export that comes back", () => {
  it("a second time changes nothing; dry it changes nothing at all", async () => {
    await fill(from);
    const text = await exported(from);
    expect((await putBack(into, text, { dryRun: true })).map(({ result }) => result)).toEqual(
      Array(PROMPTS).fill("created"),
    );
    expect(await countRows(into, "prompts")).toBe(0);
    await putBack(into, text, { size: 7 });
    const audit = await countRows(into, "audit_log");
    expect((await putBack(into, text)).map(({ result }) => result)).toEqual(Array(PROMPTS).fill("unchanged"));
    expect(await countRows(into, "audit_log")).toBe(audit);
    expect(await exported(into)).toBe(text);
  });

  it("does not touch a prompt that has one of its names", async () => {
    await fill(from);
    await into.save({ name: "Chat", text: "mine" });
    const items = await putBack(into, await exported(from));
    expect(told(items.filter(({ result }) => result === "rejected"))).toEqual([
      '3 Chat: there is a prompt named "Chat" already; put an export into a project that has none of its names',
    ]);
    expect(items.filter(({ result }) => result === "created")).toHaveLength(PROMPTS - 1);
  });

  it("goes on being used: the next version and label are put on top", async () => {
    await fill(from);
    await putBack(into, await exported(from));
    expect(await into.save({ name: "mail/Grüße 😀", text: "next" })).toMatchObject({ version: 26 });
    await moveLabel(into.database, into.project, ADMIN, "mail/Grüße 😀", "production", 26);
    const { database, project } = into;
    // The last move that is not taken back is the same as it was.
    const undone = await undoLabel(database, project, ADMIN, "is", "staging", 2);
    expect(undone.undone).toMatchObject({ from: null, to: 2 });
    const nothing = undoLabel(database, project, ADMIN, "is", "staging", undefined);
    await expect(nothing).rejects.toMatchObject({ code: "nothing_to_undo" });
    expect([await answering(into, "was/first"), await answering(into, "was/second")]).toEqual(["is", null]);
    const moved = moveLabel(database, project, ACTOR, "Chat", "production", 1);
    await expect(moved).rejects.toMatchObject({ code: "label_protected" });
    const redacted = moveLabel(database, project, ADMIN, "is", "staging", 1);
    await expect(redacted).rejects.toMatchObject({ code: "version_redacted" });
    const [thrown] = (await listTrash(database.reads, project, { limit: 1, cursor: null })).items;
    await restorePrompt(database, project, ADMIN, thrown?.id ?? "");
    expect(await answering(into, "thrown/before")).toBe("thrown");
  });

  it("and is broken costs only what is broken, and says where", async () => {
    await from.save({ name: "a", text: "1" });
    await from.save({ name: "a", text: "2" });
    await from.save({ name: "b", text: "1", labels: ["x"] });
    const lines = (await exported(from)).trim().split("\n");
    const broken = async (change: (lines: string[]) => string[]) => {
      const items = await putBack(into, `${change([...lines]).join("\n")}\n`, { dryRun: true });
      return told(items.filter(({ result }) => result === "rejected"));
    };
    const replaced = (at: number, what: string | RegExp, by: string) => (all: string[]) =>
      all.map((line, index) => (index === at ? line.replace(what, by) : line));
    expect(await broken((all) => all)).toEqual([]);
    expect(await broken((all) => all.slice(1))).toEqual([
      "1 null: the file is no export of Prompt Library, or of a newer one",
    ]);
    expect(await broken((all) => all.slice(0, -1))).toEqual([
      "1 null: the export is cut off: its last line is missing",
    ]);
    expect(await broken((all) => all.slice(0, 4))).toEqual([
      "3 a: the file ends in the middle of it",
      "1 null: the export is cut off: its last line is missing",
    ]);
    expect(await broken((all) => all.toSpliced(5, 2))).toEqual([
      "6 null: the export is not whole: it had more prompts or versions when it was made",
    ]);
    expect(await broken(replaced(3, '"1"', '"changed"'))).toEqual([
      "3 a: version 1 is not what it was when it was saved: its hash differs",
    ]);
    expect((await broken(replaced(3, /.*/, "{nonsense")))[0]).toBe("4 a: the line is not valid JSON");
    expect((await broken(replaced(2, '"createdAt":"2', '"createdAt":"x2')))[0]).toContain(
      "3 null: the prompt is not as an export has it: createdAt",
    );
    expect(await broken(replaced(2, '"name":"a"', '"name":".."'))).toEqual([
      '3 ..: the name has the part "..", which means a folder elsewhere',
    ]);
    expect(await broken(replaced(5, /"label":"x","version":1/, '"label":"x","version":9'))).toEqual([
      "6 b: a label is on version 9, which it does not have",
    ]);
    expect(await broken(replaced(2, '"type":"text"', '"type":"chat"'))).toEqual([
      "3 a: version 1 does not have what a chat prompt has",
    ]);
    expect((await broken((all) => [...all.slice(0, 3), "x".repeat(17 * 1024 * 1024), ...all.slice(4)]))[0]).toBe(
      "4 a: the line is longer than 16 MiB",
    );
  });
});
